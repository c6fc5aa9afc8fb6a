/* torc merge: the results of shards in one file, and what is in it: failures, what was left out, and runs that were the
 * same and came out differently. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "campaign.h"
#include "command.h"
#include "command_list.h"
#include "results.h"

static const char name[] = "merge";

enum { SHOWN_MAX = 10, HASH_SHOWN = 8 };

struct merge {
    struct torci_results *out;
    struct torci_results *in; /* the file that is added now */
    const char *in_path;
    int64_t campaign;         /* of `out`, that rows are added to */
    uint64_t differed;
    /* of all campaigns */
    uint64_t campaigns;
    uint64_t runs;
    uint64_t failed;
    uint64_t left;
    uint64_t unmet; /* campaigns with a `sometimes` that was true in no run, or a mark that held in none */
    bool marks;     /* are asked for */
};

/* --- adding a file -------------------------------------------------------------------------------- */

static int print_side(void *arg, const struct torci_results_run *run)
{
    (void)arg;
    printf("    %s: %s %s\n", run->source, run->verdict, run->digest);
    return 0;
}

static int add_run(void *arg, const struct torci_results_run *run)
{
    struct merge *merge = arg;
    struct torci_results_run named = *run;
    bool differs;
    int status;

    if (run->source[0] == '\0')
        named.source = merge->in_path;
    status = torci_results_add_run(merge->out, merge->campaign, &named, &differs);
    if (status != 0 || !differs || merge->differed++ >= SHOWN_MAX)
        return status;
    printf("different: %s\n", run->item);
    status = torci_results_visit_run(merge->out, merge->campaign, run->item, print_side, NULL);
    return status != 0 ? status : print_side(NULL, &named);
}

static int add_asked(void *arg, const struct torci_results_asked *asked)
{
    struct merge *merge = arg;

    return torci_results_ask(merge->out, merge->campaign, asked->first, asked->last, &asked->shard);
}

static int add_mark(void *arg, const struct torci_results_mark *mark)
{
    struct merge *merge = arg;

    return torci_results_add_mark(merge->out, merge->campaign, mark);
}

static int add_behaviour(void *arg, uint64_t behaviour, uint64_t first)
{
    struct merge *merge = arg;

    return torci_results_add_behaviour(merge->out, merge->campaign, behaviour, first);
}

static int add_found(void *arg, const struct torci_results_found *found)
{
    struct merge *merge = arg;

    return torci_results_add_found(merge->out, merge->campaign, found);
}

static int add_notes(struct merge *merge, int64_t campaign)
{
    int status = torci_results_visit_marks(merge->in, campaign, add_mark, merge);

    if (status == 0)
        status = torci_results_visit_behaviours(merge->in, campaign, add_behaviour, merge);
    return status != 0 ? status : torci_results_visit_found(merge->in, campaign, add_found, merge);
}

static int add_campaign(void *arg, const struct torci_results_campaign *campaign)
{
    struct merge *merge = arg;
    int status = torci_results_add_campaign(merge->out, campaign, &merge->campaign);

    if (status == 0)
        status = torci_results_visit_asked(merge->in, campaign->id, add_asked, merge);
    if (status == 0)
        status = torci_results_visit_runs(merge->in, campaign->id, add_run, merge);
    return status != 0 ? status : add_notes(merge, campaign->id);
}

static int add_file(struct merge *merge, const char *path)
{
    int status = torci_results_open(name, path, false, &merge->in);

    if (status != 0)
        return status;
    merge->in_path = path;
    status = torci_results_begin(merge->out);
    if (status == 0)
        status = torci_results_visit_campaigns(merge->in, add_campaign, merge);
    if (status == 0)
        status = torci_results_commit(merge->out);
    torci_results_close(merge->in);
    return status;
}

/* --- what was left out ---------------------------------------------------------------------------- */

/* The numbers first..last against those of the runs, which come in order. */
struct gaps {
    uint64_t next; /* all below it is known to be there or not */
    uint64_t last;
    bool over;     /* `last` itself is known */
    uint64_t left;
    unsigned shown;
};

static void add_gap(struct gaps *gaps, uint64_t first, uint64_t last)
{
    if (gaps->left == 0)
        fputs("    left out:", stdout);
    gaps->left += last - first + 1;
    if (++gaps->shown > SHOWN_MAX)
        return;
    printf(" %llu", (unsigned long long)first);
    if (last > first)
        printf("..%llu", (unsigned long long)last);
}

static int see_number(void *arg, const struct torci_results_run *run)
{
    struct gaps *gaps = arg;

    if (gaps->over || run->number < gaps->next || run->number > gaps->last)
        return 0;
    if (run->number > gaps->next)
        add_gap(gaps, gaps->next, run->number - 1);
    gaps->next = run->number + 1;
    gaps->over = run->number == gaps->last;
    return 0;
}

struct asking {
    struct merge *merge;
    int64_t campaign;
    struct torci_results_asked before; /* shard.count 0: there is none */
    uint32_t shard; /* the next of its shards */
};

/* Of the shards of what was asked for before, those up to `end` of which there is nothing. */
static void tell_missing(struct asking *asking, uint32_t end)
{
    for (; asking->shard < end; asking->shard++)
        printf("    nothing of shard %u/%u of %llu..%llu\n", asking->shard, asking->before.shard.count,
               (unsigned long long)asking->before.first, (unsigned long long)asking->before.last);
}

static int tell_gaps(struct asking *asking, uint64_t first, uint64_t last)
{
    struct gaps gaps = {.next = first, .last = last};
    int status = torci_results_visit_runs(asking->merge->out, asking->campaign, see_number, &gaps);

    if (!gaps.over)
        add_gap(&gaps, gaps.next, gaps.last);
    if (gaps.left > 0)
        printf("%s: %llu of %llu..%llu\n", gaps.shown > SHOWN_MAX ? " ..." : "", (unsigned long long)gaps.left,
               (unsigned long long)first, (unsigned long long)last);
    asking->merge->left += gaps.left;
    return status;
}

/* The same is asked for by each of its shards, one row after the other; and perhaps with other numbers of shards. */
static int check_asked(void *arg, const struct torci_results_asked *asked)
{
    struct asking *asking = arg;
    const struct torci_results_asked *before = &asking->before;
    bool range = before->shard.count != 0 && before->first == asked->first && before->last == asked->last;

    if (!range || before->shard.count != asked->shard.count) {
        tell_missing(asking, before->shard.count);
        asking->shard = 0;
    }
    asking->before = *asked;
    tell_missing(asking, asked->shard.index);
    asking->shard = asked->shard.index + 1;
    return range ? 0 : tell_gaps(asking, asked->first, asked->last);
}

/* --- what is in it -------------------------------------------------------------------------------- */

struct counts {
    uint64_t runs;
    uint64_t skipped; /* of those, set aside */
    uint64_t unmet;
};

static int count_run(void *arg, const struct torci_results_run *run)
{
    struct counts *counts = arg;

    counts->runs++;
    counts->skipped += strcmp(run->verdict, "skipped") == 0;
    counts->unmet &= run->unmet;
    return 0;
}

static int count_failure(void *arg, const struct torci_results_failure *failure)
{
    *(uint64_t *)arg += failure->count;
    return 0;
}

static int tell_mark(void *arg, const struct torci_results_mark *mark)
{
    ++*(uint64_t *)arg;
    printf("    held in no run: %s \"%s\", %s\n", mark->kind, mark->name, mark->site);
    return 0;
}

/* Of an exploration: a sweep fails operations one by one, and need not come to each place. */
static int tell_marks(const struct merge *merge, const struct torci_results_campaign *campaign, uint64_t *out_missing)
{
    if (!merge->marks || strcmp(campaign->command, "explore") != 0)
        return 0;
    return torci_results_visit_unheld(merge->out, campaign->id, tell_mark, out_missing);
}

static int tell_campaign(void *arg, const struct torci_results_campaign *campaign)
{
    struct merge *merge = arg;
    struct counts counts = {.unmet = UINT64_MAX};
    struct asking asking = {.merge = merge, .campaign = campaign->id};
    uint64_t failed = 0;
    uint64_t missing = 0;
    bool unmet;
    bool whole;
    int status = torci_results_visit_runs(merge->out, campaign->id, count_run, &counts);

    if (status == 0)
        status = torci_results_visit_failures(merge->out, campaign->id, count_failure, &failed);
    if (status != 0)
        return status;
    /* A hunt ends when something is found or its time is up, and judges its phases together. */
    whole = strcmp(campaign->command, "hunt") != 0;
    printf("%s %s, %s, build %.*s: %llu runs, %llu failed\n", campaign->command, campaign->scenario,
           campaign->settings, HASH_SHOWN, campaign->build, (unsigned long long)counts.runs,
           (unsigned long long)failed);
    status = torci_campaign_tell_failures(merge->out, campaign);
    if (status == 0 && whole)
        status = torci_results_visit_asked(merge->out, campaign->id, check_asked, &asking);
    tell_missing(&asking, asking.before.shard.count);
    torci_tell_skipped(counts.skipped, counts.runs);
    unmet = whole && counts.runs > 0 && counts.unmet != 0;
    if (unmet)
        puts(counts.skipped == counts.runs ? "    every run was set aside"
                                           : "    a `sometimes` was true, or a `when` fired, in no run");
    if (status == 0)
        status = tell_marks(merge, campaign, &missing);
    merge->unmet += unmet || missing > 0 ? 1 : 0;
    merge->campaigns++;
    merge->runs += counts.runs;
    merge->failed += failed;
    return status;
}

static int tell(struct merge *merge, const char *path)
{
    int status = torci_results_visit_campaigns(merge->out, tell_campaign, merge);

    if (status != 0)
        return status;
    printf("%s: %llu campaigns, %llu runs, %llu failed, %llu different, %llu left out\n", path,
           (unsigned long long)merge->campaigns, (unsigned long long)merge->runs,
           (unsigned long long)merge->failed, (unsigned long long)merge->differed,
           (unsigned long long)merge->left);
    return merge->differed > 0 ? TORCI_EXIT_NONDETERMINISM
           : merge->failed > 0 ? TORCI_EXIT_FAIL
           : merge->left > 0   ? TORCI_EXIT_BUDGET
           : merge->unmet > 0  ? TORCI_EXIT_UNMET
                               : 0;
}

/* --- the command ---------------------------------------------------------------------------------- */

static int merge_files(bool marks, const char *out, const char *const *paths, size_t count)
{
    struct merge merge = {.marks = marks};
    int status;

    if (access(out, F_OK) == 0)
        return torci_usage_error(name, "%s is there already; it is to be made", out);
    for (size_t i = 0; i < count; i++)
        if (access(paths[i], R_OK) != 0)
            return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", paths[i], strerror(errno));
    status = torci_results_open(name, out, true, &merge.out);
    for (size_t i = 0; i < count && status == 0; i++)
        status = add_file(&merge, paths[i]);
    if (status == 0) {
        status = tell(&merge, out);
        torci_results_close(merge.out);
        return status;
    }
    /* Half of it is no result. */
    torci_results_close(merge.out);
    unlink(out);
    return status;
}

struct arguments {
    const char **paths;
    size_t count;
    bool marks;
};

static int read_option(void *arg, const char *option, const char *value)
{
    struct arguments *arguments = arg;

    (void)value;
    if (strcmp(option, "marks") != 0)
        return torci_option_unread(name, option);
    arguments->marks = true;
    return 0;
}

static int read_operand(void *arg, const char *text)
{
    struct arguments *arguments = arg;

    arguments->paths[arguments->count++] = text;
    return 0;
}

int torci_command_merge(int argc, char **argv)
{
    struct arguments arguments = {.paths = calloc((size_t)argc, sizeof *arguments.paths)};
    const struct torci_argument_reader reader = {read_option, read_operand, &arguments};
    int status;
    bool done;

    if (arguments.paths == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    status = torci_arguments_read(&torci_table_merge, argc, argv, &reader, &done);
    if (status == 0 && !done)
        status = arguments.count < 2
                     ? torci_usage_error(name, "into which file, and which files?")
                     : merge_files(arguments.marks, arguments.paths[0], arguments.paths + 1, arguments.count - 1);
    free(arguments.paths);
    return status;
}
