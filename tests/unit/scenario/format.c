/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "lib/world/operations.h"
#include "scenario/format/file.h"
#include "scenario/format/locate.h"
#include "scenario/format/event-text.h"
#include "lib/model/words.h"

static void lines_of_values(void **state)
{
    static const char text[] =
        "{\n  \"a\": [ 1,\n    { \"b\": \"} ]\\\"\" },\n    [] ],\n  \"c/d~\":\n    true }\n";

    (void)state;
    assert_int_equal(scenario_locate(text, "").line, 1);
    assert_int_equal(scenario_locate(text, "/a").line, 2);
    assert_int_equal(scenario_locate(text, "/a/0").line, 2);
    assert_int_equal(scenario_locate(text, "/a/1/b").line, 3);
    assert_int_equal(scenario_locate(text, "/a/2").line, 4);
    assert_int_equal(scenario_locate(text, "/c~1d~0").line, 5);
    assert_int_equal(scenario_locate(text, "/a/1/nothing").line, 3);
    assert_int_equal(scenario_locate(text, "/nothing/at/all").line, 1);
}

static const char *validated;

static void validate(void *closure)
{
    json_t *document = json_loads(validated, 0, NULL);

    assert_non_null(document);
    *(size_t *)closure = scenario_validate(document, "x.json", validated);
    json_decref(document);
}

/* The one mistake of a text, told with this. */
static void has_mistake(const char *text, const char *told)
{
    size_t mistakes = 0;

    validated = text;
    char *said = unit_written(STDERR_FILENO, validate, &mistakes);
    if (!strstr(said, told))
        fail_msg("\"%s\" is not in \"%s\"", told, said);
    assert_int_equal(mistakes, 1);
    free(said);
}

#define HEAD                                                                                              \
    "{ \"version\": 1, \"description\": \"d\", \"targets\": { \"t\": {} },\n  \"services\": { \"s\": {} " \
    "},\n"
#define TIMELINE(events) HEAD "  \"timeline\": [ " events " ] }"

static void a_right_one_has_no_mistake(void **state)
{
    size_t mistakes = 1;

    (void)state;
    validated =
        TIMELINE("{ \"event\": \"add\", \"target\": \"u\" },\n"
                 "[ { \"event\": \"rename\", \"target\": \"u\", \"to\": \"v\" },\n"
                 "  { \"event\": \"crash\", \"target\": \"v\", \"at\": { \"phase\": \"setting\" } } ],\n"
                 "{ \"expect\": { \"answers\": { \"s\": [\"u\", \"v\"] }, \"cycles\": { \"least\": 1 } } }");
    char *said = unit_written(STDERR_FILENO, validate, &mistakes);
    assert_string_equal(said, "");
    assert_int_equal(mistakes, 0);
    free(said);
}

static void mistakes_are_told_where_they_are(void **state)
{
    (void)state;
    has_mistake(TIMELINE("{ \"event\": \"crash\",\n \"target\": \"t9\" }"),
                "x.json:4:2: /timeline/0/target: there is no target t9; did you mean t?");
    has_mistake(TIMELINE("{ \"event\": \"burn\" }"),
                "x.json:3:19: /timeline/0/event: there is no event burn\n");
    has_mistake(TIMELINE("{ \"event\": \"crash\", \"target\": \"t\", \"why\": 1 }"),
                "/timeline/0/why: there is no member why\n");
    has_mistake(TIMELINE("{ \"event\": \"carsh\" }"), "there is no event carsh; did you mean crash?");
    has_mistake(TIMELINE("{ \"event\": \"reappear\", \"target\": \"t\", \"disk\": \"last\" }"),
                "this must be one of: kept, lost; did you mean lost?");
    has_mistake(TIMELINE("{ \"event\": \"crash\" }"), "/timeline/0: there is no member target");
    has_mistake(TIMELINE("{ \"event\": \"write\", \"service\": \"x\", \"text\": \"a\" }"),
                "/timeline/0/service: there is no service x");
    has_mistake(TIMELINE("{ \"event\": \"fail\", \"operation\": \"--fly\" }"),
                "this must be one of: --query-requisites");
    has_mistake(TIMELINE("{ \"event\": \"fail\" }"), "what fails must be an operation, a stage or a program");
    has_mistake(TIMELINE("{ \"event\": \"end\", \"phase\": \"activating\" }"),
                "it ends with a status or by a signal");
    has_mistake(TIMELINE("{ \"event\": \"trigger\", \"at\": {} }"),
                "/at: this must be a stage, a phase or a call");
    has_mistake(TIMELINE("{ \"event\": \"wait\", \"seconds\": 0 }"), "this must be an integer from 1");
    has_mistake(TIMELINE("{ \"event\": \"reappear\", \"target\": \"t\", \"disk\": { \"saved\": \"x\" } }"),
                "no disk was saved as x");
    has_mistake(
        TIMELINE("{ \"event\": \"remove\", \"target\": \"t\" }, { \"event\": \"crash\", \"target\": \"t\" }"),
        "/timeline/1/target: there is no target t");
    has_mistake(TIMELINE("{ \"expect\": { \"answer\": {} } }"),
                "/timeline/0/expect/answer: there is no member answer; did you mean answers?");
    has_mistake("{ \"description\": \"d\", \"targets\": {}, \"services\": {}, \"timeline\": [] }",
                "x.json:1:1: /: there is no member version");
    has_mistake(HEAD "  \"timeline\": [],\n  \"only\": \"lab\" }", "only and because come together");
    has_mistake(HEAD "  \"timeline\": [],\n  \"distribution\": { \"x\": {} } }",
                "x.json:4:21: /distribution/x: there is no service x");
}

static void check_words(const char *event, const char *words)
{
    json_t *document = json_loads(event, 0, NULL);
    char *text = scenario_event_words(document);

    assert_string_equal(text, words);
    free(text);
    json_decref(document);
}

static void events_in_words(void **state)
{
    (void)state;
    check_words("{\"event\":\"crash\",\"target\":\"t\"}", "t crashes");
    check_words("{\"event\":\"reappear\",\"target\":\"t\",\"disk\":{\"saved\":\"old\"}}",
                "t reappears with its disk as it was saved as old");
    check_words("{\"event\":\"partition\",\"targets\":[\"a\",\"b\",\"c\"]}",
                "a, b and c cannot be reached by the coordinator");
    check_words("{\"event\":\"fail\",\"operation\":\"--activate\",\"target\":\"t\",\"times\":2}",
                "--activate fails on t, 2 times");
    check_words("{\"event\":\"kill-host\",\"spares\":\"engine\",\"at\":{\"call\":\"--set\",\"target\":\"t\","
                "\"number\":2}}",
                "before call 2 of --set to t: the loop is killed, the deployment goes on");
}

static void check_plain(const char *text, const char *plain)
{
    char *made = text_plain(text);

    assert_string_equal(made, plain);
    free(made);
}

static void text_without_what_differs(void **state)
{
    (void)state;
    check_plain("of /nix/store/0123456789abcdfghijklmnpqrsvwxyz-db-1: no", "of db-1: no");
    check_plain("/tmp/x y/z/state.json: No space", "x y/z/state.json: No space");
    check_plain("'/tmp/dir/state.json'", "'state.json'");
    check_plain("key 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "key KEY");
    check_plain("a / b and 1/2", "a / b and 1/2");
}

static int set_up(void **state)
{
    (void)state;
    operations_use(&real_operations);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_values),
        cmocka_unit_test(a_right_one_has_no_mistake),
        cmocka_unit_test(mistakes_are_told_where_they_are),
        cmocka_unit_test(events_in_words),
        cmocka_unit_test(text_without_what_differs),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
