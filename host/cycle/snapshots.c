/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/snapshots.h"

#include "host/copies/restore.h"
#include "host/deploy/redeploy.h"
#include "host/record/again.h"
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

int snapshots_taken(struct cycle *cycle, int status)
{
    note_uncaptured(cycle, status != 0 && !cycle->refused);
    if (status == 0)
        return 0;
    if (!cycle->refused)
        log_warning(NULL, "the state of the system was not captured, the cycle goes on");
    journal_release(&cycle->journal);
    return cycle->refused ? -1 : 0;
}

bool snapshots_restore_wanted(const struct cycle *cycle)
{
    return !cycle->settings->dry_run && restore_wanted(cycle->state.root);
}

int snapshots_restore(struct cycle *cycle, json_t **report)
{
    const struct recovery recovery = cycle_recovery(cycle);
    return restore(&recovery, &cycle->model.infrastructure, report);
}
