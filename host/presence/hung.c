/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/presence/hung.h"

#include <stdbool.h>
#include <string.h>

#include "host/record/again.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"

static const int64_t first_pause = 60; /* seconds */

/* Once may be by chance: only the second time there is a pause, or where there is to be one of least
 * seconds. */
static void note(json_t *state, const char *name, const char *refuses, int64_t least, int64_t now)
{
    json_t *target = json_object_get(json_object_get(state, "targets"), name);
    const json_t *before = json_object_get(target, "hung");
    const bool second = before && json_integer_value(json_object_get(before, "pause")) == 0;
    if (!target)
        return;
    if (second)
        json_object_del(target, "hung");
    again_note(target, "hung", true, second ? first_pause : 0, now);
    if (again_due(target, "hung", now) < least)
        json_object_set_new(json_object_get(target, "hung"), "pause", json_integer((json_int_t)least));
    if (refuses)
        json_object_set_new(json_object_get(target, "hung"), "reason", json_string(refuses));
    if (before || least > 0)
        log_warning(name, "%s, and counts as silent for %lld seconds", hung_reason(target),
                    (long long)again_due(target, "hung", now));
}

void hung_note(json_t *state, const json_t *reconstructed, const json_t *redeployed, int64_t now)
{
    size_t index;
    json_t *value;
    const char *name;
    json_array_foreach(json_object_get(redeployed, "hung"), index, value)
        note(state, json_string_value(value), NULL, 0, now);
    json_object_foreach(json_object_get(reconstructed, "targets"), name, value) {
        const char *status = json_string_value(json_object_get(value, "status"));
        if (status && strcmp(status, "silent") == 0)
            note(state, name, NULL, 0, now);
    }
}

void hung_leave_out(json_t *state, const char *target, const char *refuses, int64_t least, int64_t now)
{
    note(state, target, refuses, least > first_pause ? least : first_pause, now);
}

const char *hung_reason(const json_t *target)
{
    const json_t *hung = json_object_get(target, "hung");
    return hung ? text_or(hung, "reason", "it does not answer") : NULL;
}

void hung_forget(json_t *state, const struct infrastructure *reached)
{
    for (size_t i = 0; i < reached->count; i++)
        json_object_del(json_object_get(json_object_get(state, "targets"), reached->targets[i].name), "hung");
}

json_t *hung_join(const json_t *state, const json_t *silent, int64_t now, int64_t *due)
{
    json_t *joined = silent ? json_copy((json_t *)silent) : json_object(), *target;
    const char *name;
    *due = -1;
    json_object_foreach(json_object_get(state, "targets"), name, target) {
        int64_t seconds = again_due(target, "hung", now);
        if (seconds <= 0)
            continue;
        if (!json_object_get(joined, name))
            json_object_set_new(joined, name, json_null());
        *due = *due < 0 || seconds < *due ? seconds : *due;
    }
    return joined;
}
