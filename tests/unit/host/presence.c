/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "host/presence/hung.h"
#include "host/presence/presence.h"
#include "host/presence/refusals.h"
#include "host/record/waits.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/doubles.h"
#include "lib/world/operations.h"

/* A network: names in the model and names that are silent, as "a b c". What is told goes nowhere. */
struct network {
    json_t *state, *doubles;
    struct presence_policy policy;
    struct presence presence;
    int64_t now;
};

static void be_quiet(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    (void)level, (void)target, (void)format, (void)arguments;
}

static const struct dydisnix_operations quiet = { .size = sizeof quiet, .log = be_quiet };

static json_t *list(const char *names)
{
    json_t *array = json_array();
    char *copy = strdup(names), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        json_array_append_new(array, json_string(name));
    free(copy);
    return array;
}

static int set_up(void **state)
{
    struct network *network = calloc(1, sizeof *network);
    operations_use(&quiet);
    network->state = json_object();
    network->policy = (struct presence_policy){ .lost_most = -1 };
    network->now = 1000;
    *state = network;
    return 0;
}

static int tear_down(void **state)
{
    struct network *network = *state;
    json_decref(network->state);
    presence_clear(&network->presence);
    free(network);
    return 0;
}

static const char *status_of(const struct network *network, const char *name)
{
    const json_t *target = json_object_get(json_object_get(network->state, "targets"), name);
    const char *status = json_string_value(json_object_get(target, "status"));
    return status ? status : "";
}

/* As the cycle does: those that are there have been seen. */
static void note_seen(struct network *network)
{
    json_t *target;
    const char *name;
    json_object_foreach(json_object_get(network->state, "targets"), name, target)
        if (strcmp(status_of(network, name), "here") == 0)
            json_object_set_new(target, "seen", json_integer(network->now));
}

static void judge(struct network *network, int64_t now, const char *names, const char *silent)
{
    json_t *model = list(names), *quiet_ones = list(silent), *set = json_object(), *name;
    size_t index;
    json_array_foreach(quiet_ones, index, name)
        json_object_set_new(set, json_string_value(name), json_integer(now));
    presence_clear(&network->presence);
    network->now = now;
    assert_int_equal(presence_judge(network->state, model, set, network->doubles, &network->policy, now,
                                    &network->presence),
                     0);
    note_seen(network);
    json_decref(model);
    json_decref(quiet_ones);
    json_decref(set);
}

static void deploy(struct network *network, const char *names)
{
    json_t *model = list(names);
    presence_deployed(network->state, model);
    json_decref(model);
}

static void check_names(const json_t *names, const char *expected)
{
    json_t *array = list(expected);
    if (!json_equal(names, array)) {
        char *text = json_dumps(names, 0);
        print_error("%s, not %s\n", text, expected);
        free(text);
        fail();
    }
    json_decref(array);
}

static void check(const struct network *network, const char *left_out, const char *waiting, int64_t due)
{
    check_names(network->presence.left_out, left_out);
    check_names(network->presence.waiting, waiting);
    assert_int_equal(network->presence.due, due);
}

/* What a reconstruction hears of it. */
static void hear(struct network *network, const char *name, const char *status, bool unknown)
{
    json_t *report = json_pack("{s{s{ss sb}}}", "targets", name, "status", status, "unknown", (int)unknown);
    presence_hold(network->state, report, network->now, &network->presence);
    json_decref(report);
}

static void hold(struct network *network, const char *name)
{
    hear(network, name, "silent", true);
    assert_true(presence_is_held(network->state, name));
}

/* It stays in the model now and then, so that the reconstruction asks it again, later each time. */
static void who_does_not_tell_what_runs_there_is_asked_again(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b", "");
    hold(network, "b");
    assert_int_equal(network->presence.due, 10);
    judge(network, 1009, "a b", "");
    check(network, "b", "", 1);
    assert_string_equal(status_of(network, "b"), "unknown");
    judge(network, 1010, "a b", "");
    check(network, "", "", 20);
    hold(network, "b");
    judge(network, 1029, "a b", "");
    check(network, "b", "", 1);
    judge(network, 1030, "a b", "b");
    check(network, "b", "", -1);
    judge(network, 1031, "a b", "");
    check(network, "", "", 40);
    hear(network, "b", "captured", false);
    assert_false(presence_is_held(network->state, "b"));
    judge(network, 1032, "a b", "");
    check(network, "", "", -1);
}

static void everybody_is_there(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b", "");
    check(network, "", "", -1);
    assert_false(network->presence.paused);
    assert_string_equal(status_of(network, "a"), "here");
}

static void the_silent_are_left_out(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b c", "b");
    check(network, "b", "", -1);
    assert_string_equal(status_of(network, "b"), "silent");
    judge(network, 1001, "a b c", "");
    check(network, "", "", -1);
    assert_string_equal(status_of(network, "b"), "here");
}

static void what_is_not_in_the_model_is_missing(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    judge(network, 1001, "a", "");
    check(network, "", "", -1);
    assert_string_equal(status_of(network, "b"), "missing");
}

/* A reboot: for some time nothing is adapted; then the target is gone. */
static void a_target_has_its_grace(const char *names, const char *silent, const char *left_out,
                                   struct network *network)
{
    network->policy.grace = 60;
    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    judge(network, 1010, names, silent);
    check(network, "", "b", 60);
    assert_string_equal(status_of(network, "b"), "grace");
    judge(network, 1069, names, silent);
    check(network, "", "b", 1);
    judge(network, 1070, names, silent);
    check(network, left_out, "", -1);
}

static void a_target_that_falls_silent_has_its_grace(void **state)
{
    a_target_has_its_grace("a b", "b", "b", *state);
}

static void a_target_that_vanishes_has_its_grace(void **state)
{
    a_target_has_its_grace("a", "", "", *state);
}

static void who_comes_back_in_time_was_never_gone(void **state)
{
    struct network *network = *state;

    network->policy.grace = 60;
    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    judge(network, 1010, "a b", "b");
    judge(network, 1050, "a b", "");
    check(network, "", "", -1);
    judge(network, 1060, "a b", "b");
    check(network, "", "b", 60);
}

/* Nothing is on it that could wait. */
static void who_was_never_deployed_to_has_no_grace(void **state)
{
    struct network *network = *state;

    network->policy.grace = 60;
    judge(network, 1000, "a b", "b");
    check(network, "b", "", -1);
    deploy(network, "a");
    judge(network, 1001, "a b", "b");
    check(network, "b", "", -1);
}

static void the_shortest_grace_is_due_first(void **state)
{
    struct network *network = *state;

    network->policy.grace = 60;
    judge(network, 1000, "a b c", "");
    deploy(network, "a b c");
    judge(network, 1010, "a b c", "c");
    judge(network, 1030, "a b c", "b c");
    check(network, "", "b c", 40);
    judge(network, 1070, "a b c", "b c");
    check(network, "c", "b", 20);
}

static void a_clock_that_is_set_back_ends_no_wait_and_makes_none_endless(void **state)
{
    struct network *network = *state;

    network->policy.grace = 60;
    judge(network, 100000, "a b", "");
    deploy(network, "a b");
    judge(network, 100000, "a b", "b");
    judge(network, 1000, "a b", "b");
    check(network, "", "b", 60);
    judge(network, 1060, "a b", "b");
    check(network, "b", "", -1);
}

static void flap(struct network *network)
{
    network->policy.flap_count = 3;
    network->policy.flap_window = 100;
    network->policy.flap_stable = 50;
    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    judge(network, 1010, "a b", "b");
    judge(network, 1011, "a b", "b");
    judge(network, 1012, "a b", "");
    judge(network, 1020, "a", "");
    judge(network, 1022, "a b", "");
    check(network, "", "", -1);
    judge(network, 1030, "a b", "b");
    check(network, "b", "", -1);
    assert_string_equal(status_of(network, "b"), "flapping");
}

static void who_flaps_is_held_out_until_it_is_stable(void **state)
{
    struct network *network = *state;

    flap(network);
    judge(network, 1040, "a b", "");
    check(network, "b", "", 50);
    judge(network, 1050, "a b", "b");
    check(network, "b", "", -1);
    judge(network, 1060, "a b", "");
    judge(network, 1109, "a b", "");
    check(network, "b", "", 1);
    judge(network, 1110, "a b", "");
    check(network, "", "", -1);
    assert_string_equal(status_of(network, "b"), "here");
    judge(network, 1120, "a b", "b");
    assert_string_equal(status_of(network, "b"), "silent");
}

static void who_flaps_gets_no_grace(void **state)
{
    struct network *network = *state;

    network->policy.grace = 60;
    flap(network);
}

static void old_disappearances_do_not_count(void **state)
{
    struct network *network = *state;

    network->policy.flap_count = 3;
    network->policy.flap_window = 100;
    judge(network, 1000, "a", "");
    for (int64_t now = 1010; now < 2000; now += 50) {
        judge(network, now, "a", "a");
        assert_string_equal(status_of(network, "a"), "silent");
        judge(network, now + 1, "a", "");
        check(network, "", "", -1);
    }
}

static void a_word_takes_in_who_flaps(void **state)
{
    struct network *network = *state;

    flap(network);
    judge(network, 1031, "a b", "");
    assert_true(presence_take_in(network->state, "b", false));
    assert_false(presence_take_in(network->state, "b", false));
    judge(network, 1033, "a b", "");
    check(network, "", "", -1);
    json_t *marked = presence_marked(network->state, "accepted");
    check_names(marked, "");
    json_decref(marked);
}

static void who_is_unknown_is_held_until_a_word(const char *mark, const char *other, struct network *network)
{
    judge(network, 1000, "a b", "");
    deploy(network, "a");
    hold(network, "b");
    judge(network, 1001, "a", "");
    check(network, "", "", -1);
    assert_string_equal(status_of(network, "b"), "unknown");
    judge(network, 1002, "a b", "");
    check(network, "b", "", 8);
    presence_take_in(network->state, "b", strcmp(mark, "preferred") == 0);
    judge(network, 1003, "a b", "");
    check(network, "", "", -1);
    json_t *marked = presence_marked(network->state, mark), *others = presence_marked(network->state, other);
    check_names(marked, "b");
    check_names(others, "");
    json_decref(marked);
    json_decref(others);
    deploy(network, "a");
    marked = presence_marked(network->state, mark);
    check_names(marked, "b");
    json_decref(marked);
    deploy(network, "a b");
    marked = presence_marked(network->state, mark);
    check_names(marked, "");
    json_decref(marked);
}

static void who_is_unknown_is_held_until_it_is_accepted(void **state)
{
    who_is_unknown_is_held_until_a_word("accepted", "preferred", *state);
}

static void who_is_unknown_is_held_until_it_is_preferred(void **state)
{
    who_is_unknown_is_held_until_a_word("preferred", "accepted", *state);
}

static void a_word_about_who_is_not_held_changes_nothing(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b", "");
    json_t *before = json_deep_copy(network->state);
    presence_take_in(network->state, "a", false);
    presence_take_in(network->state, "no such target", true);
    presence_word(network->state, "resume", 1001);
    json_object_del(network->state, "resumed");
    assert_true(json_equal(network->state, before));
    json_decref(before);
}

static void too_many_lost_at_once_pause(struct network *network)
{
    judge(network, 1000, "a b c d", "");
    deploy(network, "a b c d");
    judge(network, 1001, "a b c d", "d");
    assert_false(network->presence.paused);
    judge(network, 1002, "a b c", "c");
    assert_true(network->presence.paused);
    judge(network, 1003, "a b c d", "c");
    assert_true(network->presence.paused);
}

static void a_number_of_lost_targets_pauses(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 1;
    too_many_lost_at_once_pause(network);
    judge(network, 1004, "a b c d", "");
    assert_false(network->presence.paused);
}

static void a_percentage_of_lost_targets_pauses(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 49;
    network->policy.lost_percent = true;
    too_many_lost_at_once_pause(network);
}

static void half_of_the_targets_is_half(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 50;
    network->policy.lost_percent = true;
    judge(network, 1000, "a b c d", "");
    deploy(network, "a b c d");
    judge(network, 1001, "a b", "");
    assert_false(network->presence.paused);
    judge(network, 1002, "a", "");
    assert_true(network->presence.paused);
}

static void one_by_one_is_not_at_once(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 1;
    judge(network, 1000, "a b c d", "");
    deploy(network, "a b c d");
    judge(network, 1001, "a b c", "");
    deploy(network, "a b c");
    judge(network, 1002, "a b", "");
    assert_false(network->presence.paused);
}

/* The operator agreed to the loss of these, and of no others. */
static void a_pause_is_resumed(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 1;
    too_many_lost_at_once_pause(network);
    judge(network, 1004, "a b", "");
    presence_word(network->state, "resume", 1005);
    judge(network, 1006, "a b", "");
    assert_false(network->presence.paused);
    judge(network, 1007, "a", "");
    assert_false(network->presence.paused);
    judge(network, 1008, "", "");
    assert_true(network->presence.paused);
    presence_word(network->state, "resume", 1009);
    deploy(network, "a b c d");
    judge(network, 1010, "a b", "");
    assert_true(network->presence.paused);
}

static void nobody_in_grace_or_held_is_lost(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 0;
    network->policy.grace = 60;
    judge(network, 1000, "a b c", "");
    deploy(network, "a b c");
    hold(network, "c");
    judge(network, 1001, "a", "");
    assert_false(network->presence.paused);
    judge(network, 1061, "a", "");
    assert_true(network->presence.paused);
}

static void an_operator_pauses_until_resume(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    presence_word(network->state, "pause", 1001);
    judge(network, 1002, "a b", "");
    assert_true(network->presence.paused);
    judge(network, 900000, "a", "");
    assert_true(network->presence.paused);
    presence_word(network->state, "resume", 900001);
    judge(network, 900002, "a", "");
    assert_false(network->presence.paused);
}

static void nothing_is_lost_where_nothing_was_deployed(void **state)
{
    struct network *network = *state;

    network->policy.lost_most = 0;
    network->policy.lost_percent = true;
    judge(network, 1000, "a b", "b");
    assert_false(network->presence.paused);
    judge(network, 1001, "", "");
    assert_false(network->presence.paused);
}

static void a_state_with_nonsense_is_no_harm(void **state)
{
    static const char *const texts[] = {
        "{\"targets\":5,\"effective\":{},\"paused\":7,\"resumed\":\"x\"}",
        "{\"targets\":{\"a\":5,\"b\":{\"held\":[],\"vanished\":{},\"missing\":\"x\"}},\"effective\":[1,null,\"b\"]}",
        "{\"targets\":{\"b\":{\"seen\":1,\"held\":{\"reason\":7},\"vanished\":[\"x\",null,[]]}},\"paused\":{}}",
    };
    struct network *network = *state;

    network->policy = (struct presence_policy){
        .grace = 60, .flap_count = 1, .flap_window = 60, .flap_stable = 60, .lost_most = 0
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_decref(network->state);
        network->state = json_loads(texts[i], 0, NULL);
        assert_non_null(network->state);
        judge(network, 1000, "a b", "b");
        presence_take_in(network->state, "b", false);
        presence_word(network->state, "resume", 1000);
        hold(network, "a");
        judge(network, 2000, "a b", "");
        deploy(network, "a b");
    }
}

/* A generator may make up names for ever. */
static void who_is_long_gone_is_forgotten(void **state)
{
    struct network *network = *state;

    judge(network, 1000, "a b c", "");
    hold(network, "c");
    judge(network, 1001, "a", "");
    judge(network, 1001 + 366 * 24 * 3600, "a", "");
    assert_null(json_object_get(json_object_get(network->state, "targets"), "b"));
    assert_string_equal(status_of(network, "c"), "unknown");
}

static json_int_t away(const struct network *network, const char *name, json_int_t set)
{
    json_t *target = json_object_get(json_object_get(network->state, "targets"), name);
    if (set > 0)
        json_object_set_new(target, "away", json_integer(set));
    return json_integer_value(json_object_get(target, "away"));
}

/* What was snapshotted before an absence tells nothing of what is written after it: the later absence
 * counts. */
static void only_an_absence_that_something_moved_in_is_remembered(void **state)
{
    struct network *network = *state;

    network->policy.grace = 60;
    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    judge(network, 1010, "a b", "b");
    away(network, "b", 1000);
    judge(network, 1050, "a b", "");
    assert_int_equal(away(network, "b", 0), 0);
    judge(network, 2000, "a b", "b");
    away(network, "b", 1050);
    judge(network, 2100, "a b", "b");
    judge(network, 2110, "a b", "");
    assert_int_equal(away(network, "b", 0), 1050);
    judge(network, 3000, "a b", "b");
    assert_int_equal(away(network, "b", 0), 0);
    away(network, "b", 2110);
    judge(network, 3060, "a b", "b");
    deploy(network, "a");
    judge(network, 4000, "a b", "");
    judge(network, 4010, "a b", "b");
    assert_int_equal(away(network, "b", 0), 2110);
}

/* Neither lost nor away, whatever it was before: its machine has another name. */
static void another_name_of_a_machine_is_left_out(void **state)
{
    struct network *network = *state;
    network->policy = (struct presence_policy){ .grace = 60, .lost_most = 0 };
    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    network->doubles = json_pack("{ss}", "b", "a");
    judge(network, 1010, "a b", "b");
    check(network, "b", "", -1);
    assert_false(network->presence.paused);
    assert_string_equal(status_of(network, "b"), "double");
    json_decref(network->doubles);
    network->doubles = NULL;
    judge(network, 1020, "a b", "");
    check(network, "", "", -1);
    assert_string_equal(status_of(network, "b"), "here");
}

static const struct target *add_target(struct infrastructure *model, struct strings *strings,
                                       const char *name, const char *key, const char *interface)
{
    CLEANUP_FREE char *xml =
        string_format("<expr><attrs><attr name=\"%s\"><attrs><attr name=\"properties\"><attrs>"
                      "<attr name=\"hostname\"><string value=\"%s\"/></attr></attrs></attr>"
                      "<attr name=\"clientInterface\"><string value=\"%s\"/></attr>"
                      "</attrs></attr></attrs></expr>",
                      name, key, interface);
    struct infrastructure_defaults defaults = { NULL, "hostname", "x86_64-linux" };
    struct infrastructure one;
    CLEANUP_FREE char *reason = NULL;
    assert_int_equal(infrastructure_parse(xml, strlen(xml), "test", strings, &defaults, &one, &reason), 0);
    assert_int_equal(target_copy(&model->targets[model->count], &one.targets[0]), 0);
    infrastructure_clear(&one);
    return &model->targets[model->count++];
}

static void check_doubles(const struct infrastructure *model, const char *effective, const char *expected)
{
    json_t *names = list(effective), *doubles = doubles_of(model, names);
    char *text = json_dumps(doubles, JSON_SORT_KEYS);
    assert_string_equal(text, expected);
    free(text);
    json_decref(doubles);
    json_decref(names);
}

/* Who was deployed to stays; with another client interface the same key is another machine's. */
static void targets_with_one_key_are_one_machine(void **state)
{
    struct strings *strings = strings_new();
    struct infrastructure model = { .targets = calloc(5, sizeof(struct target)) };
    (void)state;
    add_target(&model, strings, "a", "one", "client");
    add_target(&model, strings, "b", "one", "client");
    add_target(&model, strings, "c", "two", "client");
    add_target(&model, strings, "d", "one", "other");
    add_target(&model, strings, "e", "one", "client");
    check_doubles(&model, "", "{\"b\": \"a\", \"e\": \"a\"}");
    check_doubles(&model, "c e", "{\"a\": \"e\", \"b\": \"e\"}");
    check_doubles(&model, "b e", "{\"a\": \"b\", \"e\": \"b\"}");
    infrastructure_clear(&model);
    strings_free(strings);
}

static json_int_t missing_since(const struct network *network, int64_t clock, int64_t now)
{
    waits_keep(network->state, clock, now);
    return json_integer_value(
        json_object_get(json_object_get(json_object_get(network->state, "targets"), "b"), "missing"));
}

/* What is measured by the monotonic clock has passed, and no more. */
static void a_wait_is_as_long_as_was_measured(void **state)
{
    struct network *network = *state;
    network->policy.grace = 60;
    judge(network, 1000, "a b", "");
    deploy(network, "a b");
    waits_keep(network->state, 1000, 500000);
    judge(network, 1000, "a b", "b");
    assert_int_equal(missing_since(network, 1010, 510000), 1000);
    assert_int_equal(missing_since(network, 4612, 512000), 4600); /* an hour forward */
    assert_int_equal(missing_since(network, 4613, 514000),
                     4600); /* one clock counts seconds, the other less */
    assert_int_equal(missing_since(network, 1015, 516000), 1000); /* an hour back */
    assert_int_equal(missing_since(network, 91020, 5000), 91000); /* a reboot, five seconds ago */
    judge(network, 91020, "a b", "b");
    check(network, "", "b", 40);
}

/* So are all of them, and a state that was damaged is no harm. */
static void every_wait_is_measured(void **state)
{
    json_t *moments =
        json_pack("{s{si si} s{s{si s{ssss} s[is]}} si s{si si} s{si} s[{s{si}}i]}", "clock", "wall", 1000,
                  "monotonic", 0, "targets", "a", "back", 900, "held", "since", "x", "tried", "y", "vanished",
                  800, "z", "settling", 700, "again", "tried", 600, "pause", 10, "uncaptured", "tried", 500,
                  "leftovers", "again", "tried", 550, 1);
    (void)state;
    json_object_set_new(json_object_get(json_object_get(json_object_get(moments, "targets"), "a"), "held"),
                        "since", json_integer(850));
    waits_keep(moments, 1100, 0);
    char *text = json_dumps(moments, JSON_SORT_KEYS | JSON_COMPACT);
    assert_string_equal(text,
                        "{\"again\":{\"pause\":10,\"tried\":700},\"clock\":{\"monotonic\":0,\"wall\":1100},"
                        "\"leftovers\":[{\"again\":{\"tried\":650}},1],\"settling\":800,"
                        "\"targets\":{\"a\":{\"back\":1000,\"held\":{\"since\":950,\"tried\":\"y\"},"
                        "\"vanished\":[900,\"z\"]}},\"uncaptured\":{\"tried\":600}}");
    free(text);
    json_object_set_new(json_object_get(moments, "clock"), "wall", json_integer(INT64_MIN));
    waits_keep(moments, INT64_MAX, -1);
    json_decref(moments);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void expect_hung(const json_t *state, int64_t now, const char *names, int64_t due)
{
    json_t *silent = json_pack("{si}", "s", 1), *joined, *expected = json_pack("{si}", "s", 1),
           *array = list(names), *name;
    size_t index;
    int64_t told;
    json_array_foreach(array, index, name)
        json_object_set_new(expected, json_string_value(name), json_null());
    joined = hung_join(state, silent, now, &told);
    assert_true(json_equal(joined, expected));
    assert_int_equal(told, due);
    json_decref(silent);
    json_decref(joined);
    json_decref(expected);
    json_decref(array);
}

static void who_hung_twice_is_silent_for_longer_each_time_until_a_deployment_succeeds(void **state)
{
    struct network *network = *state;
    struct target reached[] = { { .name = "a" } };
    const struct infrastructure infrastructure = { .targets = reached, .count = 1 };
    json_t *locks = json_pack("{s[s]}", "hung", "a");
    json_t *report =
        json_pack("{s{s{ss}s{ss}}}", "targets", "b", "status", "silent", "c", "status", "captured");
    json_object_set_new(network->state, "targets", json_pack("{s{}s{}s{}}", "a", "b", "c"));
    expect_hung(network->state, 1000, "", -1);
    hung_note(network->state, report, locks, 900);
    expect_hung(network->state, 900, "", -1);
    hung_note(network->state, report, locks, 1000);
    expect_hung(network->state, 1020, "a b", 40);
    expect_hung(network->state, 1060, "", -1);
    hung_note(network->state, NULL, locks, 1060);
    expect_hung(network->state, 1060, "a", 120);
    hung_forget(network->state, &infrastructure);
    hung_note(network->state, NULL, locks, 1100);
    expect_hung(network->state, 1100, "", -1);
    json_decref(locks);
    json_decref(report);
}

static void who_takes_no_closures_is_spared_for_longer_each_time_until_it_does(void **state)
{
    struct network *network = *state;
    struct target reached[] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
    const struct infrastructure all = { .targets = reached, .count = 3 };
    json_t *spared;
    json_object_set_new(network->state, "targets", json_pack("{s{}s{}s{}}", "a", "b", "c"));
    assert_int_equal(refusals_due(network->state, &all, 1000), -1);
    refusals_closures(network->state, "a", 3, true, 1000);
    assert_int_equal(refusals_due(network->state, &all, 1020), 40);
    spared = refusals_begin(network->state, &all, 1020);
    check_names(spared, "a");
    json_decref(spared);
    assert_true(refusals_spare(network->state, "a"));
    assert_false(refusals_spare(network->state, "b"));
    refusals_closures(network->state, "b", 3, false, 1020); /* most are not to blame */
    refusals_forget(network->state, &all);
    assert_int_equal(refusals_due(network->state, &all, 1061), 0);
    spared = refusals_begin(network->state, &all, 1061);
    check_names(spared, "");
    json_decref(spared);
    refusals_closures(network->state, "a", 3, true, 1061);
    assert_int_equal(refusals_due(network->state, &all, 1061), 120);
    spared = refusals_begin(network->state, &all, 1300);
    check_names(spared, "");
    json_decref(spared);
    refusals_forget(network->state, &all);
    assert_int_equal(refusals_due(network->state, &all, 1300), -1);
}

static void who_is_spared_and_refuses_is_left_out_unless_state_lives_there(void **state)
{
    struct network *network = *state;
    struct target reached[] = { { .name = "a" }, { .name = "b" } };
    const struct infrastructure all = { .targets = reached, .count = 2 };
    json_object_set_new(network->state, "targets", json_pack("{s{}s{}}", "a", "b"));
    refusals_closures(network->state, "a", 2, true, 1000);
    json_decref(refusals_begin(network->state, &all, 1000));
    refusals_closures(network->state, "a", 2, true, 1001);
    expect_hung(network->state, 1001, "", -1);
    refusals_closures(network->state, "a", 2, false, 1001);
    expect_hung(network->state, 1001, "a", 60);
    assert_string_equal(hung_reason(json_object_get(json_object_get(network->state, "targets"), "a")),
                        "it takes no closures");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_is_there),
        TEST(who_does_not_tell_what_runs_there_is_asked_again),
        TEST(the_silent_are_left_out),
        TEST(what_is_not_in_the_model_is_missing),
        TEST(a_target_that_falls_silent_has_its_grace),
        TEST(a_target_that_vanishes_has_its_grace),
        TEST(who_comes_back_in_time_was_never_gone),
        TEST(who_was_never_deployed_to_has_no_grace),
        TEST(the_shortest_grace_is_due_first),
        TEST(a_clock_that_is_set_back_ends_no_wait_and_makes_none_endless),
        TEST(who_flaps_is_held_out_until_it_is_stable),
        TEST(who_flaps_gets_no_grace),
        TEST(old_disappearances_do_not_count),
        TEST(a_word_takes_in_who_flaps),
        TEST(who_is_unknown_is_held_until_it_is_accepted),
        TEST(who_is_unknown_is_held_until_it_is_preferred),
        TEST(a_word_about_who_is_not_held_changes_nothing),
        TEST(a_number_of_lost_targets_pauses),
        TEST(a_percentage_of_lost_targets_pauses),
        TEST(half_of_the_targets_is_half),
        TEST(one_by_one_is_not_at_once),
        TEST(a_pause_is_resumed),
        TEST(nobody_in_grace_or_held_is_lost),
        TEST(an_operator_pauses_until_resume),
        TEST(nothing_is_lost_where_nothing_was_deployed),
        TEST(a_state_with_nonsense_is_no_harm),
        TEST(who_is_long_gone_is_forgotten),
        TEST(only_an_absence_that_something_moved_in_is_remembered),
        TEST(a_wait_is_as_long_as_was_measured),
        TEST(every_wait_is_measured),
        TEST(another_name_of_a_machine_is_left_out),
        TEST(targets_with_one_key_are_one_machine),
        TEST(who_hung_twice_is_silent_for_longer_each_time_until_a_deployment_succeeds),
        TEST(who_takes_no_closures_is_spared_for_longer_each_time_until_it_does),
        TEST(who_is_spared_and_refuses_is_left_out_unless_state_lives_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
