/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the host remembers of copies of state, what words do to it, and what a deployment settles.
 */
#include "tests/unit/unit.h"

#include "host/copies/survivors.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

#define KEY "1111111111111111111111111111111111111111111111111111111111111111"

/* The lines that were logged. */
static char logged[4096];

static void log_line(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    size_t length = strlen(logged);
    (void)level;
    (void)target;
    vsnprintf(logged + length, sizeof logged - length, format, arguments);
    strncat(logged, "\n", sizeof logged - strlen(logged) - 1);
}

static struct dydisnix_operations table;

static int setup(void **state)
{
    (void)state;
    table = real_operations;
    table.log = log_line;
    logged[0] = '\0';
    operations_use(&table);
    return 0;
}

/* Single quotes are double ones. */
static json_t *read_json(const char *text)
{
    char *copy = strdup(text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = json_loads(copy, 0, NULL);
    assert_non_null(value);
    free(copy);
    return value;
}

static void expect_json(const json_t *value, const char *text)
{
    json_t *expected = read_json(text);
    if (!json_equal(value, expected)) {
        char *got = json_dumps(value, JSON_INDENT(1));
        fail_msg("%s", got ? got : "nothing");
    }
    json_decref(expected);
}

static void take(json_t *state, const char *text, int64_t now)
{
    json_t *report = read_json(text);
    survivors_take(state, report, now);
    json_decref(report);
}

static const json_t *survivors_of(const json_t *state, const char *member)
{
    return json_object_get(json_object_get(state, "survivors"), member);
}

static void what_was_decided_is_replaced_whole(void **unused)
{
    json_t *state = json_object();
    (void)unused;
    take(state,
         "{'survivors': {'kept': {'process': {'db': ['a']}}, 'of a later version': 1}, 'disputes': []}", 0);
    expect_json(
        state,
        "{'survivors': {'kept': {'process': {'db': ['a']}}, 'of a later version': 1}, 'disputes': []}");
    take(state, "{'rescued': []}", 0);
    survivors_take(state, NULL, 0);
    expect_json(survivors_of(state, "kept"), "{'process': {'db': ['a']}}");
    take(state, "{'survivors': {'prefer': {}}}", 0);
    expect_json(json_object_get(state, "survivors"), "{'prefer': {}}");
    assert_string_equal(logged, "");
    json_decref(state);
}

#define WAITING(snapshots)                                                                                             \
    "{'survivors': {}, 'disputes': [{'component': 'db', 'container': 'process', 'copies': [{'target': 'a', " snapshots \
    "}]}]}"

static void snapshots_of_a_copy_that_waits_stay_known(void **unused)
{
    json_t *state = json_object();
    (void)unused;
    take(state, WAITING("'snapshots': ['x', 'y'], 'newest': 7"), 0);
    take(state, WAITING("'snapshots': [], 'newest': null"), 0);
    expect_json(state, WAITING("'snapshots': ['x', 'y'], 'newest': 7"));
    take(state, WAITING("'snapshots': ['z'], 'newest': null"), 0);
    expect_json(state, WAITING("'snapshots': ['z'], 'newest': null"));
    json_decref(state);
}

/* Nothing of it, not even what has its form. */
static void expect_not_believed(const char *report, const char *member)
{
    json_t *state = read_json("{'survivors': {'kept': {}}, 'disputes': []}");
    logged[0] = '\0';
    take(state, report, 0);
    expect_json(state, "{'survivors': {'kept': {}}, 'disputes': []}");
    assert_non_null(strstr(logged, member));
    assert_ptr_equal(strchr(logged, '\n'), logged + strlen(logged) - 1);
    json_decref(state);
}

static void what_has_another_form_is_not_believed(void **unused)
{
    (void)unused;
    expect_not_believed("{'survivors': {'disputed': {'a': {'process': {'db': 1}}}}}", " disputed ");
    expect_not_believed("{'survivors': {'disputed': []}, 'disputes': []}", " disputed ");
    expect_not_believed("{'survivors': {'brought': {'a': {'process': []}}}}", " brought ");
    expect_not_believed("{'survivors': {'accept': {'a': {'process': {'db': false}}}}}", " accept ");
    expect_not_believed("{'survivors': {'kept': {'process': {'db': [1]}}}}", " kept ");
    expect_not_believed("{'survivors': {'kept': {'process': {'db': 'a'}}}}", " kept ");
    expect_not_believed("{'survivors': {'prefer': {'process': {'db': ['a']}}}}", " prefer ");
    expect_not_believed("{'survivors': {'prefer': 1}}", " prefer ");
    expect_not_believed("{'survivors': [], 'disputes': []}", " survivors ");
    expect_not_believed("{'survivors': {}, 'disputes': {}}", " disputes ");
    expect_not_believed("{'survivors': {}, 'disputes': [1]}", " disputes ");
    expect_not_believed("{'survivors': {}, 'disputes': [{}]}", " disputes ");
    expect_not_believed("{'survivors': {}, 'disputes': [{'component': 'db', 'container': 'process'}]}",
                        " disputes ");
    expect_not_believed(
        "{'survivors': {}, 'disputes': [{'component': 'db', 'container': 'x', 'copies': {}}]}", " disputes ");
    expect_not_believed("{'survivors': {},"
                        " 'disputes': [{'component': 'db', 'container': 'x', 'copies': [{'target': 1}]}]}",
                        " disputes ");
}

/* b lives; its copy on a waits. Nobody knows which copy of log is the one. */
static json_t *dispute(void)
{
    return read_json("{'disputes': [{'component': 'db', 'container': 'process', 'copies': ["
                     " {'target': 'a', 'disputed': true}, {'target': 'b', 'live': true, 'disputed': false}]},"
                     "{'component': 'log', 'container': 'file', 'copies': ["
                     " {'target': 'a', 'disputed': true}, {'target': 'b', 'disputed': true}]}]}");
}

static void expect_refused(const char *word, const char *target, const char *component, const char *why)
{
    json_t *state = dispute();
    char *reason = NULL;
    assert_int_equal(survivors_word(state, word, target, component, &reason), -1);
    assert_string_equal(reason, why);
    assert_int_equal(json_object_size(json_object_get(state, "survivors")), 0);
    free(reason);
    json_decref(state);
}

static void expect_word(const char *word, const char *target, const char *component, const char *member,
                        const char *expected)
{
    json_t *state = dispute();
    char *reason = NULL;
    assert_int_equal(survivors_word(state, word, target, component, &reason), 0);
    assert_null(reason);
    assert_int_equal(json_object_size(json_object_get(state, "survivors")), 1);
    expect_json(survivors_of(state, member), expected);
    json_decref(state);
}

static void a_copy_is_kept_or_discarded(void **unused)
{
    (void)unused;
    expect_word("keep-copy", "a", "db", "prefer", "{'process': {'db': 'a'}}");
    expect_word("keep-copy", "a", "file/log", "prefer", "{'file': {'log': 'a'}}");
    expect_word("keep-copy", "b", "db", "prefer", "{'process': {'db': 'b'}}"); /* that settles it, too */
    expect_word("discard-copy", "a", "db", "accept", "{'a': {'process': {'db': true}}}");
    expect_word("discard-copy", "b", "log", "accept", "{'b': {'file': {'log': true}}}");
}

static void a_word_without_component_is_about_all_in_dispute_there(void **unused)
{
    (void)unused;
    expect_word("keep-copy", "a", NULL, "prefer", "{'process': {'db': 'a'}, 'file': {'log': 'a'}}");
    expect_word("discard-copy", "a", NULL, "accept",
                "{'a': {'process': {'db': true}, 'file': {'log': true}}}");
    expect_word("discard-copy", "b", NULL, "accept", "{'b': {'file': {'log': true}}}");
}

static void what_is_in_no_dispute_is_refused(void **unused)
{
    (void)unused;
    expect_refused("keep-copy", "a", "other", "other is not in dispute on target a");
    expect_refused("keep-copy", "a", "file/db", "file/db is not in dispute on target a");
    expect_refused("keep-copy", "c", "db", "db is not in dispute on target c");
    expect_refused("discard-copy", "c", NULL, "nothing is in dispute on target c");
    expect_refused("discard-copy", "b", "db",
                   "the copy on target b is the one that lives; discard-copy is for another one");
}

static void the_last_word_counts(void **unused)
{
    json_t *state = dispute();
    char *reason = NULL;
    (void)unused;
    survivors_word(state, "keep-copy", "a", "db", &reason);
    survivors_word(state, "discard-copy", "a", "db", &reason);
    expect_json(json_object_get(state, "survivors"),
                "{'prefer': {'process': {}}, 'accept': {'a': {'process': {'db': true}}}}");
    survivors_word(state, "keep-copy", "a", "db", &reason);
    expect_json(json_object_get(state, "survivors"),
                "{'prefer': {'process': {'db': 'a'}}, 'accept': {'a': {'process': {}}}}");
    assert_null(reason);
    json_decref(state);
}

/* The only copy that there is: what the coordinator holds may be newer. */
static void the_only_copy_may_be_discarded(void **unused)
{
    json_t *state = read_json("{'disputes': [{'component': 'db', 'container': 'process', 'copies': ["
                              " {'target': 'a', 'live': true, 'disputed': false}]}]}");
    char *reason = NULL;
    (void)unused;
    assert_int_equal(survivors_word(state, "discard-copy", "a", "db", &reason), 0);
    json_decref(state);
}

/* Targets a and b were reached, c was not; db is on a and log on b, in container process. */
struct deployment {
    struct strings *strings;
    struct manifest manifest;
    struct infrastructure reached;
    struct target targets[2];
};

static void deploy(struct deployment *deployment)
{
    static const struct snapshot_mapping mappings[] = { { "a", "process", "db", KEY, NULL },
                                                        { "b", "process", "log", KEY, NULL },
                                                        { "c", "process", "far", KEY, NULL },
                                                        { "a", "process", "both", KEY, NULL },
                                                        { "b", "process", "both", KEY, NULL } };
    *deployment = (struct deployment){ .strings = strings_new() };
    manifest_init(&deployment->manifest, deployment->strings);
    for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++)
        assert_non_null(manifest_add_snapshot_mapping(&deployment->manifest, &mappings[i]));
    manifest_sort(&deployment->manifest);
    deployment->targets[0].name = "a";
    deployment->targets[1].name = "b";
    deployment->reached = (struct infrastructure){ .targets = deployment->targets, .count = 2 };
}

static void expect_settled(const char *before, const char *pins_text, const char *after)
{
    struct deployment deployment;
    json_t *state = read_json(before), *pins = pins_text ? read_json(pins_text) : NULL;
    deploy(&deployment);
    survivors_pin(state, pins);
    survivors_deployed(state, &deployment.manifest, &deployment.reached);
    expect_json(state, after);
    json_decref(state);
    json_decref(pins);
    manifest_clear(&deployment.manifest);
    strings_free(deployment.strings);
}

static void words_are_over_with_a_deployment(void **unused)
{
    (void)unused;
    expect_settled(
        "{'survivors': {'accept': {'a': {'process': {'x': true}}, 'c': {'process': {'x': true}}},"
        " 'prefer': {'process': {'x': 'b', 'y': 'c'}}, 'brought': {'b': {'process': {'x': {}}}}}}",
        NULL,
        "{'survivors': {'accept': {'c': {'process': {'x': true}}}, 'prefer': {'process': {'y': 'c'}},"
        " 'brought': {}}}");
}

static void what_is_kept_is_decided_by_a_deployment_unless_it_is_pinned(void **unused)
{
    (void)unused;
    expect_settled("{'survivors': {'kept': {'process': {'db': ['a'], 'log': []}, 'other': {'db': []}}}}",
                   "[{'component': 'db', 'container': 'process', 'targets': ['a']}]",
                   "{'survivors': {'kept': {'process': {'db': ['a']}, 'other': {}}}}");
}

static void what_is_deployed_where_it_was_given_up_is_a_copy_as_any_other(void **unused)
{
    (void)unused;
    expect_settled(
        "{'survivors': {'superseded': {'a': {'process': {'db': '/a', 'log': '/a'}}, 'c': {'process': {'far': '/c'}}}}}",
        NULL,
        "{'survivors': {'superseded': {'a': {'process': {'log': '/a'}}, 'c': {'process': {'far': '/c'}}}}}");
}

/* The distribution left both where the manifest had them: nobody has chosen. */
static void several_copies_that_are_deployed_as_they_were_are_no_decision(void **unused)
{
    (void)unused;
    expect_settled(
        "{'survivors': {'kept': {'process': {'both': ['a']}}, 'disputed': {'b': {'process': {'both': {}}}}}}",
        NULL,
        "{'survivors': {'kept': {'process': {'both': ['a']}}, 'disputed': {'b': {'process': {'both': {}}}}}}");
}

static void a_dispute_ends_where_the_component_is_deployed_unless_it_is_pinned(void **unused)
{
    (void)unused;
    expect_settled(
        "{'survivors': {'disputed': {'a': {'process': {'db': {}, 'log': {}}}, 'b': {'process': {'log': {}}},"
        " 'c': {'process': {'far': {}}}}}}",
        "[{'component': 'log', 'container': 'process', 'targets': ['b']}]",
        "{'survivors': {'disputed': {'a': {'process': {'log': {}}}, 'b': {'process': {'log': {}}},"
        " 'c': {'process': {'far': {}}}}}}");
    expect_settled("{'survivors': {'disputed': {'a': {'process': {'elsewhere': {}}, 'other': {'db': {}}}}}}",
                   NULL,
                   "{'survivors': {'disputed': {'a': {'process': {'elsewhere': {}}, 'other': {'db': {}}}}}}");
}

static void what_a_deployment_has_stopped_is_activated_no_more(void **unused)
{
    (void)unused;
    expect_settled("{'survivors': {'activated': {'process': {'db': ['a', 'b', 'c']}}}}", NULL,
                   "{'survivors': {'activated': {'process': {'db': ['a', 'c']}}}}");
    expect_settled("{'survivors': {'activated': {'process': {'db': ['b']}},"
                   " 'fenced': {'b': {'process': {'db': true}}}}}",
                   NULL,
                   "{'survivors': {'activated': {'process': {'db': ['b']}},"
                   " 'fenced': {'b': {'process': {'db': true}}}}}");
}

/* Something failed, and is tried again. */
static void a_deployment_decides_nothing_that_waits(void **unused)
{
    static const char waits[] =
        "{'survivors': {'disputed': {'a': {'process': {'db': {'waits': true}}}}, 'kept': {'process': {'db': ['a']}},"
        " 'older': {'a': {'process': {'db': true}}}}}";
    (void)unused;
    expect_settled(waits, NULL, waits);
    expect_settled("{'survivors': {'disputed': {'a': {'process': {'db': {'waits': true}}}},"
                   " 'older': {'a': {'process': {'db': true}}, 'b': {'process': {'db': true}}}}}",
                   NULL,
                   "{'survivors': {'disputed': {'a': {'process': {'db': {'waits': true}}}},"
                   " 'older': {'a': {'process': {'db': true}}, 'b': {'process': {}}}}}");
    expect_settled(
        "{'survivors': {'disputed': {'a': {'process': {'gone': {'waits': true}}}}, 'kept': {'process': {'gone': ['b']}}}}",
        NULL,
        "{'survivors': {'disputed': {'a': {'process': {'gone': {'waits': true}}}}, 'kept': {'process': {}}}}");
    expect_settled("{'survivors': {'older': {'a': {'process': {'db': true}}}}}", NULL,
                   "{'survivors': {'older': {'a': {'process': {}}}}}");
}

static void what_is_in_no_doubt_any_more_is_shown_no_more(void **unused)
{
    (void)unused;
    expect_settled("{'survivors': {'disputed': {'a': {'process': {'db': {}}}, 'c': {'process': {'log': {}}}},"
                   " 'kept': {'process': {'far': []}}},"
                   " 'disputes': [{'component': 'db', 'container': 'process', 'copies': []},"
                   " {'component': 'log', 'container': 'process', 'copies': []},"
                   " {'component': 'far', 'container': 'process', 'copies': []}]}",
                   "[{'component': 'far', 'container': 'process', 'targets': ['c']}]",
                   "{'survivors': {'disputed': {'a': {'process': {}}, 'c': {'process': {'log': {}}}},"
                   " 'kept': {'process': {'far': []}}},"
                   " 'disputes': [{'component': 'log', 'container': 'process', 'copies': []},"
                   " {'component': 'far', 'container': 'process', 'copies': []}]}");
}

static void what_failed_is_tried_again_less_and_less_often(void **unused)
{
    static const char failed[] = "{'survivors': {}, 'failed': [{}]}";
    json_t *state = json_object();
    (void)unused;
    assert_int_equal(survivors_due(state, 100), -1);
    take(state, failed, 100);
    assert_int_equal(survivors_due(state, 100), 10);
    assert_int_equal(survivors_due(state, 103), 7);
    assert_int_equal(survivors_due(state, 200), 0);
    assert_int_equal(survivors_due(state, 50), 10); /* the clock was set back */
    take(state, failed, 200);
    assert_int_equal(survivors_due(state, 200), 20);
    for (int i = 0; i < 20; i++)
        take(state, failed, 300);
    assert_int_equal(survivors_due(state, 300), 3600);
    take(state, "{'rescued': []}", 300);
    assert_int_equal(survivors_due(state, 300), 3600);
    take(state, "{'survivors': {}, 'failed': []}", 300);
    assert_int_equal(survivors_due(state, 300), -1);
    json_decref(state);
}

static void a_word_is_taken_up_once(void **unused)
{
    json_t *state = dispute();
    struct deployment deployment;
    char *reason = NULL;
    (void)unused;
    deploy(&deployment);
    assert_false(survivors_wait(state));
    survivors_word(state, "keep-copy", "c", "db", &reason);
    assert_false(survivors_wait(state));
    survivors_word(state, "keep-copy", "a", "db", NULL);
    assert_true(survivors_wait(state));
    survivors_deployed(state, &deployment.manifest, &deployment.reached);
    assert_false(survivors_wait(state));
    free(reason);
    json_decref(state);
    manifest_clear(&deployment.manifest);
    strings_free(deployment.strings);
}

static void a_word_stands_while_several_copies_are_kept(void **unused)
{
    (void)unused;
    expect_settled("{'survivors': {'kept': {'process': {'db': ['a'], 'x': []}},"
                   " 'prefer': {'process': {'db': 'a', 'y': 'b'}},"
                   " 'accept': {'b': {'process': {'x': true, 'y': true}}}}}",
                   NULL,
                   "{'survivors': {'kept': {'process': {}}, 'prefer': {'process': {'db': 'a'}},"
                   " 'accept': {'b': {'process': {'x': true}}}}}");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_decided_is_replaced_whole),
        TEST(snapshots_of_a_copy_that_waits_stay_known),
        TEST(what_has_another_form_is_not_believed),
        TEST(a_copy_is_kept_or_discarded),
        TEST(a_word_without_component_is_about_all_in_dispute_there),
        TEST(what_is_in_no_dispute_is_refused),
        TEST(the_last_word_counts),
        TEST(the_only_copy_may_be_discarded),
        TEST(words_are_over_with_a_deployment),
        TEST(what_is_deployed_where_it_was_given_up_is_a_copy_as_any_other),
        TEST(what_is_kept_is_decided_by_a_deployment_unless_it_is_pinned),
        TEST(several_copies_that_are_deployed_as_they_were_are_no_decision),
        TEST(a_dispute_ends_where_the_component_is_deployed_unless_it_is_pinned),
        TEST(what_a_deployment_has_stopped_is_activated_no_more),
        TEST(a_deployment_decides_nothing_that_waits),
        TEST(what_is_in_no_doubt_any_more_is_shown_no_more),
        TEST(what_failed_is_tried_again_less_and_less_often),
        TEST(a_word_is_taken_up_once),
        TEST(a_word_stands_while_several_copies_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
