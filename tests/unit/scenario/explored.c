/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "scenario/search/random.h"
#include "scenario/search/shrink.h"

static void the_same_number_gives_the_same_scenario(void **state)
{
    (void)state;
    json_t *earlier = NULL;
    for (uint64_t number = 0; number < 200; number++) {
        json_t *one = scenario_random(NULL, number), *other = scenario_random(NULL, number);
        assert_non_null(one);
        assert_true(json_equal(one, other));
        assert_false(json_equal(one, earlier));
        json_decref(other);
        json_decref(earlier);
        earlier = one;
    }
    json_decref(earlier);
}

/* On a target, when the cycle comes to some call. */
static void garbage_is_collected_within_cycles(void **state)
{
    (void)state;
    size_t count = 0, i, k;
    json_t *moment, *event;
    for (uint64_t number = 0; number < 100; number++) {
        json_t *scenario = scenario_random(NULL, number);
        json_array_foreach(json_object_get(scenario, "timeline"), i, moment)
            json_array_foreach(moment, k, event)
                count += strcmp(json_string_value(json_object_get(event, "event")), "collect-garbage") == 0
                         && json_object_get(event, "target")
                         && json_object_get(json_object_get(event, "at"), "call");
        json_decref(scenario);
    }
    assert_true(count >= 20);
}

static bool has_event(const json_t *event, const char *word, const char *member, const char *value)
{
    const char *found = json_string_value(json_object_get(event, "event"));
    const char *name = json_string_value(json_object_get(event, member));
    return found && name && strcmp(found, word) == 0 && strcmp(name, value) == 0;
}

static bool timeline_has(const json_t *scenario, const char *word, const char *member, const char *value)
{
    size_t i, k;
    json_t *moment, *event;
    json_array_foreach(json_object_get(scenario, "timeline"), i, moment) {
        if (has_event(moment, word, member, value))
            return true;
        json_array_foreach(moment, k, event)
            if (has_event(event, word, member, value))
                return true;
    }
    return false;
}

/* As if a crash of test2 after a write to the database were what goes wrong, if web is in the model. */
static bool fails(void *closure, const json_t *candidate)
{
    ++*(unsigned *)closure;
    return timeline_has(candidate, "crash", "target", "test2")
           && timeline_has(candidate, "write", "service", "database")
           && json_object_get(json_object_get(candidate, "services"), "web")
           && json_object_get(json_object_get(candidate, "targets"), "test2");
}

static void what_is_left_is_needed(void **state)
{
    (void)state;
    static const char text[] =
        "{'version': 1, 'snapshot': true, 'targets': {'test1': {}, 'test2': {'properties': {'a': 'b'}}, 'test3': {}},"
        " 'services': {'database': {'state': true}, 'web': {'dependsOn': ['database', 'api']}, 'api': {}},"
        " 'distribution': {'web': {'on': ['test1', 'test2'], 'copies': 2}},"
        " 'timeline': [{'event': 'write', 'service': 'api', 'text': 'w0'}, {'event': 'crash', 'target': 'test1'},"
        "              [{'event': 'partition', 'targets': ['test1', 'test3']},"
        "               {'event': 'write', 'service': 'database', 'text': 'w1'}],"
        "              {'event': 'wait', 'seconds': 5}, {'event': 'upgrade', 'services': {'api': {'version': '2'}}},"
        "              {'event': 'crash', 'target': 'test2', 'at': {'stage': 'redeploy'}}]}";
    static const char expected[] =
        "{'targets': {'test2': {}}, 'services': {'database': {}, 'web': {}},"
        " 'timeline': [{'event': 'write', 'service': 'database'}, {'event': 'crash', 'target': 'test2'}]}";
    char first[sizeof text], second[sizeof expected];
    unsigned tries = 0;
    for (size_t i = 0; i < sizeof text; i++)
        first[i] = text[i] == '\'' ? '"' : text[i];
    for (size_t i = 0; i < sizeof expected; i++)
        second[i] = expected[i] == '\'' ? '"' : expected[i];
    json_t *scenario = json_loads(first, 0, NULL), *wanted = json_loads(second, 0, NULL);
    assert_non_null(scenario);
    assert_non_null(wanted);
    json_t *small = scenario_shrink(scenario, fails, &tries);
    print_message("# %u tries\n", tries);
    if (!json_equal(small, wanted))
        json_dumpf(small, stderr, JSON_INDENT(1));
    assert_true(json_equal(small, wanted));
    json_decref(small);
    json_decref(wanted);
    json_decref(scenario);
}

static void nothing_is_taken_from_what_never_fails_again(void **state)
{
    (void)state;
    unsigned tries = 0;
    json_t *scenario = scenario_random(NULL, 7), *small = NULL;
    json_object_set_new(scenario, "timeline", json_array());
    small = scenario_shrink(scenario, fails, &tries);
    assert_true(json_equal(small, scenario));
    json_decref(small);
    json_decref(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_number_gives_the_same_scenario),
        cmocka_unit_test(garbage_is_collected_within_cycles),
        cmocka_unit_test(what_is_left_is_needed),
        cmocka_unit_test(nothing_is_taken_from_what_never_fails_again),
    };
    return cmocka_run_group_tests_name("explored", tests, NULL, NULL);
}
