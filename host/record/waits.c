/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/waits.h"

#include "lib/base/switch.h"
#include "lib/world/operations.h"

enum { JITTER = 2 }; /* seconds that two clocks with different units may seem to differ */

static json_t *moved(const json_t *moment, int64_t step)
{
    json_int_t sum = 0;
    return json_integer(__builtin_add_overflow(json_integer_value(moment), (json_int_t)step, &sum) ? 0 : sum);
}

static void move(json_t *object, const char *member, int64_t step)
{
    const json_t *moment = json_object_get(object, member);
    if (json_is_integer(moment))
        json_object_set_new(object, member, moved(moment, step));
}

static void move_target(json_t *target, int64_t step)
{
    json_t *held = json_object_get(target, "held"), *vanished = json_object_get(target, "vanished");
    move(target, "missing", step);
    move(target, "back", step);
    move(json_object_get(target, "hung"), "tried", step);
    move(json_object_get(target, "refuses"), "tried", step);
    move(held, "since", step);
    move(held, "tried", step);
    for (size_t i = 0; i < json_array_size(vanished); i++)
        if (json_is_integer(json_array_get(vanished, i)))
            json_array_set_new(vanished, i, moved(json_array_get(vanished, i), step));
}

static void move_all(json_t *state, int64_t step)
{
    const char *name;
    json_t *target;
    size_t index;
    json_object_foreach(json_object_get(state, "targets"), name, target)
        move_target(target, step);
    json_array_foreach(json_object_get(state, "leftovers"), index, target)
        move(json_object_get(target, "again"), "tried", step);
    move(state, "settling", step);
    move(json_object_get(state, "again"), "tried", step);
    move(json_object_get(state, "uncaptured"), "tried", step);
}

/* By how much the wall clock has gone ahead of the time that is known to have passed. */
static int64_t step_of(const json_t *before, int64_t clock, int64_t now)
{
    const json_t *wall = json_object_get(before, "wall"), *monotonic = json_object_get(before, "monotonic");
    int64_t then = json_integer_value(monotonic), step = 0;
    if (!json_is_integer(wall) || !json_is_integer(monotonic)
        || __builtin_sub_overflow(clock, (int64_t)json_integer_value(wall), &step)
        || __builtin_sub_overflow(step, (now >= then && then >= 0 ? now - then : now) / 1000, &step))
        return 0;
    return step >= -JITTER && step <= JITTER ? 0 : step;
}

void waits_keep(json_t *state, int64_t clock, int64_t now)
{
    int64_t step = step_of(json_object_get(state, "clock"), clock, now);
    json_object_set_new(state, "clock",
                        json_pack("{sI sI}", "wall", (json_int_t)clock, "monotonic", (json_int_t)now));
    if (step == 0 || !SWITCH(MEASURED_WAITS))
        return;
    log_notice(NULL, "The clock has moved by %lld seconds that did not pass: no wait ends by them",
               (long long)step);
    move_all(state, step);
}
