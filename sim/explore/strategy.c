/* strategy.c - deciders that explore.  Each answer is a function of the question's own draw and of the seed, so
 * an answer does not depend on what else was asked; but for PCT, whose priorities change as it goes. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <torc/decision.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    RARITY = 8,         /* one question in so many, in sites that are no orders */
    PCT_CHANGES = 3,    /* priority changes in a run */
    PCT_QUESTIONS = 4096 /* among so many questions */
};

struct strategy {
    struct torc_decider decider; /* first */
    enum torc_strategy kind;
    uint64_t seed;
    uint64_t sites; /* bit i: torc_decision_sites[i] is decided */
    uint64_t asked;
    uint64_t changes[PCT_CHANGES]; /* the questions at which priorities change */
    uint64_t epoch;
};

static const char *const names[] = {
    [TORC_STRATEGY_FIFO] = "fifo",
    [TORC_STRATEGY_RANDOM] = "random",
    [TORC_STRATEGY_PCT] = "pct",
    [TORC_STRATEGY_PORTFOLIO] = "portfolio",
};

/* A number that belongs to the seed and a purpose. */
static uint64_t derive(uint64_t seed, const char *purpose)
{
    return XXH3_64bits_withSeed(purpose, strlen(purpose), seed);
}

static bool is_order(const char *site)
{
    static const char suffix[] = ".order";
    size_t bytes = strlen(site);

    return bytes >= sizeof suffix - 1 &&
           memcmp(site + bytes - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0;
}

static bool is_decided(const struct strategy *strategy, const char *site)
{
    for (unsigned i = 0; torc_decision_sites[i] != NULL; i++)
        if (strcmp(torc_decision_sites[i], site) == 0)
            return (strategy->sites >> i & 1) != 0;
    return false;
}

static uint64_t decide_random(const struct torc_question *question)
{
    if (is_order(question->site))
        return question->draw % question->options;
    if (question->draw % RARITY != 0)
        return 0;
    return 1 + question->draw / RARITY % (question->options - 1);
}

/* Those of low priority get the most there is, the others nothing.  A priority is that of a host at a site and
 * lasts until the next change. */
static uint64_t decide_pct(struct strategy *strategy, const struct torc_question *question)
{
    uint64_t priority;

    strategy->asked++;
    for (int i = 0; i < PCT_CHANGES; i++)
        strategy->epoch += strategy->changes[i] == strategy->asked ? 1 : 0;
    priority = derive(derive(strategy->seed + strategy->epoch, question->host), question->site);
    return priority % 4 == 0 ? question->options - 1 : 0;
}

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct strategy *strategy = (struct strategy *)(void *)self;

    if (!is_decided(strategy, question->site))
        return 0;
    switch (strategy->kind) {
    case TORC_STRATEGY_RANDOM:
        return decide_random(question);
    case TORC_STRATEGY_PCT:
        return decide_pct(strategy, question);
    case TORC_STRATEGY_FIFO:
    case TORC_STRATEGY_PORTFOLIO: /* replaced when it was made */
    default:
        return 0;
    }
}

/* A subset of the sites, empty only if they are. */
static uint64_t choose_sites(uint64_t seed, uint64_t allowed)
{
    uint64_t sites = allowed & derive(seed, "sites");

    for (uint64_t i = derive(seed, "site"); sites == 0 && allowed != 0; i++)
        sites = allowed & UINT64_C(1) << i % 64;
    return sites;
}

static const char untimed_sites[] = "ready.order,read.short,write.short";

int torc_decision_sites_parse(const char *text, uint64_t *out, const char **out_bad)
{
    uint64_t sites = 0;

    if (text == NULL)
        text = untimed_sites;
    if (strcmp(text, "all") == 0) {
        *out = UINT64_MAX;
        return 0;
    }
    for (;;) {
        size_t bytes = strcspn(text, ",");
        uint64_t bit = 0;

        for (unsigned i = 0; torc_decision_sites[i] != NULL; i++)
            if (strlen(torc_decision_sites[i]) == bytes &&
                memcmp(torc_decision_sites[i], text, bytes) == 0)
                bit = UINT64_C(1) << i;
        if (bit == 0) {
            *out_bad = text;
            return TORC_ENOTFOUND;
        }
        sites |= bit;
        if (text[bytes] == '\0')
            break;
        text += bytes + 1;
    }
    *out = sites;
    return 0;
}

int torc_strategy_new(enum torc_strategy kind, uint64_t seed, uint64_t sites,
                      struct torc_decider **out)
{
    struct strategy *strategy = calloc(1, sizeof *strategy);

    if (strategy == NULL)
        return TORC_ENOMEM;
    if (kind == TORC_STRATEGY_PORTFOLIO)
        kind = derive(seed, "portfolio") % 4 == 0 ? TORC_STRATEGY_PCT : TORC_STRATEGY_RANDOM;
    strategy->decider.decide = decide;
    strategy->kind = kind;
    strategy->seed = seed;
    strategy->sites = choose_sites(seed, sites);
    for (uint64_t i = 0; i < PCT_CHANGES; i++)
        strategy->changes[i] = 1 + derive(seed + i, "change") % PCT_QUESTIONS;
    *out = &strategy->decider;
    return 0;
}

void torc_strategy_free(struct torc_decider *decider)
{
    free(decider);
}

const char *torc_strategy_name(enum torc_strategy strategy)
{
    return (unsigned)strategy <= TORC_STRATEGY_PORTFOLIO ? names[strategy] : "?";
}

int torc_strategy_of_name(const char *name, enum torc_strategy *out)
{
    for (unsigned i = 0; i <= TORC_STRATEGY_PORTFOLIO; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum torc_strategy)i;
            return 0;
        }
    }
    return TORC_ENOTFOUND;
}
