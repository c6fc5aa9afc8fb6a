/* decision_site.c - the sites there are, and how they and their options are called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/decision.h>
#include <torc/nearest_name.h>

enum { SITES_MAX = 64 };

/* Of host_fault.c. */
static const char *const late[] = {"1ms", "50ms", "2s", NULL};
static const char *const stalls[] = {"5ms", "200ms", "5s", NULL};
static const char *const steps[] = {"+1h", "-1h", "-10s", NULL};
static const char *const host_faults[] = {"kill", "power-cut", "pause-50ms", "pause-5s", NULL};
/* Of link_fault.c. */
static const char *const lost[] = {"lost", NULL};
static const char *const twice[] = {"twice", NULL};
static const char *const overtaken[] = {"late", NULL};
static const char *const corrupted[] = {"corrupted", NULL};

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Those of operations are numbered in sim/world/operation_fault.h.  Which sites a seed leaves out goes by their places:
 * a new one comes last. */
const struct torc_decision_site torc_decision_sites[] = {
    {"ready.order", TORC_SITE_ORDER, NULL, false},  {"read.short", TORC_SITE_AMOUNT, NULL, false},
    {"read.join", TORC_SITE_AMOUNT, NULL, false},   {"write.short", TORC_SITE_AMOUNT, NULL, false},
    {"packet.delay", TORC_SITE_TIME, NULL, false},
    {"job.delay", TORC_SITE_TIME, NULL, false},     {"timer.late", TORC_SITE_FAULT, late, false},
    {"loop.stall", TORC_SITE_FAULT, stalls, false}, {"clock.step", TORC_SITE_FAULT, steps, false},
    {"host.fault", TORC_SITE_FAULT, host_faults, false},
    {"link.loss", TORC_SITE_FAULT, lost, false},    {"link.duplicate", TORC_SITE_FAULT, twice, false},
    {"link.reorder", TORC_SITE_FAULT, overtaken, false}, {"link.corrupt", TORC_SITE_FAULT, corrupted, false},
    {"socket.fail", TORC_SITE_FAULT, OPTIONS("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRINUSE"), false},
    {"connect.fail", TORC_SITE_FAULT,
     OPTIONS("ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "EADDRNOTAVAIL"), false},
    {"accept.fail", TORC_SITE_FAULT, OPTIONS("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED"), false},
    {"read.fail", TORC_SITE_FAULT, OPTIONS("ECONNRESET", "ETIMEDOUT"), false},
    {"read.again", TORC_SITE_FAULT, OPTIONS("1ms", "100ms", "5s"), false},
    {"write.fail", TORC_SITE_FAULT, OPTIONS("EPIPE", "ECONNRESET", "ETIMEDOUT", "ENOBUFS"), false},
    {"write.again", TORC_SITE_FAULT, OPTIONS("1ms", "100ms", "5s"), false},
    {"stream.stall", TORC_SITE_FAULT, OPTIONS("silent"), false},
    {"resolve.fail", TORC_SITE_FAULT, OPTIONS("NXDOMAIN", "SERVFAIL", "timeout", "slow", "flip"), false},
    {"job.fail", TORC_SITE_FAULT, OPTIONS("ENOMEM", "ELIMIT"), false},
    {"alloc.fail", TORC_SITE_FAULT, OPTIONS("ENOMEM"), false},
    {"db.fail", TORC_SITE_FAULT,
     OPTIONS("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CORRUPT",
             "SQLITE_INTERRUPT", "disconnect", "drop-reply"), false},
    {"disk.fail", TORC_SITE_FAULT,
     OPTIONS("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_BUSY", "short"), false},
    {"deferred.fail", TORC_SITE_FAULT, OPTIONS("cancel", "errback", "never"), true},
    {"send.fail", TORC_SITE_FAULT, OPTIONS("EAGAIN", "ENOBUFS", "EPERM", "ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED"),
     false},
    {"rand", TORC_SITE_VALUE, NULL, false},
    {"point.hold", TORC_SITE_TIME, OPTIONS("1ms", "100ms", "5s"), false},
    {NULL, TORC_SITE_ORDER, NULL, false},
};

/* Asked for every question of a run that is decided: most names already differ in a letter that is looked at here. */
static const struct torc_decision_site *find(const char *name, size_t bytes)
{
    for (const struct torc_decision_site *site = torc_decision_sites; site->name != NULL; site++)
        if (site->name[0] == name[0] && strncmp(site->name, name, bytes) == 0 && site->name[bytes] == '\0')
            return site;
    return NULL;
}

const struct torc_decision_site *torc_decision_find_site(const char *name)
{
    return find(name, strlen(name));
}

const char *torc_decision_nearest_site(const char *name)
{
    const char *names[SITES_MAX + 1] = {NULL};

    for (size_t i = 0; torc_decision_sites[i].name != NULL; i++)
        names[i] = torc_decision_sites[i].name;
    return torc_name_nearest(name, names);
}

bool torc_question_has(const struct torc_question *question, uint64_t value)
{
    return value > 0 && value < question->options &&
           (question->possible == 0 || (question->possible >> value & 1) != 0);
}

/* --- options -------------------------------------------------------------------------------------- */

int torc_decision_option(const struct torc_decision_site *site, const char *text, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");

    for (uint64_t i = 0; site->options != NULL && site->options[i] != NULL; i++)
        if (strcmp(site->options[i], text) == 0) {
            *out = i + 1;
            return 0;
        }
    if (digits == 0 || digits > 19 || text[digits] != '\0')
        return TORC_ENOTFOUND;
    *out = strtoull(text, NULL, 10);
    return 0;
}

const char *torc_decision_option_name(const struct torc_decision_site *site, uint64_t option)
{
    if (site->options == NULL || option == 0)
        return NULL;
    for (uint64_t i = 0; site->options[i] != NULL; i++)
        if (i + 1 == option)
            return site->options[i];
    return NULL;
}

void torc_decision_print(const struct torc_decision *decision, char *out, size_t size)
{
    const struct torc_decision_site *site = torc_decision_find_site(decision->site);
    const char *name = site == NULL ? NULL : torc_decision_option_name(site, decision->value);
    char number[24];

    if (name == NULL) {
        snprintf(number, sizeof number, "%llu", (unsigned long long)decision->value);
        name = number;
    }
    snprintf(out, size, "decide %s %s %llu%s = %s", decision->host, decision->site,
             (unsigned long long)decision->k, decision->onwards ? ".." : "", name);
}

/* --- sets ----------------------------------------------------------------------------------------- */

static uint64_t of_kinds(unsigned kinds)
{
    uint64_t sites = 0;

    for (unsigned i = 0; torc_decision_sites[i].name != NULL; i++)
        if (!torc_decision_sites[i].alone)
            sites |= (uint64_t)(kinds >> torc_decision_sites[i].kind & 1) << i;
    return sites;
}

/* The sites that a word stands for; 0: none. */
static uint64_t of_word(const char *word, size_t bytes)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } groups[] = {
        {"free", 1u << TORC_SITE_ORDER | 1u << TORC_SITE_AMOUNT},
        {"times", 1u << TORC_SITE_TIME},
        {"faults", 1u << TORC_SITE_FAULT},
        {"all", 1u << TORC_SITE_ORDER | 1u << TORC_SITE_AMOUNT | 1u << TORC_SITE_TIME |
                    1u << TORC_SITE_FAULT},
    };
    const struct torc_decision_site *site = find(word, bytes);

    if (site != NULL)
        return UINT64_C(1) << (site - torc_decision_sites);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (strlen(groups[i].name) == bytes && memcmp(groups[i].name, word, bytes) == 0)
            return of_kinds(groups[i].kinds);
    return 0;
}

int torc_decision_sites_parse(const char *text, uint64_t *out, const char **out_bad)
{
    uint64_t sites = 0;

    if (text == NULL)
        text = "free";
    for (;;) {
        size_t bytes = strcspn(text, ",");
        bool without = text[0] == '-';
        uint64_t some = of_word(text + without, bytes - without);

        if (some == 0) {
            *out_bad = text + without;
            return TORC_ENOTFOUND;
        }
        sites = without ? sites & ~some : sites | some;
        if (text[bytes] == '\0')
            break;
        text += bytes + 1;
    }
    *out = sites;
    return 0;
}

const struct torc_decision_site *torc_decision_site_among(uint64_t sites, const char *name)
{
    const struct torc_decision_site *site = torc_decision_find_site(name);

    return site != NULL && (sites >> (site - torc_decision_sites) & 1) != 0 ? site : NULL;
}
