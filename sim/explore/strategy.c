/* strategy.c - deciders that explore.  Each answer is a function of the question's own draw and of the seed, so
 * an answer does not depend on what else was asked; but for PCT, whose priorities change as it goes. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <torc/decision.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    RARITY = 8,         /* one question in so many, in sites that are neither orders nor faults */
    RATE_HIGHEST = 4,   /* of faults: one question in so many, or in 4, 16 or 64 times as many */
    RARITY_MOST = 256,
    ONCE_WITHIN_LEAST = 4, /* a fault that comes once: among so many questions, or 8, 64 or 512 times as many */
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
    [TORC_STRATEGY_DFS] = "dfs",
};

/* A number that belongs to the seed and a purpose. */
static uint64_t derive(uint64_t seed, const char *purpose)
{
    return XXH3_64bits_withSeed(purpose, strlen(purpose), seed);
}

/* Some runs have faults of a kind at a rate, some have one. */
static bool fault_strikes(const struct strategy *strategy, const struct torc_question *question)
{
    uint64_t fate = derive(strategy->seed, question->site);
    unsigned exponent = (unsigned)(fate >> 1 & 3);
    uint64_t rarity = (uint64_t)RATE_HIGHEST << 2 * exponent;
    uint64_t among = (uint64_t)ONCE_WITHIN_LEAST << 3 * exponent;

    if ((fate & 1) != 0)
        return question->draw % rarity == 0;
    return question->k == (fate >> 16) % among;
}

/* One of the options beside the default, each alike. */
static uint64_t choose_option(const struct torc_question *question, uint64_t draw)
{
    uint64_t count = 0;
    uint64_t left;
    uint64_t option = 0;

    if (question->possible == 0)
        return 1 + draw % (question->options - 1);
    for (uint64_t i = 1; i < question->options; i++)
        count += torc_question_has(question, i) ? 1 : 0;
    /* One option is possible.  NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    left = 1 + draw % count;
    while (left > 0)
        left -= torc_question_has(question, ++option) ? 1 : 0;
    return option;
}

static uint64_t decide_random(const struct strategy *strategy,
                              const struct torc_decision_site *site,
                              const struct torc_question *question)
{
    if (site->kind == TORC_SITE_ORDER)
        return question->draw % question->options;
    if (site->kind == TORC_SITE_FAULT ? !fault_strikes(strategy, question)
                                      : question->draw % RARITY != 0)
        return question->drawn;
    return choose_option(question, question->draw / RARITY_MOST);
}

/* Those of low priority get the most there is, the others nothing.  A priority is that of a host at a site and
 * lasts until the next change. */
static uint64_t decide_pct(struct strategy *strategy, const struct torc_decision_site *site,
                           const struct torc_question *question)
{
    uint64_t low = site->kind == TORC_SITE_FAULT ? 16 : 4; /* one in so many is low */
    uint64_t priority;

    strategy->asked++;
    for (int i = 0; i < PCT_CHANGES; i++)
        strategy->epoch += strategy->changes[i] == strategy->asked ? 1 : 0;
    priority = derive(derive(strategy->seed + strategy->epoch, question->host), question->site);
    return priority % low == 0 ? question->options - 1 : question->drawn;
}

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct strategy *strategy = (struct strategy *)(void *)self;
    const struct torc_decision_site *site = torc_decision_site_among(strategy->sites, question->site);

    if (site == NULL)
        return question->drawn;
    switch (strategy->kind) {
    case TORC_STRATEGY_RANDOM:
        return decide_random(strategy, site, question);
    case TORC_STRATEGY_PCT:
        return decide_pct(strategy, site, question);
    case TORC_STRATEGY_FIFO:
    case TORC_STRATEGY_DFS:
    case TORC_STRATEGY_PORTFOLIO: /* replaced when it was made */
    default:
        return question->drawn;
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
    return (unsigned)strategy <= TORC_STRATEGY_DFS ? names[strategy] : "?";
}

int torc_strategy_of_name(const char *name, enum torc_strategy *out)
{
    for (unsigned i = 0; i <= TORC_STRATEGY_DFS; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum torc_strategy)i;
            return 0;
        }
    }
    return TORC_ENOTFOUND;
}
