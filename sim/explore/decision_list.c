/* decision_list.c - decisions found by their question, and a note of those that were taken. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <torc/decision.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define ENTRIES_AT_FIRST 64u

/* Hosts and sites are few; each is kept once. */
struct text {
    struct text *next;
    char bytes[];
};

struct entry {
    struct torc_decision decision;
    size_t index; /* as added */
    bool used;    /* asked for, and an option there was */
};

struct torc_decision_list {
    struct torc_decider decider; /* first */
    struct torc_decider *fallback;
    struct entry *entries;
    size_t *places; /* of entries + 1, by question; twice as many as entries; 0: free */
    size_t count;
    size_t capacity; /* a power of two */
    size_t added;
    struct torc_decision *taken;
    size_t taken_count;
    size_t taken_capacity;
    struct text *texts;
    bool closed;   /* nothing else is decided */
    bool onwards;  /* some entry is */
    size_t decided[TORC_SITE_VALUE + 1]; /* not drawn, by kind */
};

static const char *keep_text(struct torc_decision_list *list, const char *text)
{
    size_t bytes = strlen(text) + 1;
    struct text *kept;

    for (kept = list->texts; kept != NULL; kept = kept->next)
        if (strcmp(kept->bytes, text) == 0)
            return kept->bytes;
    kept = malloc(sizeof *kept + bytes);
    if (kept == NULL)
        return NULL;
    memcpy(kept->bytes, text, bytes);
    kept->next = list->texts;
    list->texts = kept;
    return kept->bytes;
}

/* --- finding ------------------------------------------------------------------------------------ */

static size_t hash_of(const char *host, const char *site, uint64_t k)
{
    uint64_t hash = XXH3_64bits_withSeed(host, strlen(host), k);

    return (size_t)XXH3_64bits_withSeed(site, strlen(site), hash);
}

/* The place of a question: where it is, or where it belongs. */
static size_t *find(const struct torc_decision_list *list, const char *host, const char *site,
                    uint64_t k)
{
    size_t mask = 2 * list->capacity - 1;
    size_t at = hash_of(host, site, k) & mask;

    while (list->places[at] != 0) {
        const struct torc_decision *there = &list->entries[list->places[at] - 1].decision;

        if (there->k == k && strcmp(there->site, site) == 0 && strcmp(there->host, host) == 0)
            break;
        at = (at + 1) & mask;
    }
    return &list->places[at];
}

static int grow(struct torc_decision_list *list)
{
    size_t capacity = list->capacity == 0 ? ENTRIES_AT_FIRST : 2 * list->capacity;
    struct entry *entries = realloc(list->entries, capacity * sizeof *entries);
    size_t *places;

    if (entries == NULL)
        return TORC_ENOMEM;
    list->entries = entries;
    places = calloc(2 * capacity, sizeof *places);
    if (places == NULL)
        return TORC_ENOMEM;
    free(list->places);
    list->places = places;
    list->capacity = capacity;
    for (size_t i = 0; i < list->count; i++) {
        const struct torc_decision *decision = &entries[i].decision;

        *find(list, decision->host, decision->site, decision->k) = i + 1;
    }
    return 0;
}

/* --- deciding ----------------------------------------------------------------------------------- */

static void note_taken(struct torc_decision_list *list, const struct torc_question *question,
                       uint64_t value)
{
    const char *host = keep_text(list, question->host);
    const char *site = keep_text(list, question->site);

    if (list->taken_count == list->taken_capacity) {
        size_t capacity = list->taken_capacity == 0 ? ENTRIES_AT_FIRST : 2 * list->taken_capacity;
        struct torc_decision *taken = realloc(list->taken, capacity * sizeof *taken);

        if (taken == NULL)
            return;
        list->taken = taken;
        list->taken_capacity = capacity;
    }
    if (host == NULL || site == NULL)
        return;
    list->taken[list->taken_count++] =
        (struct torc_decision){host, site, question->k, value, false};
}

/* The last entry that answers this question and all after it. */
static struct entry *find_onwards(const struct torc_decision_list *list,
                                  const struct torc_question *question)
{
    struct entry *found = NULL;

    for (size_t i = 0; list->onwards && i < list->count; i++) {
        const struct torc_decision *decision = &list->entries[i].decision;

        if (decision->onwards && decision->k <= question->k &&
            strcmp(decision->site, question->site) == 0 &&
            strcmp(decision->host, question->host) == 0 &&
            (found == NULL || decision->k >= found->decision.k))
            found = &list->entries[i];
    }
    return found;
}

static struct entry *find_entry(const struct torc_decision_list *list,
                                const struct torc_question *question)
{
    size_t place =
        list->count == 0 ? 0 : *find(list, question->host, question->site, question->k);

    return place != 0 ? &list->entries[place - 1] : find_onwards(list, question);
}

static uint64_t answer(struct torc_decision_list *list, const struct torc_question *question)
{
    struct entry *entry = find_entry(list, question);

    if (entry != NULL) {
        entry->used = entry->used || entry->decision.value == 0 ||
                      torc_question_has(question, entry->decision.value);
        return entry->decision.value;
    }
    if (list->closed)
        return 0;
    return list->fallback == NULL ? question->drawn
                                  : list->fallback->decide(list->fallback, question);
}

static void count_decided(struct torc_decision_list *list, const struct torc_question *question,
                          uint64_t value)
{
    const struct torc_decision_site *site = torc_decision_find_site(question->site);

    if (site != NULL && value != question->drawn)
        list->decided[site->kind]++;
}

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct torc_decision_list *list = (struct torc_decision_list *)(void *)self;
    uint64_t value = answer(list, question);

    if (!torc_question_has(question, value))
        return value;
    note_taken(list, question, value);
    count_decided(list, question, value);
    return value;
}

/* --- the list ----------------------------------------------------------------------------------- */

int torc_decision_list_new(struct torc_decider *fallback, struct torc_decision_list **out)
{
    struct torc_decision_list *list = calloc(1, sizeof *list);

    if (list == NULL)
        return TORC_ENOMEM;
    list->decider.decide = decide;
    list->fallback = fallback;
    *out = list;
    return 0;
}

void torc_decision_list_free(struct torc_decision_list *list)
{
    if (list == NULL)
        return;
    while (list->texts != NULL) {
        struct text *text = list->texts;

        list->texts = text->next;
        free(text);
    }
    free(list->entries);
    free(list->places);
    free(list->taken);
    free(list);
}

int torc_decision_list_add(struct torc_decision_list *list, const struct torc_decision *decision)
{
    struct torc_decision kept = *decision;
    size_t *place;

    if (list->count == list->capacity && grow(list) != 0)
        return TORC_ENOMEM;
    kept.host = keep_text(list, decision->host);
    kept.site = keep_text(list, decision->site);
    if (kept.host == NULL || kept.site == NULL)
        return TORC_ENOMEM;
    place = find(list, kept.host, kept.site, kept.k);
    if (*place == 0)
        *place = ++list->count;
    list->entries[*place - 1] = (struct entry){kept, list->added++, false};
    list->onwards = list->onwards || kept.onwards;
    return 0;
}

void torc_decision_list_close(struct torc_decision_list *list)
{
    list->closed = true;
}

size_t torc_decision_list_decided(const struct torc_decision_list *list, enum torc_site_kind kind)
{
    return list->decided[kind];
}

struct torc_decider *torc_decision_list_decider(struct torc_decision_list *list)
{
    return &list->decider;
}

size_t torc_decision_list_taken(const struct torc_decision_list *list,
                                const struct torc_decision **out)
{
    *out = list->taken;
    return list->taken_count;
}

size_t torc_decision_list_drift(const struct torc_decision_list *list, size_t *out_first)
{
    size_t drift = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].used)
            continue;
        if (drift == 0 || list->entries[i].index < *out_first)
            *out_first = list->entries[i].index;
        drift++;
    }
    return drift;
}
