/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/presence/refusals.h"

#include "host/presence/hung.h"
#include "host/record/again.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"

static const int64_t first_pause = 60; /* seconds */

static json_t *target_of(const json_t *state, const char *name)
{
    return json_object_get(json_object_get(state, "targets"), name);
}

bool refusals_spare(const json_t *state, const char *target)
{
    return json_is_true(json_object_get(json_object_get(target_of(state, target), "refuses"), "spared"));
}

static size_t count_others(const json_t *state, const char *but, int64_t now)
{
    const char *name;
    json_t *target;
    size_t count = 0;
    json_object_foreach(json_object_get(state, "targets"), name, target)
        if (target != target_of(state, but) && again_due(target, "refuses", now) > 0)
            count++;
    return count;
}

/* It is no better off with less. */
static void leave_out(json_t *state, const char *name, const char *what, bool lives, int64_t now)
{
    if (lives)
        log_warning(name, "%s, and is not left out, for something with state lives here", what);
    else
        hung_leave_out(state, name, what, 0, now);
}

void refusals_closures(json_t *state, const char *target, size_t targets, bool lives, int64_t now)
{
    static const char what[] = "it takes no closures";
    json_t *entry = target_of(state, target);
    if (!entry)
        return;
    if (2 * (count_others(state, target, now) + 1) > targets) {
        log_warning(target, "%s, as do most of those that are deployed to", what);
        return;
    }
    if (refusals_spare(state, target)) {
        leave_out(state, target, what, lives, now);
        return;
    }
    again_note(entry, "refuses", true, first_pause, now);
    log_warning(target, "%s, keeps what it has, and gets nothing else for %lld seconds", what,
                (long long)again_due(entry, "refuses", now));
}

json_t *refusals_begin(json_t *state, const struct infrastructure *model, int64_t now)
{
    json_t *names = json_array();
    for (size_t i = 0; names && i < model->count; i++) {
        const char *name = model->targets[i].name;
        json_t *target = target_of(state, name), *refuses = json_object_get(target, "refuses");
        const bool spared = again_due(target, "refuses", now) > 0;
        if (refuses)
            json_object_set_new(refuses, "spared", json_boolean(spared));
        if (spared)
            json_list_add(names, name);
    }
    return names;
}

void refusals_forget(json_t *state, const struct infrastructure *reached)
{
    for (size_t i = 0; i < reached->count; i++)
        if (!refusals_spare(state, reached->targets[i].name))
            json_object_del(target_of(state, reached->targets[i].name), "refuses");
}

int64_t refusals_due(const json_t *state, const struct infrastructure *model, int64_t now)
{
    int64_t due = -1;
    for (size_t i = 0; i < model->count; i++) {
        int64_t seconds = again_due(target_of(state, model->targets[i].name), "refuses", now);
        if (seconds >= 0 && (due < 0 || seconds < due))
            due = seconds;
    }
    return due;
}
