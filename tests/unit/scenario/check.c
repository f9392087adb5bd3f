/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each invariant of a scenario holds in a network that is right, and bites in one that is not.
 */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "scenario/play/check.h"

static const char system_text[] =
    "{'targets': {'t1': {}, 't2': {}}, 'services': {'db': {'state': true}, 'web': {}},"
    " 'distribution': {'db': {'on': ['t1', 't2']}, 'web': {'on': ['t2']}}}";

static const char observed_text[] =
    "{'targets': {"
    "  't1': {'is': 'up', 'listed': true, 'locked': false, 'profile': true,"
    "         'active': [{'service': 'db', 'container': 'process', 'version': '1', 'component': 'db-1', "
    "'answers': true,"
    "                     'state': ['a', 'b']}],"
    "         'says': [{'service': 'db', 'container': 'process', 'target': 't1'}],"
    "         'stored': {'process/db-1': [['a', 'b'], ['a']]}},"
    "  't2': {'is': 'up', 'listed': true, 'locked': false, 'profile': true,"
    "         'active': [{'service': 'web', 'container': 'process', 'version': '1', 'component': 'web-1',"
    "                     'answers': true}],"
    "         'says': [{'service': 'web', 'container': 'process', 'target': 't2'}], 'stored': {}}},"
    " 'coordinator': {'stored': {'process/db-1': [['a']]}, 'left': [],"
    "   'manifest': {'services': {'db': {'version': '1'}, 'web': {'version': '1'}},"
    "     'mappings': [{'service': 'db', 'container': 'process', 'target': 't1'},"
    "                  {'service': 'web', 'container': 'process', 'target': 't2'}],"
    "     'snapshots': [{'component': 'db-1', 'container': 'process', 'target': 't1'}]}},"
    " 'held': [], 'paused': false}";

static const char writes_text[] = "[{'service': 'db', 'text': 'a'}, {'service': 'db', 'text': 'b'}]";

/* JSON with ' for ". */
static json_t *parse(const char *text)
{
    char *copy = strdup(text);
    json_t *value;

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    value = json_loads(copy, JSON_DECODE_ANY, NULL);
    free(copy);
    assert_non_null(value);
    return value;
}

struct network {
    json_t *system, *observed, *writes, *documents;
};

static int set_up(void **state)
{
    struct network *network = malloc(sizeof *network);

    *network = (struct network){ parse(system_text), parse(observed_text), parse(writes_text), json_array() };
    *state = network;
    return 0;
}

static int tear_down(void **state)
{
    struct network *network = *state;

    json_decref(network->system);
    json_decref(network->observed);
    json_decref(network->writes);
    json_decref(network->documents);
    free(network);
    return 0;
}

static json_t *target(const struct network *network, const char *name)
{
    return json_object_get(json_object_get(network->observed, "targets"), name);
}

static json_t *coordinator(const struct network *network)
{
    return json_object_get(network->observed, "coordinator");
}

static struct scenario_seen seen_of(const struct network *network)
{
    return (struct scenario_seen){
        network->system, network->observed, network->writes, network->documents, NULL, false, false
    };
}

/* All the invariants; exactly one is broken, and says this. */
static void breaks(const struct network *network, const char *told)
{
    const struct scenario_seen seen = seen_of(network);
    json_t *broken = json_array();

    scenario_check(&seen, true, broken);
    const char *said = json_string_value(json_array_get(broken, 0));
    if (!told)
        assert_null(said);
    else if (!said || !strstr(said, told))
        fail_msg("\"%s\" is not told, but \"%s\"", told, said ? said : "nothing");
    assert_int_equal(json_array_size(broken), told ? 1 : 0);
    json_decref(broken);
}

static void all_is_right(void **state)
{
    breaks(*state, NULL);
}

static void active_and_not_in_the_manifest(void **state)
{
    json_array_append_new(
        json_object_get(target(*state, "t2"), "active"),
        parse("{'service': 'ghost', 'container': 'process', 'version': '1', 'answers': true}"));
    breaks(*state, "ghost is active on t2, and the coordinator's manifest does not have it there");
}

static void active_in_another_version(void **state)
{
    json_object_set_new(json_array_get(json_object_get(target(*state, "t2"), "active"), 0), "version",
                        json_string("2"));
    breaks(*state, "web is active on t2 in version 2, and the manifest has version 1");
}

static void in_the_manifest_and_not_active(void **state)
{
    const struct network *network = *state;
    json_t *manifest = json_object_get(coordinator(network), "manifest");

    json_array_append_new(json_object_get(target(network, "t2"), "says"),
                          parse("{'service': 'old', 'container': 'process', 'target': 't2'}"));
    json_array_append_new(json_object_get(manifest, "mappings"),
                          parse("{'service': 'old', 'container': 'process', 'target': 't2'}"));
    breaks(network, "the manifest has old on t2, and it is not active there");
}

static void in_a_profile_manifest_only(void **state)
{
    json_array_append_new(json_object_get(target(*state, "t2"), "says"),
                          parse("{'service': 'old', 'container': 'process', 'target': 't2'}"));
    breaks(*state, "the profile manifest of t2 has old, and the coordinator's manifest does not");
}

static void not_in_the_profile_manifest(void **state)
{
    json_array_clear(json_object_get(target(*state, "t2"), "says"));
    breaks(*state, "the manifest has web on t2, and the profile manifest there does not");
}

static void on_a_target_that_is_gone(void **state)
{
    json_object_set_new(target(*state, "t2"), "is", json_string("crashed"));
    breaks(*state, "the manifest has web on t2, which is not there");
    json_object_set_new(target(*state, "t2"), "is", json_string("up"));
    json_object_set_new(target(*state, "t2"), "listed", json_false());
    breaks(*state, "the manifest has web on t2, which is not there");
}

/* A story may say so of one that is gone only. */
static void said_to_be_gone(void **state)
{
    const struct scenario_seen seen = seen_of(*state);
    json_t *broken = json_array(), *gone = json_pack("[s]", "t2");

    scenario_check_reasons(&seen, gone, broken);
    assert_string_equal(json_string_value(json_array_get(broken, 0)),
                        "the story gives as a reason that t2 is gone, and it is there");
    json_array_clear(broken);
    json_object_set_new(target(*state, "t2"), "is", json_string("crashed"));
    scenario_check_reasons(&seen, gone, broken);
    assert_int_equal(json_array_size(broken), 0);
    json_decref(broken);
    json_decref(gone);
}

static void could_run_and_does_not(void **state)
{
    json_object_set_new(json_object_get(((struct network *)*state)->system, "services"), "api",
                        json_object());
    breaks(*state, "api could run, and lives nowhere");
}

static void could_run_elsewhere(void **state)
{
    json_object_set_new(json_object_get(((struct network *)*state)->system, "distribution"), "db",
                        parse("{'on': ['t1', 't2'], 'copies': 2}"));
    breaks(*state, "db could run on t2, and is not active there");
}

static void cannot_run_and_need_not(void **state)
{
    json_object_set_new(json_object_get(((struct network *)*state)->system, "services"), "api",
                        json_object());
    json_object_set_new(json_object_get(((struct network *)*state)->system, "distribution"), "api",
                        parse("{'on': ['t9']}"));
    breaks(*state, NULL);
}

static void live_twice(void **state)
{
    const struct network *network = *state;
    json_t *copy = json_deep_copy(json_array_get(json_object_get(target(network, "t1"), "active"), 0));
    json_t *broken = json_array();
    const struct scenario_seen seen = seen_of(network);

    json_array_append_new(json_object_get(target(network, "t2"), "active"), copy);
    scenario_check_once(&seen, broken);
    assert_int_equal(json_array_size(broken), 1);
    assert_non_null(strstr(json_string_value(json_array_get(broken, 0)), "db has state and is live 2 times"));
    json_array_clear(broken);
    json_array_append_new(json_object_get(json_object_get(coordinator(network), "manifest"), "mappings"),
                          parse("{'service': 'db', 'container': 'process', 'target': 't2'}"));
    scenario_check_once(&seen, broken);
    assert_int_equal(json_array_size(broken), 0);
    json_decref(broken);
}

static void a_write_is_in_no_store(void **state)
{
    json_array_insert_new(((struct network *)*state)->writes, 0, parse("{'service': 'db', 'text': 'lost'}"));
    breaks(*state, "\"lost\" was written to db and acknowledged, and is in no store any more");
}

static void the_newest_is_not_live(void **state)
{
    json_t *active = json_array_get(json_object_get(target(*state, "t1"), "active"), 0);

    json_object_set_new(active, "state", parse("['a']"));
    breaks(*state, "\"b\" is the newest write to db that can be reached, and it is not live");
    json_array_append_new(((struct network *)*state)->documents,
                          parse("{'kind': 'stage', 'report': {'disputes': [{'component': 'db-1'}]}}"));
    breaks(*state, NULL);
}

static void something_is_left(void **state)
{
    json_object_set_new(target(*state, "t2"), "locked", json_true());
    breaks(*state, "t2 is left locked");
    json_object_set_new(target(*state, "t2"), "locked", json_false());
    json_array_append_new(json_object_get(coordinator(*state), "left"), json_string("work/x"));
    breaks(*state, "this is left behind: work/x");
}

static void a_held_target_is_not_judged(void **state)
{
    const struct network *network = *state;

    json_array_append_new(json_object_get(network->observed, "held"), json_string("t2"));
    json_array_clear(json_object_get(target(network, "t2"), "active"));
    json_array_remove(json_object_get(json_object_get(coordinator(network), "manifest"), "mappings"), 1);
    breaks(network, NULL);
}

static void writes_of_a_lost_disk_are_doomed(void **state)
{
    const struct network *network = *state;

    scenario_doom(network->observed, NULL, network->writes);
    assert_int_equal(json_array_size(network->writes), 2);
    scenario_doom(network->observed, "t2", network->writes);
    assert_int_equal(json_array_size(network->writes), 2);
    scenario_doom(network->observed, "t1", network->writes);
    assert_int_equal(json_array_size(network->writes), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(network->writes, 0), "text")), "a");
}

/* An expectation that holds: told NULL. */
static void expects(const struct network *network, const char *expectation, const char *told)
{
    struct scenario_seen seen = seen_of(network);
    json_t *wanted = parse(expectation), *broken = json_array();

    seen.messages = "[coordinator]: all is well\n";
    scenario_expect(wanted, &seen, broken);
    const char *said = json_string_value(json_array_get(broken, 0));
    if (told ? !said || !strstr(said, told) : said != NULL)
        fail_msg("%s: \"%s\" is told", expectation, said ? said : "nothing");
    json_decref(broken);
    json_decref(wanted);
}

static void expectations(void **state)
{
    const struct network *network = *state;
    json_t *documents =
        parse("[{'kind': 'cycle_began'}, {'kind': 'stage', 'stage': 'reconstruct', 'report':"
              "  {'changed': true, 'rescued': [{'target': 't1', 'component': 'db-1'}], 'dangling': [1, 2]}},"
              " {'kind': 'cycle_ended', 'outcome': 'failed'}, {'kind': 'cycle_began'},"
              " {'kind': 'cycle_ended', 'outcome': 'done'}]");
    json_array_extend(network->documents, documents);
    json_decref(documents);
    expects(network, "{'failed': 1, 'answers': {'db': ['t1'], 'web': ['t2']}, 'state': {'db': ['a', 'b']}}",
            NULL);
    expects(network, "{'failed': 1, 'answers': {'db': ['t2']}}",
            "where db answers: expected [\"t2\"], seen [\"t1\"]");
    expects(network, "{'failed': 1, 'answers': {'db': []}}", "where db answers");
    expects(network, "{'failed': 1, 'state': {'db': ['b', 'a']}}", "the state of db");
    expects(network, "{'failed': 1, 'cycles': 2}", NULL);
    expects(network, "{'failed': 1, 'cycles': {'most': 1}}", "adaptation cycles");
    expects(network, "{}", "cycles that failed: expected 0, seen 1");
    expects(network, "{'failed': 1, 'held': ['t1']}", "held targets");
    expects(network, "{'failed': 1, 'paused': true}", "paused");
    expects(network, "{'failed': 1, 'rescued': [{'target': 't1'}]}", NULL);
    expects(network, "{'failed': 1, 'rescued': [{'target': 't2'}]}", "rescued: expected");
    expects(network, "{'failed': 1, 'rescued': []}", "rescued: expected");
    expects(network, "{'failed': 1, 'superseded': []}", NULL);
    expects(network, "{'failed': 1, 'report': [{'stage': 'reconstruct', 'path': '/dangling/1', 'is': 2}]}",
            NULL);
    expects(network, "{'failed': 1, 'report': [{'stage': 'reconstruct', 'path': '/changed', 'is': false}]}",
            "/changed in the last report of reconstruct");
    expects(network, "{'failed': 1, 'says': ['all is well'], 'silent-about': ['doom']}", NULL);
    expects(network, "{'failed': 1, 'says': ['doom']}", "the loop does not say: doom");
    expects(network, "{'failed': 1, 'silent-about': ['well']}", "the loop says: well");
}

static void what_is_wanted_follows_events(void **state)
{
    json_t *scenario = parse(system_text), *system = scenario_system(scenario), *wanted;
    static const char *const events[] = { "{'event': 'add', 'target': 't3', 'resources': {'memory': 2}}",
                                          "{'event': 'rename', 'target': 't1', 'to': 't9'}",
                                          "{'event': 'remove', 'target': 't2'}",
                                          "{'event': 'crash', 'target': 't9'}",
                                          ("{'event': 'upgrade', 'services': {'web': null, 'db': {'version': "
                                           "'2'}, 'api': {}}, 'distribution': {'api': {'copies': 2}}}") };

    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        json_t *event = parse(events[i]);
        scenario_system_follow(system, event);
        json_decref(event);
    }
    assert_int_equal(json_object_size(json_object_get(system, "targets")), 2);
    assert_non_null(json_object_get(json_object_get(json_object_get(system, "targets"), "t3"), "resources"));
    assert_non_null(json_object_get(json_object_get(system, "targets"), "t9"));
    wanted = parse("{'db': {'state': true, 'version': '2'}, 'api': {}}");
    assert_true(json_equal(json_object_get(system, "services"), wanted));
    assert_non_null(json_object_get(json_object_get(system, "distribution"), "api"));
    json_decref(wanted);
    json_decref(system);
    json_decref(scenario);
}

int main(void)
{
#define CHECKED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECKED(all_is_right),
        CHECKED(active_and_not_in_the_manifest),
        CHECKED(active_in_another_version),
        CHECKED(in_the_manifest_and_not_active),
        CHECKED(in_a_profile_manifest_only),
        CHECKED(not_in_the_profile_manifest),
        CHECKED(on_a_target_that_is_gone),
        CHECKED(said_to_be_gone),
        CHECKED(could_run_and_does_not),
        CHECKED(could_run_elsewhere),
        CHECKED(cannot_run_and_need_not),
        CHECKED(live_twice),
        CHECKED(a_write_is_in_no_store),
        CHECKED(the_newest_is_not_live),
        CHECKED(something_is_left),
        CHECKED(a_held_target_is_not_judged),
        CHECKED(writes_of_a_lost_disk_are_doomed),
        CHECKED(expectations),
        CHECKED(what_is_wanted_follows_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
