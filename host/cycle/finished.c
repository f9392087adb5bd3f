/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/cycle.h"

#include <string.h>

#include "host/control/status.h"
#include "host/control/totals.h"
#include "host/cycle/running.h"
#include "host/record/failures.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static const size_t event_limit = (size_t)1 << 30;

static json_t *kept_event(const struct settings *settings)
{
    CLEANUP_FREE char *file = cycle_file(settings, "event.json"), *text = NULL;
    size_t length = 0;
    if (!file || operations->read(file, event_limit, &text, &length) != 0)
        return NULL;
    return json_loadb(text, length, 0, NULL);
}

/* The loop counts what fails, for a cycle may crash. */
static void remember_failures(struct state *state, const struct status *status)
{
    const json_t *failures = json_object_get(status->remembered, "failures");
    if (!state->root || strcmp(status->outcome, "failed") != 0)
        return;
    json_object_set_new(state->root, "failures", json_deep_copy(failures));
    state_save(state);
}

/* On the disk before any plugin can crash. The totals, a new reference. */
static json_t *account(const struct settings *settings, const struct status *status)
{
    const json_t *failure = failures_open(status->remembered);
    const bool adapted = json_is_true(json_object_get(status->facts, "adapted"));
    const bool failed = strcmp(status->outcome, "failed") == 0;
    json_t *document = json_pack("{ss sO* ss ss* sI}", "kind", "cycle_ended", "cycle",
                                 adapted ? json_object_get(status->facts, "cycle") : NULL, "outcome",
                                 status->outcome, "stage", failed && *status->stage ? status->stage : NULL,
                                 "milliseconds", (json_int_t)status->lasted);
    if (status->signal)
        json_object_set_new(document, "signal", json_integer(status->signal));
    if (failed && failure)
        json_object_set(document, "failure", (json_t *)failure);
    journal_write(settings->state_directory, document, true);
    return totals_count(settings->state_directory, status, operations->clock());
}

/* The event of the last stage, and how it all ended. */
static void complete_event(json_t *event, const struct settings *settings, const struct status *status,
                           json_t *totals)
{
    CLEANUP_JSON json_t *kept = kept_event(settings);
    if (*status->stage)
        json_object_set_new(event, "stage", json_string(status->stage));
    json_object_update(event, kept);
    json_object_update_new(event,
                           json_pack("{ss ss sI sO*}", "hook", "cycle_finished", "outcome", status->outcome,
                                     "milliseconds", (json_int_t)status->lasted, "totals", totals));
    if (status->signal)
        json_object_set_new(event, "signal", json_integer(status->signal));
    if (status->targets)
        json_object_set(event, "targets", status->targets);
}

int cycle_finished(const struct settings *settings, const struct status *ended)
{
    struct cycle cycle;
    CLEANUP_JSON json_t *totals = account(settings, ended);
    int status = cycle_open(&cycle, settings);
    remember_failures(&cycle.state, ended);
    if (status == 0)
        status = cycle_load(&cycle);
    if (status == 0)
        complete_event(cycle.event, settings, ended, totals);
    for (size_t i = 0; status == 0 && i < cycle.plugin_count; i++) {
        json_t *report = NULL;
        plugin_call(&cycle.plugins[i], "cycle_finished", cycle.event, cycle.work, &report);
        json_decref(report);
    }
    if (cycle.work)
        operations->remove(cycle.work);
    cycle_close(&cycle);
    return status == 0 ? CYCLE_DONE : CYCLE_FAILED;
}
