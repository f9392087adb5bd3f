/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/again.h"

static const json_int_t shortest = 10, longest = 3600; /* seconds, from the second failure on */

void again_note(json_t *state, const char *member, bool failed, int64_t first, int64_t now)
{
    const json_t *before = json_object_get(state, member);
    json_int_t pause = 2 * json_integer_value(json_object_get(before, "pause"));
    if (!failed) {
        json_object_del(state, member);
        return;
    }
    pause = !before ? (json_int_t)first : pause < shortest ? shortest : pause > longest ? longest : pause;
    json_object_set_new(state, member, json_pack("{sI sI}", "tried", (json_int_t)now, "pause", pause));
}

int64_t again_due(const json_t *state, const char *member, int64_t now)
{
    const json_t *again = json_object_get(state, member);
    json_int_t pause = json_integer_value(json_object_get(again, "pause"));
    json_int_t since = now - json_integer_value(json_object_get(again, "tried"));
    if (!again)
        return -1;
    return since < 0 ? pause : since < pause ? pause - since : 0;
}
