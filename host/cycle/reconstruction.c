/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/reconstruction.h"

#include "host/copies/survivors.h"
#include "host/cycle/detect.h"
#include "host/cycle/event.h"
#include "host/presence/probe.h"
#include "lib/world/operations.h"

static void leave_out_held(struct cycle *cycle, const char *target)
{
    const json_t *known = json_object_get(json_object_get(cycle->state.root, "targets"), target);
    json_array_append_new(cycle->presence.left_out, json_string(target));
    journal_add(&cycle->journal,
                json_pack("{ss sO* ss sO*}", "kind", "held", "cycle", json_object_get(cycle->event, "cycle"),
                          "target", target, "reason",
                          json_object_get(json_object_get(known, "held"), "text")),
                false);
}

static int take_held(struct cycle *cycle)
{
    const json_t *report = cycle_report(cycle, "reconstruct");
    const struct infrastructure *model = &cycle->model.infrastructure;
    size_t left_out = json_array_size(cycle->presence.left_out);
    presence_hold(cycle->state.root, report, operations->clock(), &cycle->presence);
    for (size_t i = 0; i < model->count; i++)
        if (presence_is_held(cycle->state.root, model->targets[i].name))
            leave_out_held(cycle, model->targets[i].name);
    if (json_array_size(cycle->presence.left_out) == left_out)
        return 0;
    cycle_tell_due(cycle, cycle->presence.due);
    event_presence(cycle);
    if (state_save(&cycle->state) != 0 || detect_leave_out(cycle) != 0)
        return -1;
    return event_prepare(cycle);
}

/* For the check before a deployment. True: there is something to check. */
static bool note_blind(struct cycle *cycle)
{
    json_t *report = cycle_report(cycle, "reconstruct"),
           *blind = report ? presence_blind(cycle->state.root, report) : NULL;
    bool any = json_array_size(blind) > 0;
    if (any)
        json_object_set(report, "blind", blind);
    json_decref(blind);
    return any;
}

/* What was deployed before this loop has deployed anything, or has lost its state. */
static void note_before(json_t *state, const json_t *report)
{
    json_t *previous = json_object_get(report, "previous");
    if (previous && !json_object_get(state, "deployed") && !json_object_get(state, "before"))
        json_object_set(state, "before", previous);
}

int reconstruction_take(struct cycle *cycle, int status)
{
    json_t *report = cycle_report(cycle, "reconstruct");
    note_before(cycle->state.root, report);
    state_rescued(&cycle->state, report, operations->clock());
    state_heard(&cycle->state, report);
    survivors_take(cycle->state.root, report, operations->clock());
    cycle_tell_due(cycle, survivors_due(cycle->state.root, operations->clock()));
    bool blind = status == 0 && note_blind(cycle);
    if (cycle->settings->probes
        && !blind) /* one that nothing is known of is asked again, not left out unheard */
        probe_note_silent(cycle->settings, report);
    if (state_save(&cycle->state) != 0 || status != 0)
        return -1;
    return take_held(cycle);
}
