/* disk_power.c - what is left of unsynced changes when the power goes. */
#include "disk_state.h"

#include <string.h>

#include "database.h"

/* What a drawn loss is made from, number by number: one draw is one decision of the trace. */
struct chances {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). */
static uint64_t next_chance(struct chances *chances)
{
    uint64_t z = chances->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static bool promises(const struct torci_disk *disk, uint32_t what)
{
    return (disk->options.characteristics & what) != 0;
}

static int check(const struct torci_disk *disk, const struct torc_power_cut *cut)
{
    bool out_of_order = cut->loss == TORC_LOSS_ONE || cut->loss == TORC_LOSS_ONLY ||
                        (cut->loss == TORC_LOSS_MASK && (cut->mask & (cut->mask + 1)) != 0);

    if (cut->size != sizeof *cut || (unsigned)cut->loss > TORC_LOSS_DRAW ||
        (out_of_order && promises(disk, SQLITE_IOCAP_SEQUENTIAL)) ||
        (cut->torn_sectors != TORC_NOT_TORN && promises(disk, SQLITE_IOCAP_ATOMIC)))
        return TORC_EINVAL;
    return 0;
}

/* --- tearing ------------------------------------------------------------------------------------ */

/* Whether the device writes it whole or not at all. */
static bool atomic_write(const struct torci_disk *disk, const struct torci_disk_change *change)
{
    size_t bytes = change->bytes;

    if (promises(disk, SQLITE_IOCAP_ATOMIC))
        return true;
    /* SQLITE_IOCAP_ATOMIC512 is 2, each bit after it twice the size: bytes / 256. */
    return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) == 0 &&
           change->offset % bytes == 0 && promises(disk, (uint32_t)(bytes / 256));
}

static uint64_t sectors_of(const struct torci_disk *disk, const struct torci_disk_change *change)
{
    uint64_t sector = disk->options.sector_bytes;

    return (change->offset + change->bytes - 1) / sector - change->offset / sector + 1;
}

/* Where the sector number `index` of a write begins within the write. */
static size_t sector_at(const struct torci_disk *disk, const struct torci_disk_change *change,
                        uint64_t index)
{
    uint64_t sector = disk->options.sector_bytes;
    uint64_t at = (change->offset / sector + index) * sector;

    if (at <= change->offset)
        return 0;
    return at - change->offset < change->bytes ? (size_t)(at - change->offset) : change->bytes;
}

/* Bytes nobody wrote: what the medium held before. */
static void spoil(struct torci_disk_image *image, uint64_t from, uint64_t to)
{
    uint64_t at;

    for (at = from; at < to && at < image->bytes; at++)
        image->data[at] = (uint8_t)(0xA5 ^ at);
}

/* The file has got its new size, and not what was to be in it. */
static void grow_empty(const struct torci_disk *disk, const struct torci_disk_change *change)
{
    struct torci_disk_image *image = &change->file->durable;
    uint64_t before = image->bytes;
    uint64_t end = change->offset + change->bytes;

    if (promises(disk, SQLITE_IOCAP_SAFE_APPEND) || end <= before)
        return;
    image->bytes = end;
    spoil(image, before, end);
}

/* Where a file grows only by what is in it, nothing arrives behind an append that did not. */
static bool out_of_reach(const struct torci_disk *disk, const struct torci_disk_change *change)
{
    return change->kind == TORCI_DISK_WRITTEN && promises(disk, SQLITE_IOCAP_SAFE_APPEND) &&
           change->size_before > change->file->durable.bytes &&
           change->offset + change->bytes > change->file->durable.bytes;
}

static void arrive(struct torci_disk *disk, const struct torci_disk_change *change)
{
    if (!out_of_reach(disk, change))
        torci_disk_apply(disk, change, change->bytes);
}

/* The first `sectors` of a write arrive.  The device was at the next one: if it does not promise that this
 * damages nothing beside the write, all of that sector is spoiled. */
static void tear(struct torci_disk *disk, const struct torci_disk_change *change, uint64_t sectors)
{
    uint64_t sector = disk->options.sector_bytes;
    uint64_t at = (change->offset / sector + sectors) * sector;

    if (change->kind != TORCI_DISK_WRITTEN || atomic_write(disk, change) ||
        sectors >= sectors_of(disk, change)) {
        arrive(disk, change);
        return;
    }
    if (out_of_reach(disk, change))
        return;
    grow_empty(disk, change);
    torci_disk_apply(disk, change, sector_at(disk, change, sectors));
    if (!promises(disk, SQLITE_IOCAP_POWERSAFE_OVERWRITE))
        spoil(&change->file->durable, at, at + sector);
}

/* --- losing ------------------------------------------------------------------------------------- */

static bool arrives(const struct torc_power_cut *cut, uint64_t number)
{
    switch (cut->loss) {
    case TORC_LOSS_NONE:
        return true;
    case TORC_LOSS_PREFIX:
        return number < cut->index;
    case TORC_LOSS_ONE:
        return number != cut->index;
    case TORC_LOSS_ONLY:
        return number == cut->index;
    case TORC_LOSS_MASK:
        return number < 64 && (cut->mask >> number & 1) != 0;
    default:
        return false;
    }
}

/* Returns how many arrive. */
static size_t lose_as_told(struct torci_disk *disk, const struct torc_power_cut *cut)
{
    const struct torci_disk_change *change;
    uint64_t number = 0;
    uint64_t last = UINT64_MAX;
    size_t count = 0;

    for (change = disk->changes; change != NULL; change = change->next, number++) {
        if (arrives(cut, number))
            last = number;
    }
    number = 0;
    for (change = disk->changes; change != NULL; change = change->next, number++) {
        if (!arrives(cut, number))
            continue;
        count++;
        if (number == last)
            tear(disk, change, cut->torn_sectors);
        else
            arrive(disk, change);
    }
    return count;
}

/* Half of them arrive; a quarter of the writes that do are torn, a quarter of those that do not have changed
 * the size of their file. */
static bool lose_by_chance(struct torci_disk *disk, const struct torci_disk_change *change,
                           struct chances *chances)
{
    uint64_t chance = next_chance(chances);
    bool comes = (chance & 1) != 0;
    bool oddly = (chance & 6) == 0;
    bool written = change->kind == TORCI_DISK_WRITTEN;

    if (comes && oddly && written)
        tear(disk, change, (chance >> 8) % (sectors_of(disk, change) + 1));
    else if (comes)
        arrive(disk, change);
    else if (oddly && written && !atomic_write(disk, change))
        grow_empty(disk, change);
    return comes;
}

static size_t lose_drawn(struct torci_disk *disk)
{
    struct torc_host *host = disk->host;
    struct chances chances = {torc_world_draw(host->world, "disk.loss", host->name)};
    bool in_order = promises(disk, SQLITE_IOCAP_SEQUENTIAL);
    uint64_t kept = in_order ? next_chance(&chances) % (disk->change_count + 1) : 0;
    const struct torci_disk_change *change;
    size_t count = 0;

    for (change = disk->changes; change != NULL; change = change->next) {
        if (in_order && count == kept)
            break;
        if (in_order && count + 1 == kept && change->kind == TORCI_DISK_WRITTEN) {
            tear(disk, change, 1 + next_chance(&chances) % sectors_of(disk, change));
            count++;
        } else if (in_order) {
            arrive(disk, change);
            count++;
        } else if (lose_by_chance(disk, change, &chances)) {
            count++;
        }
    }
    return count;
}

static void trace_cut(struct torci_disk *disk, const struct torc_power_cut *cut)
{
    static const char *const losses[] = {"none", "all", "prefix", "one", "only", "mask", "draw"};
    struct torc_trace *trace = disk->host->world->trace;

    torci_host_trace(disk->host, TORC_TRACE_file);
    torc_trace_text(trace, "what", "cut");
    torc_trace_text(trace, "path", losses[cut->loss]);
    torc_trace_integer(trace, "operation", (int64_t)disk->operations);
    torc_trace_integer(trace, "size", (int64_t)disk->cut_unsynced);
    torc_trace_integer(trace, "code", (int64_t)disk->cut_arrived);
    torc_trace_end(trace);
}

void torci_disk_cut(struct torci_disk *disk, const struct torc_power_cut *cut)
{
    disk->frozen = true;
    disk->cut_at = 0;
    disk->cut_unsynced = disk->change_count;
    disk->cut_arrived = cut->loss == TORC_LOSS_DRAW ? lose_drawn(disk) : lose_as_told(disk, cut);
    trace_cut(disk, cut);
    torci_disk_revert(disk);
    torc_host_kill(disk->host);
}

int torc_host_cut_power(struct torc_host *host, const struct torc_power_cut *cut)
{
    struct torci_disk *disk = torci_host_disk(host);
    int code;

    if (disk == NULL)
        return TORC_ENOMEM;
    code = check(disk, cut);
    if (code != 0)
        return code;
    if (!torc_host_up(host)) {
        torc_host_kill(host); /* it may have been to come up again */
        return TORC_ECLOSED;
    }
    torci_disk_cut(disk, cut);
    return 0;
}

int torc_host_cut_power_at(struct torc_host *host, uint64_t n, const struct torc_power_cut *cut)
{
    struct torci_disk *disk = torci_host_disk(host);
    int code;

    if (disk == NULL)
        return TORC_ENOMEM;
    code = check(disk, cut);
    if (code != 0)
        return code;
    if (n <= disk->operations)
        return TORC_EINVAL;
    disk->cut_at = n;
    disk->cut = *cut;
    return 0;
}
