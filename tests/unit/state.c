/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the host remembers: when targets went away, and when components were snapshotted on them.
 */
#include "unit.h"

#include "operations.h"
#include "state.h"

static json_int_t snapshotted(const struct state *state)
{
    return json_integer_value(json_object_get(
        json_object_get(json_object_get(json_object_get(state->root, "snapshots"), "a"), "database"), "db"));
}

static void rescue(struct state *state, int64_t now)
{
    json_t *report = json_pack("{s[{ss ss ss}]}", "rescued", "target", "a", "container", "database", "component", "db");
    state_rescued(state, report, now);
    json_decref(report);
}

/* Else a rescue would settle the conflict that made it necessary. */
static void a_rescue_after_an_absence_tells_nothing_of_before(void **unused)
{
    struct target targets[] = { { .name = "a" } };
    const struct infrastructure with = { .targets = targets, .count = 1 }, without = { 0 };
    struct state state;
    (void)unused;
    operations_use(&real_operations);
    assert_int_equal(state_load("/nowhere/at/all", &state), 0);
    state_see(&state, &with, 1000);
    rescue(&state, 1100);
    assert_int_equal(snapshotted(&state), 1100);
    state_see(&state, &without, 2000);
    state_see(&state, &with, 3000);
    rescue(&state, 3100);
    assert_int_equal(snapshotted(&state), 1100);
    state_deployed(&state, "manifest", &with);
    rescue(&state, 4000);
    assert_int_equal(snapshotted(&state), 4000);
    state_clear(&state);
}

/* However long the host itself was down. */
static void what_is_missed_is_noted_once(void **unused)
{
    struct target targets[] = { { .name = "a" } };
    const struct infrastructure with = { .targets = targets, .count = 1 }, without = { 0 };
    struct state state;
    (void)unused;
    operations_use(&real_operations);
    assert_int_equal(state_load("/nowhere/at/all", &state), 0);
    state_see(&state, &with, 1000);
    state_see(&state, &without, 90000);
    state_see(&state, &without, 95000);
    state_see(&state, &with, 96000);
    state_see(&state, &without, 97000);
    const json_t *target = json_object_get(json_object_get(state.root, "targets"), "a");
    assert_int_equal(json_integer_value(json_object_get(target, "away")), 1000);
    assert_int_equal(json_integer_value(json_object_get(target, "missed")), 90000);
    state_see(&state, &with, 98000);
    state_deployed(&state, "manifest", &with);
    assert_null(json_object_get(target, "away"));
    assert_null(json_object_get(target, "missed"));
    state_clear(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rescue_after_an_absence_tells_nothing_of_before),
        cmocka_unit_test(what_is_missed_is_noted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
