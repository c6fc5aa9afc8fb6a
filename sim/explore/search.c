/* search.c - a depth-first walk through the tree of answers: the answers of a run are its path; the next path is the
 * same with the last answer that has a successor raised, and nothing behind it. */
#include <string.h>

#include <torc/decision.h>

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct torc_search *search = (struct torc_search *)(void *)self;
    unsigned at = search->asked;

    if (at == search->depth || torc_decision_site_among(search->sites, question->site) == NULL)
        return question->drawn;
    search->asked++;
    search->options[at] = question->options;
    return search->answers[at];
}

void torc_search_init(struct torc_search *search, uint64_t sites, unsigned depth)
{
    memset(search, 0, sizeof *search);
    search->decider.decide = decide;
    search->sites = sites;
    search->depth = depth < TORC_SEARCH_DEPTH_MAX ? depth : TORC_SEARCH_DEPTH_MAX;
}

bool torc_search_next(struct torc_search *search)
{
    unsigned at = search->asked;

    search->asked = 0;
    while (at > 0 && search->answers[at - 1] + 1 >= search->options[at - 1])
        search->answers[--at] = 0;
    if (at == 0)
        return false;
    search->answers[at - 1]++;
    return true;
}
