/* What a campaign writes down of its runs besides their outcomes: which marks held, which behaviours they had, and what
 * its failures are. */
#include "campaign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "behaviour_map.h"
#include "command.h"
#include "found.h"

int torci_campaign_list_marks(struct torci_campaign *campaign, struct torci_scenario_source *source,
                              const struct torc_scenario *scenario, bool wanted)
{
    return wanted || campaign->results_path != NULL
               ? torci_mark_catalogue_make(&campaign->marks, source, scenario)
               : 0;
}

int torci_campaign_open_notes(struct torci_campaign *campaign)
{
    int status = 0;

    for (size_t i = 0; i < campaign->marks.count && status == 0; i++) {
        const struct torc_mark *mark = campaign->marks.marks[i];

        status = torci_results_add_mark(campaign->results, campaign->id,
                                        &(struct torci_results_mark){i, torci_mark_kind_name(mark), mark->name,
                                                                     mark->site});
    }
    if (status != 0)
        return status;
    campaign->behaviours = torci_behaviour_map_new();
    return campaign->behaviours != NULL
               ? 0
               : torci_command_error(campaign->command, TORCI_EXIT_INTERNAL, "out of memory");
}

void torci_campaign_close_notes(struct torci_campaign *campaign)
{
    torci_behaviour_map_free(campaign->behaviours);
    campaign->behaviours = NULL;
}

/* --- of each run ---------------------------------------------------------------------------------- */

static size_t row_bytes(const struct torci_campaign *campaign)
{
    return campaign->marks.count + 1;
}

int torci_campaign_make_rows(struct torci_campaign *campaign, size_t count)
{
    size_t bytes = count * row_bytes(campaign);
    char *rows = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (rows == MAP_FAILED)
        return errno;
    memset(rows, '0', bytes);
    for (size_t i = 1; i <= count; i++)
        rows[i * row_bytes(campaign) - 1] = '\0';
    campaign->rows = rows;
    campaign->row_count = count;
    return 0;
}

void torci_campaign_free_rows(struct torci_campaign *campaign)
{
    if (campaign->rows != NULL)
        munmap(campaign->rows, campaign->row_count * row_bytes(campaign) + 1);
    campaign->rows = NULL;
}

const char *torci_campaign_row(const struct torci_campaign *campaign, size_t index)
{
    return campaign->rows + index * row_bytes(campaign);
}

static void note_behaviour(void *arg, uint64_t behaviour)
{
    const struct torci_campaign *campaign = arg;

    torci_behaviour_map_add(campaign->behaviours, behaviour, campaign->run_number);
}

void torci_campaign_watch(struct torci_campaign *campaign, size_t index, uint64_t number,
                          struct torc_scenario_run_options *options)
{
    char *row = campaign->rows != NULL ? campaign->rows + index * row_bytes(campaign) : NULL;

    torci_mark_catalogue_watch(&campaign->marks, row, options);
    if (campaign->results == NULL)
        return;
    campaign->run_number = number;
    options->behaved = note_behaviour;
    options->behaved_arg = campaign;
}

static int write_behaviour(void *arg, uint64_t behaviour, uint64_t number)
{
    const struct torci_campaign *campaign = arg;

    return torci_results_add_behaviour(campaign->results, campaign->id, behaviour, number);
}

int torci_campaign_write_behaviours(struct torci_campaign *campaign)
{
    return torci_behaviour_map_visit_new(campaign->behaviours, write_behaviour, campaign);
}

/* --- of each kind of failure ---------------------------------------------------------------------- */

struct kinds {
    struct torci_campaign_failure *all;
    size_t count;
};

static int add_kind(void *arg, const struct torci_results_failure *failure)
{
    struct kinds *kinds = arg;
    struct torci_campaign_failure *kind = &kinds->all[kinds->count];

    if (kinds->count == TORCI_CAMPAIGN_KINDS_MAX)
        return 0;
    kind->number = failure->number;
    snprintf(kind->item, sizeof kind->item, "%s", failure->item);
    snprintf(kind->verdict, sizeof kind->verdict, "%s", failure->verdict);
    snprintf(kind->identity, sizeof kind->identity, "%s", failure->identity);
    kinds->count++;
    return 0;
}

/* Those of which there is nothing found of this run or one before it stay. */
static int keep_new(struct torci_campaign *campaign, struct kinds *kinds)
{
    size_t count = 0;
    int status = 0;

    for (size_t i = 0; i < kinds->count && status == 0; i++) {
        const struct torci_campaign_failure *kind = &kinds->all[i];
        bool there = false;

        status = torci_results_has_found(campaign->results, campaign->id, kind->verdict, kind->identity,
                                         kind->number, &there);
        if (!there)
            kinds->all[count++] = *kind;
    }
    kinds->count = count;
    return status;
}

int torci_campaign_failures(struct torci_campaign *campaign,
                            struct torci_campaign_failure out[TORCI_CAMPAIGN_KINDS_MAX], size_t *out_count)
{
    struct kinds kinds = {.all = out};
    int status = torci_results_visit_failures(campaign->results, campaign->id, add_kind, &kinds);

    if (status == 0)
        status = keep_new(campaign, &kinds);
    *out_count = kinds.count;
    return status;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

int torci_campaign_keep(struct torci_campaign *campaign, const struct torci_campaign_failure *failure,
                        const struct torci_found_shrunk *shrunk)
{
    struct torci_results_found found = {.verdict = failure->verdict,
                                        .identity = failure->identity,
                                        .item = failure->item,
                                        .number = failure->number,
                                        .sentence = or_empty(shrunk->sentence),
                                        .detail = or_empty(shrunk->detail),
                                        .decisions = or_empty(shrunk->decisions),
                                        .scenario = or_empty(shrunk->scenario),
                                        .path = or_empty(shrunk->path),
                                        .lines = shrunk->lines,
                                        .runs = shrunk->runs,
                                        .real_ns = shrunk->ns,
                                        .trace = or_empty(shrunk->trace)};
    int status = torci_results_begin(campaign->results);

    if (status == 0)
        status = torci_results_add_found(campaign->results, campaign->id, &found);
    return status != 0 ? status : torci_results_commit(campaign->results);
}
