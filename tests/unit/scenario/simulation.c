/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scenarios in a simulated network: the real cycle, reconstruction and engine.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "scenario/play/network.h"
#include "scenario/simulation/faults.h"

#define NET(function) scenario_simulation.function

/* A scenario that is under way. */
struct play {
    json_t *scenario;
    void *network;
};

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    if (!value)
        fail_msg("%s: %s", text, error.text);
    return value;
}

/* The database db, on a if it is there, and web, which depends on it. */
static const char plain[] =
    "{ 'seed': 1, 'targets': { 'a': {}, 'b': {}, 'c': {} },"
    "  'services': { 'db': { 'type': 'database', 'state': true }, 'web': { 'dependsOn': ['db'] } },"
    "  'distribution': { 'db': { 'on': ['a', 'b'] }, 'web': { 'on': ['b', 'c'] } } }";

/* JSON with ' for ". */
static json_t *json(const char *text)
{
    CLEANUP_FREE char *copy = strdup(text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return parse(copy);
}

static struct play begin(const char *text)
{
    struct play play = { .scenario = json(text) };
    const struct scenario_setting setting = { .scenario = play.scenario,
                                              .seed = 1,
                                              .verbose = getenv("SIMULATION_VERBOSE") != NULL };
    play.network = NET(open)(&setting);
    assert_non_null(play.network);
    return play;
}

static void adapts(struct play *play)
{
    assert_int_equal(NET(adapt)(play->network, false), 0);
}

static void happens(struct play *play, const char *event)
{
    CLEANUP_JSON json_t *document = json(event);
    assert_int_equal(NET(happen)(play->network, document), 0);
}

static void end(struct play *play)
{
    NET(close)(play->network);
    json_decref(play->scenario);
}

static struct play deployed(const char *text)
{
    struct play play = begin(text);
    adapts(&play);
    return play;
}

/* Where a service is live and answers, as "a,b". */
static char *where(struct play *play, const char *service)
{
    CLEANUP_JSON json_t *observed = NET(observe)(play->network);
    char *list = strdup("");
    const char *name;
    json_t *target, *active;
    size_t index;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        json_array_foreach(json_object_get(target, "active"), index, active)
            if (strcmp(json_string_value(json_object_get(active, "service")), service) == 0
                && json_is_true(json_object_get(active, "answers"))) {
                char *longer = string_format("%s%s%s", list, *list ? "," : "", name);
                free(list);
                list = longer;
            }
    return list;
}

static void is_on(struct play *play, const char *service, const char *targets)
{
    CLEANUP_FREE char *list = where(play, service);
    assert_string_equal(list, targets);
}

/* A member of what is observed, as compact JSON with ' for ". */
static void observed_is(struct play *play, const char *pointer[], const char *expected)
{
    CLEANUP_JSON json_t *observed = NET(observe)(play->network), *wanted = json(expected);
    const json_t *value = observed;
    for (size_t i = 0; pointer[i]; i++)
        value = json_object_get(value, pointer[i]);
    CLEANUP_FREE char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS) : strdup("nothing");
    CLEANUP_FREE char *other = json_dumps(wanted, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_string_equal(text, other);
}

#define OBSERVED(play, expected, ...) observed_is(play, (const char *[]){ __VA_ARGS__, NULL }, expected)

static void holds(struct play *play, const char *target, const char *lines)
{
    CLEANUP_JSON json_t *observed = NET(observe)(play->network), *wanted = json(lines);
    json_t *active, *found = NULL;
    size_t index;
    json_array_foreach(
        json_object_get(json_object_get(json_object_get(observed, "targets"), target), "active"), index,
        active)
        if (strcmp(json_string_value(json_object_get(active, "service")), "db") == 0)
            found = json_object_get(active, "state");
    assert_true(json_equal(found, wanted));
}

/* The manifest says what runs, nothing is locked or left. */
static void is_in_order(struct play *play)
{
    CLEANUP_JSON json_t *observed = NET(observe)(play->network);
    const json_t *coordinator = json_object_get(observed, "coordinator");
    const char *name;
    json_t *target, *entry;
    size_t index, active = 0;
    json_object_foreach(json_object_get(observed, "targets"), name, target) {
        assert_false(json_is_true(json_object_get(target, "locked")));
        json_array_foreach(json_object_get(target, "active"), index, entry)
            active += json_is_true(json_object_get(entry, "answers"));
    }
    assert_int_equal(json_array_size(json_object_get(coordinator, "left")), 0);
    assert_int_equal(json_array_size(json_object_get(json_object_get(coordinator, "manifest"), "mappings")),
                     active);
}

static void says(struct play *play, const char *words)
{
    CLEANUP_FREE char *messages = NET(messages)(play->network);
    if (!strstr(messages, words))
        fail_msg("%s\nis not in\n%s", words, messages);
}

static void deploys(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    is_on(&play, "db", "a");
    is_on(&play, "web", "b");
    is_in_order(&play);
    OBSERVED(&play,
             "{'db': {'version': '1', 'type': 'database', 'dependsOn': []},"
             " 'web': {'version': '1', 'type': 'process', 'dependsOn': ['db']}}",
             "coordinator", "manifest", "services");
    OBSERVED(&play, "[{'component': 'db-1', 'container': 'database', 'target': 'a'}]", "coordinator",
             "manifest", "snapshots");
    end(&play);
}

static size_t cycles(struct play *play, const char *outcome)
{
    CLEANUP_JSON json_t *journal = NET(journal)(play->network);
    size_t index, count = 0;
    json_t *entry;
    json_array_foreach(journal, index, entry) {
        const char *kind = json_string_value(json_object_get(entry, "kind"));
        const char *how = json_string_value(json_object_get(entry, "outcome"));
        count += strcmp(kind, "cycle_ended") == 0 && how && strcmp(how, outcome) == 0;
    }
    return count;
}

static void does_nothing_without_a_reason(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    assert_int_equal(cycles(&play, "done"), 1);
    assert_int_equal(NET(adapt)(play.network, true), 0);
    assert_int_equal(cycles(&play, "done"), 0);
    end(&play);
}

static void moves_state_of_a_machine_that_crashed(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play, "{ 'event': 'write', 'service': 'db', 'text': 'first' }");
    adapts(&play); /* which takes a snapshot */
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    OBSERVED(&play, "false", "targets", "a", "listed"); /* the generator reaches it no more */
    OBSERVED(&play, "true", "targets", "b", "listed");
    is_on(&play, "db", "b");
    holds(&play, "b", "['first']");
    is_in_order(&play);
    happens(&play, "{ 'event': 'write', 'service': 'db', 'text': 'second' }");
    adapts(&play);
    happens(&play, "{ 'event': 'reappear', 'target': 'a' }");
    adapts(&play);
    is_on(&play, "db", "b");
    holds(&play, "b", "['first', 'second']");
    is_in_order(&play);
    OBSERVED(&play, "{'database/db-1': [['first', 'second'], ['first']]}", "coordinator", "stored");
    end(&play);
}

static void survives_a_coordinator_that_lost_all(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play, "{ 'event': 'write', 'service': 'db', 'text': 'first', 'snapshot': true }");
    happens(&play, "{ 'event': 'lose-coordinator' }");
    adapts(&play);
    is_on(&play, "db", "a");
    is_on(&play, "web", "b");
    holds(&play, "a", "['first']");
    is_in_order(&play);
    end(&play);
}

static void asks_a_fixed_model(void **state)
{
    CLEANUP_FREE char *text = string_format("{ 'discovery': false, %s", plain + 1);
    struct play play = deployed(text);
    (void)state;
    happens(&play, "{ 'event': 'hang', 'target': 'a' }");
    adapts(&play);
    is_on(&play, "db", "a,b"); /* the services of a machine that hangs run on */
    happens(&play, "{ 'event': 'resume', 'target': 'a' }");
    adapts(&play);
    is_on(&play, "db", "b");
    is_in_order(&play);
    end(&play);
}

static void mends_a_deployment_that_was_killed(void **state)
{
    /* Nothing is snapshotted: the machine that the state leaves is gone. */
    static const char *const phases[] = { "distributing", "deactivating", "activating",
                                          "restoring",    "setting",      "coordinator" };
    static const size_t setting = 4; /* from here on it is finished at once */
    (void)state;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        struct play play = deployed(plain);
        CLEANUP_FREE char *event =
            string_format("{ 'event': 'end', 'phase': '%s', 'signal': 'KILL' }", phases[i]);
        happens(&play, "{ 'event': 'write', 'service': 'db', 'text': 'first', 'snapshot': true }");
        happens(&play, event);
        happens(&play, "{ 'event': 'crash', 'target': 'a' }");
        adapts(&play);
        is_on(&play, "db", "b");
        holds(&play, "b", "['first']");
        assert_int_equal(cycles(&play, "failed"), i < setting);
        is_in_order(&play);
        end(&play);
    }
}

static void is_killed_and_started_again(void **state)
{
    static const char *const spared[] = { "", ", 'spares': 'engine'" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct play play = deployed(plain);
        CLEANUP_FREE char *event =
            string_format("{ 'event': 'kill-host', 'at': { 'phase': 'activating' }%s }", spared[i]);
        happens(&play, event);
        happens(&play, "{ 'event': 'crash', 'target': 'a' }");
        adapts(&play);
        says(&play, "its last phase was 'activating'");
        is_on(&play, "db", "b");
        is_in_order(&play);
        end(&play);
    }
}

static void crashes_within_a_deployment(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play, "{ 'event': 'crash', 'target': 'b', 'at': { 'call': '--activate', 'target': 'b' } }");
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    is_on(&play, "web", "c");
    is_on(&play, "db", ""); /* there is no machine left for it */
    happens(&play, "{ 'event': 'reappear', 'target': 'b' }");
    adapts(&play);
    is_on(&play, "db", "b");
    is_in_order(&play);
    end(&play);
}

static void ends_what_hangs(void **state)
{
    static const char text[] =
        "{ 'targets': { 'a': {}, 'b': {} }, 'options': ['--stage-timeout=redeploy=60'],"
        "  'services': { 'db': { 'type': 'database' } }, 'distribution': {} }";
    struct play play = deployed(text);
    (void)state;
    happens(&play, "{ 'event': 'fail', 'operation': '--activate', 'how': 'hangs' }");
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    says(&play, "disnix-activate: no answer in time");
    is_on(&play, "db", "b");
    is_in_order(&play);
    end(&play);
}

static void decides_nothing_while_it_is_not_known(void **state)
{
    static const char *const prints[] = { "half", "nothing", "empty", "garbage", "fails", "hangs" };
    (void)state;
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
        struct play play = deployed(plain);
        CLEANUP_FREE char *event =
            string_format("{ 'event': 'generator', 'prints': '%s', 'times': 2 }", prints[i]);
        happens(&play, event);
        adapts(&play);
        is_on(&play, "db", "a");
        is_in_order(&play);
        assert_int_equal(cycles(&play, "failed"), 2);
        end(&play);
    }
}

static void tries_a_stage_again(void **state)
{
    static const char *const stages[] = { "capture", "augment", "reconstruct", "redistribute", "redeploy" };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof stages / sizeof *stages; i++) {
        struct play play = deployed(plain);
        CLEANUP_FREE char *event = string_format("{ 'event': 'fail', 'stage': '%s', 'how': '%s' }",
                                                 stages[i / 2], i % 2 ? "hangs" : "fails");
        happens(&play, event);
        happens(&play, "{ 'event': 'crash', 'target': 'a' }");
        adapts(&play);
        is_on(&play, "db", "b");
        is_in_order(&play);
        assert_int_equal(cycles(&play, "failed"), 1);
        end(&play);
    }
}

static void goes_on_when_the_disk_has_room_again(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play, "{ 'event': 'full-disk' }");
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    is_on(&play, "db", "");
    says(&play, "No space left on device");
    happens(&play, "{ 'event': 'free-disk' }");
    adapts(&play);
    is_on(&play, "db", "b");
    is_in_order(&play);
    end(&play);
}

static void hears_what_an_operator_says(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play, "{ 'event': 'pause' }");
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    is_on(&play, "db", "");
    OBSERVED(&play, "true", "paused");
    happens(&play, "{ 'event': 'continue' }");
    adapts(&play);
    is_on(&play, "db", "b");
    /* Nobody has ever saved what was on a. */
    happens(&play, "{ 'event': 'reappear', 'target': 'a' }");
    adapts(&play);
    OBSERVED(&play, "[]", "held");
    is_on(&play, "db", "b");
    is_in_order(&play);
    end(&play);
}

static void ends_by_itself_and_is_started_again(void **state)
{
    CLEANUP_FREE char *text = string_format("{ 'options': ['--once'], %s", plain + 1);
    struct play play = deployed(text);
    (void)state;
    assert_int_equal(cycles(&play, "done"), 1);
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    assert_int_equal(cycles(&play, "done"), 1);
    is_on(&play, "db", "b");
    end(&play);
}

static void upgrades(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play, "{ 'event': 'upgrade', 'services': { 'web': { 'version': '2' } },"
                   " 'distribution': { 'web': { 'on': ['c'], 'stay': false } } }");
    adapts(&play);
    is_on(&play, "web", "c");
    is_in_order(&play);
    happens(&play, "{ 'event': 'upgrade', 'services': { 'web': null } }");
    adapts(&play);
    is_on(&play, "web", "");
    end(&play);
}

static void notices_what_another_coordinator_did(void **state)
{
    struct play play = deployed(plain);
    (void)state;
    happens(&play,
            "{ 'event': 'foreign-deploy', 'distribution': { 'web': { 'on': ['c'], 'stay': false } } }");
    is_on(&play, "web", "c");
    happens(&play, "{ 'event': 'add', 'target': 'd' }");
    adapts(&play);
    is_on(&play, "web", "c");
    is_in_order(&play);
    end(&play);
}

static void believes_no_profile_manifest_that_is_wrong(void **state)
{
    static const char *const ways[] = { "garbage", "half", "empty", "stranger" };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct play play = deployed(plain);
        CLEANUP_FREE char *event =
            string_format("{ 'event': 'corrupt', 'target': 'b', 'how': '%s' }", ways[i]);
        happens(&play, event);
        happens(&play, "{ 'event': 'lose-coordinator', 'what': 'store' }");
        happens(&play, "{ 'event': 'remove', 'target': 'c' }");
        adapts(&play);
        says(&play, "[target: b]: invalid: ");
        is_on(&play, "db", "a");
        end(&play);
    }
}

static void journalled_before(struct play *play, const char *time)
{
    CLEANUP_JSON json_t *journal = NET(journal)(play->network);
    const json_t *last = json_array_get(journal, json_array_size(journal) - 1);
    assert_true(strcmp(json_string_value(json_object_get(last, "time")), time) < 0);
}

static void sees_the_time(void **state)
{
    struct play play = deployed(plain);
    int64_t before = NET(elapsed)(play.network);
    (void)state;
    happens(&play, "{ 'event': 'wait', 'seconds': 7200 }");
    assert_true(NET(elapsed)(play.network) >= before + 7200);
    before = NET(elapsed)(play.network);
    happens(&play, "{ 'event': 'slow', 'target': 'b', 'milliseconds': 30000 }");
    happens(&play, "{ 'event': 'remove', 'target': 'c' }");
    adapts(&play);
    assert_true(NET(elapsed)(play.network) >= before + 90);
    happens(&play, "{ 'event': 'clock', 'seconds': -86400 }");
    happens(&play, "{ 'event': 'partition', 'targets': ['a'] }");
    adapts(&play);
    journalled_before(&play, "2023-11-14T22"); /* when it began */
    is_on(&play, "db", "a,b");                 /* both sides of a partition live */
    happens(&play, "{ 'event': 'join', 'targets': ['a'] }");
    adapts(&play);
    is_on(&play, "db", "b");
    is_in_order(&play);
    end(&play);
}

static void has_room_for_several_networks(void **state)
{
    struct play one = deployed(plain), other = begin(plain);
    (void)state;
    happens(&one, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&other);
    adapts(&one);
    is_on(&one, "db", "b");
    is_on(&other, "db", "a");
    end(&one);
    adapts(&other);
    end(&other);
}

/* All that a longer story says and journals. */
static char *tell(void)
{
    struct play play = deployed(plain);
    xmlBufferPtr told = xmlBufferCreate();
    static const char *const events[] = {
        "{ 'event': 'write', 'service': 'db', 'text': 'first', 'snapshot': true }",
        "{ 'event': 'crash', 'target': 'a' }",
        "{ 'event': 'write', 'service': 'db', 'text': 'second' }",
        "{ 'event': 'fail', 'operation': '--activate', 'probability': 0.5 }",
        "{ 'event': 'reappear', 'target': 'a' }",
        "{ 'event': 'lose-coordinator' }",
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        happens(&play, events[i]);
        NET(adapt)(play.network, false);
        CLEANUP_JSON json_t *journal = NET(journal)(play.network), *observed = NET(observe)(play.network);
        CLEANUP_FREE char *messages = NET(messages)(play.network), *one = json_dumps(journal, 0),
                          *other = json_dumps(observed, 0);
        xmlBufferCCat(told, messages);
        xmlBufferCCat(told, one);
        xmlBufferCCat(told, other);
    }
    char *text = strdup((const char *)xmlBufferContent(told));
    xmlBufferFree(told);
    end(&play);
    return text;
}

static void is_the_same_each_time(void **state)
{
    CLEANUP_FREE char *first = tell();
    setenv("TMPDIR", "/somewhere/else", 1);
    CLEANUP_FREE char *second = tell();
    (void)state;
    unsetenv("TMPDIR");
    assert_true(strlen(first) > 1000);
    assert_string_equal(first, second);
}

/* In a move of the database every third effect goes wrong, in one way or another. */
static void survives_faults(void **state)
{
    static const char text[] =
        "{ 'targets': { 'a': {}, 'b': {}, 'c': {} },"
        "  'options': ['--cycle-timeout=7200', '--stop-timeout=10'],"
        "  'services': { 'db': { 'type': 'database' }, 'web': { 'dependsOn': ['db'] } } }";
    struct play play = deployed(text);
    size_t before = simulated_effects(play.network), count;
    (void)state;
    happens(&play, "{ 'event': 'crash', 'target': 'a' }");
    adapts(&play);
    count = simulated_effects(play.network) - before;
    assert_true(count > 30);
    end(&play);
    for (size_t i = 1; i <= count; i += 3) {
        enum simulated_fault fault = i % 7 == 0 ? SIMULATED_HANGS : i % 2 ? SIMULATED_KILLS : SIMULATED_FAILS;
        play = deployed(text);
        happens(&play, "{ 'event': 'write', 'service': 'db', 'text': 'first', 'snapshot': true }");
        happens(&play, "{ 'event': 'crash', 'target': 'a' }");
        simulated_fault_at(play.network, simulated_effects(play.network) + i, fault);
        adapts(&play);
        assert_non_null(simulated_fault_hit(play.network));
        is_on(&play, "db", "b");
        holds(&play, "b", "['first']");
        if (fault == SIMULATED_KILLS || strncmp(simulated_fault_hit(play.network), "remove ", 7) != 0)
            is_in_order(&play); /* what cannot be removed stays */
        end(&play);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deploys),
        cmocka_unit_test(does_nothing_without_a_reason),
        cmocka_unit_test(moves_state_of_a_machine_that_crashed),
        cmocka_unit_test(survives_a_coordinator_that_lost_all),
        cmocka_unit_test(asks_a_fixed_model),
        cmocka_unit_test(mends_a_deployment_that_was_killed),
        cmocka_unit_test(is_killed_and_started_again),
        cmocka_unit_test(crashes_within_a_deployment),
        cmocka_unit_test(ends_what_hangs),
        cmocka_unit_test(decides_nothing_while_it_is_not_known),
        cmocka_unit_test(tries_a_stage_again),
        cmocka_unit_test(goes_on_when_the_disk_has_room_again),
        cmocka_unit_test(hears_what_an_operator_says),
        cmocka_unit_test(ends_by_itself_and_is_started_again),
        cmocka_unit_test(upgrades),
        cmocka_unit_test(notices_what_another_coordinator_did),
        cmocka_unit_test(believes_no_profile_manifest_that_is_wrong),
        cmocka_unit_test(sees_the_time),
        cmocka_unit_test(has_room_for_several_networks),
        cmocka_unit_test(is_the_same_each_time),
        cmocka_unit_test(survives_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
