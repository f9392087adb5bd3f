/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/settle.h"

#include <string.h>
#include <unistd.h>

#include "host/cycle/event.h"
#include "host/cycle/pipeline.h"
#include "host/record/recovery-report.h"
#include "host/unfinished/leftovers.h"
#include "host/unfinished/recover.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"

/* What is deployed is now no model that is remembered. */
static void take_report(struct cycle *cycle, json_t *report)
{
    json_t *earlier = cycle_report(cycle, "recover");
    if (!report)
        return;
    cycle_remove(cycle->settings, "deployed.xml");
    if (earlier)
        recovery_report_join(earlier, report);
    else
        json_object_set(json_object_get(cycle->event, "reports"), "recover", report);
    json_decref(report);
    event_keep(cycle);
}

/* As run: a redeployment that did not end well, in this cycle or before. Where a target was not set because of what
 * was found there, it has to be looked at again. */
static int run_deployment(struct cycle *cycle, json_t **out)
{
    const struct recovery recovery = cycle_recovery(cycle);
    json_t *report = NULL;
    int status = recover(&recovery, &report);
    const char *action = text_at(report, "action");
    cycle->finished = status == 0 && strcmp(action, "finished") == 0
                      && json_array_size(json_object_get(report, "overtaken")) == 0;
    take_report(cycle, report);
    *out = json_incref(cycle_report(cycle, "recover"));
    return status;
}

static int run_leftovers(struct cycle *cycle, json_t **out)
{
    const struct recovery recovery = cycle_recovery(cycle);
    json_t *report = NULL;
    int status = recover_leftovers(&recovery, &cycle->model.infrastructure, &report);
    take_report(cycle, report);
    *out = json_incref(cycle_report(cycle, "recover"));
    return status;
}

static const struct stage deployment = { .name = "recover",
                                         .run = run_deployment,
                                         .changes = pipeline_always };
static const struct stage leftovers = { .name = "recover", .run = run_leftovers, .changes = pipeline_always };

static int settle(struct cycle *cycle, const struct stage *stage)
{
    int status = pipeline_run(cycle, stage);
    if (status != 0 || cycle_report(cycle, "recover"))
        journal_release(&cycle->journal); /* targets were changed, even if the cycle then has nothing to do */
    return status;
}

/* Neither a dry run nor a loop that is paused touches a target. */
static bool is_allowed(const struct cycle *cycle)
{
    return !cycle->settings->dry_run && !json_object_get(cycle->state.root, "paused");
}

int settle_before(struct cycle *cycle)
{
    const struct recovery recovery = cycle_recovery(cycle);
    bool wanted = is_allowed(cycle) && state_is_deploying(&cycle->state);
    if (!cycle->settings->dry_run && !state_is_deploying(&cycle->state))
        recovery_tidy(&recovery); /* what could not be removed when it was over */
    return wanted ? settle(cycle, &deployment) : 0;
}

int settle_leftovers(struct cycle *cycle)
{
    return settle(cycle, &leftovers);
}

int settle_due(struct cycle *cycle)
{
    const struct infrastructure *model = &cycle->model.infrastructure;
    if (cycle->request.now)
        leftovers_hurry(&cycle->state);
    int64_t due = is_allowed(cycle) ? leftovers_due(&cycle->state, model, operations->clock()) : -1;
    if (due < 0)
        return 1;
    int status = due == 0 ? settle_leftovers(cycle) : 0;
    cycle_tell_due(cycle, leftovers_due(&cycle->state, model, operations->clock()));
    return status;
}

/* The journal tells of it as of a stage that came later. */
void settle_failed(struct cycle *cycle)
{
    json_t *report = NULL;
    int64_t began = operations->now();
    bool wanted = state_is_deploying(&cycle->state);
    if (!is_allowed(cycle) || cycle_interrupted || getppid() != cycle->request.host)
        return;
    int status = run_deployment(cycle, &report);
    if (wanted)
        pipeline_note(cycle, "recover", status != 0, operations->now() - began, report);
    json_decref(report);
}
