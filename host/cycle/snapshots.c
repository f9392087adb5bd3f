/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/snapshots.h"

#include "host/copies/restore.h"
#include "host/deploy/redeploy.h"
#include "host/record/again.h"
#include "host/record/failure.h"
#include "host/record/failures.h"
#include "host/record/routine.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

int snapshots_take(struct cycle *cycle, json_t **report)
{
    (void)report;
    if (!cycle->settings->snapshot)
        return DYDISNIX_NOT_MINE;
    return take_snapshots(cycle->settings, &cycle->state, &cycle->model.infrastructure,
                          cycle->settings->state_directory, cycle->strings);
}

/* What cannot be captured may not run where the manifest has it: a machine that has lost its disk between two
 * captures looks as before. So the next cycle reconstructs, and if that does not help others do, less and
 * less often. */
static void note_uncaptured(struct cycle *cycle, bool failed)
{
    const bool looked = cycle_report(cycle, "reconstruct"),
               known = json_object_get(cycle->state.root, UNCAPTURED);
    if (!cycle_has_hook(cycle, "reconstruct") || (failed && looked != known))
        return;
    again_note(cycle->state.root, UNCAPTURED, failed, 0, operations->clock());
    cycle_tell_due(cycle, again_due(cycle->state.root, UNCAPTURED, operations->clock()));
}

bool snapshots_wanted(const struct cycle *cycle)
{
    if (routine_is_kept() && json_object_get(cycle->state.root, UNSAVED))
        failure_hold(); /* it may be the same again */
    return !cycle->settings->dry_run;
}

/* Whether it fails as it did the last time; if not, how it does is remembered. A reason that names a program may
 * end with what that said. */
static bool fails_again(struct cycle *cycle)
{
    CLEANUP_JSON json_t *known = failure_known(), *failure = json_deep_copy(known);
    CLEANUP_FREE char *words = failure_words(known);
    const json_t *before = json_object_get(cycle->state.root, UNSAVED);
    if (json_object_get(failure, "program"))
        json_object_del(failure, "reason");
    json_object_del(failure, "said");
    if (before && failures_equal(before, failure))
        return true;
    json_object_update_new(failure,
                           json_pack("{ss* sI}", "text", words, "since", (json_int_t)operations->clock()));
    json_object_set(cycle->state.root, UNSAVED, failure);
    return false;
}

int snapshots_taken(struct cycle *cycle, int status)
{
    const bool failed = status != 0 && !cycle->refused,
               again = failed && fails_again(cycle) && routine_is_kept();
    note_uncaptured(cycle, failed);
    /* Of a machine with an older disk, which may go before it would be time. */
    cycle_tell_due(cycle, restore_due(cycle->state.root));
    if (failed)
        log_warning(NULL, "the state of the system was not captured, the cycle goes on");
    failure_tell(!again);
    if (status == 0 && json_object_del(cycle->state.root, UNSAVED) == 0 && cycle->settings->snapshot)
        log_notice(NULL, "The state of the system is captured again");
    if (status != 0 && !again)
        journal_release(&cycle->journal);
    return cycle->refused ? -1 : 0;
}

bool snapshots_restore_wanted(const struct cycle *cycle)
{
    return !cycle->settings->dry_run && restore_due(cycle->state.root) == 0;
}

int snapshots_restore(struct cycle *cycle, json_t **report)
{
    const struct recovery recovery = cycle_recovery(cycle);
    return restore(&recovery, &cycle->model.infrastructure, report);
}
