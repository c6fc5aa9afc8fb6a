/* torc/network_fault.h - paths that are cut and healed.
 *
 * What a link does to packets by itself - loss, duplicates, reordering, corruption - is in its settings (struct
 * torc_link of torc/sim.h).  A cut is done to it from outside and stays until it is healed.  It concerns packets
 * that are sent from then on; what is under way arrives.
 *
 * What becomes of packets:
 *
 *   datagrams  A lost one is lost.
 *   streams    A segment that is lost, for whatever reason, is sent again after a time-out, with all that was
 *              written after it: RTT + 200 ms, then twice that and so on up to 120 s, until it has arrived and its
 *              acknowledgement could pass.  After 924.6 s without progress the connection has timed out (Linux with
 *              tcp_retries2 15): the next read or write says TORC_ETIMEDOUT, once, and then as after a reset.  There
 *              is never a hole.  A host that is down loses what arrives, as a cut does; up again, it answers with a
 *              reset.  A lost reset is not sent again: the peer finds out by what it sends.
 *   connecting A lost SYN, or the answer to it, is a SYN that was not answered: sent again 1, 3, 7, ... s after the
 *              first.
 *
 * Loopback and UNIX streams suffer none of it. */
#ifndef TORC_NETWORK_FAULT_H
#define TORC_NETWORK_FAULT_H

#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_cut_mode {
    TORC_CUT_DROP, /* packets are lost */
    TORC_CUT_JAM,  /* packets wait, and go on in order when the path is healed */
    TORC_CUT_SLOW  /* packets take longer */
};
struct torc_cut {
    size_t size; /* sizeof(struct torc_cut) */
    enum torc_cut_mode mode;
    enum torc_address_family family; /* NONE: IPv4 and IPv6 */
    uint32_t factor;   /* SLOW: their delay times this; 0: 1 */
    uint64_t delay_ns; /* SLOW: and so much longer */
};
#define TORC_CUT_INIT {sizeof(struct torc_cut), TORC_CUT_DROP, TORC_ADDRESS_NONE, 0, 0}

/* Cuts the path from one host to another, that way only; a cut of that family before it is over.
 * Errors: TORC_EINVAL, from == to, or a mode or family there is not; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_world_cut(struct torc_world *world, struct torc_host *from,
                                         struct torc_host *to, const struct torc_cut *cut);

/* Undoes cuts, of all families.  Nothing to undo is no error. */
TORC_API void torc_world_heal(struct torc_world *world, struct torc_host *from, struct torc_host *to);
TORC_API void torc_world_heal_all(struct torc_world *world);

#ifdef __cplusplus
}
#endif
#endif
