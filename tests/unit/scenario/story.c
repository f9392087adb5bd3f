/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Journals in words. Their documents are such as a loop has written, without what a story does not look at.
 */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "host/record/story.h"

/* The story of a journal with a document a line, ' for ". */
static void tells(const char *journal, const char *expected)
{
    struct story story;
    json_t *documents = json_array();
    char *copy = strdup(journal), *text;

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *document = json_loads(line, 0, NULL);
        assert_non_null(document);
        json_array_append_new(documents, document);
    }
    assert_int_equal(story_open(&story), 0);
    story_journal(&story, documents);
    text = story_text(&story);
    assert_string_equal(text, expected);
    free(text);
    story_close(&story);
    json_decref(documents);
    free(copy);
}

#define BEGAN "{'kind': 'cycle_began', 'retry': true}\n"
#define ENDED "{'kind': 'cycle_ended', 'cycle': 7, 'outcome': 'done', 'milliseconds': 5}\n"
#define FAILED(stage) \
    "{'kind': 'cycle_ended', 'outcome': 'failed', 'stage': '" stage "', 'milliseconds': 5}\n"
#define STAGE(name, report) \
    "{'kind': 'stage', 'stage': '" name "', 'outcome': 'done', 'report': {" report "}}\n"
#define CHANGES(added, removed)                                                                     \
    "{'kind': 'infrastructure', 'cycle': 7, 'changes': {'added': [" added "], 'removed': [" removed \
    "], 'changed': {}}, 'leftOut': []}\n"

static void a_service_moves(void **state)
{
    (void)state;
    tells(BEGAN
          "{'kind': 'stage', 'stage': 'capture', 'outcome': 'done', 'report': {'infrastructure': "
          "'/x'}}\n" CHANGES("", "'t1'") STAGE(
              "reconstruct",
              "'changed': true, 'previous': '/nix/store/p', 'targets': {'t2': {'status': 'captured'}},"
              " 'changes': {'t1': {'infrastructure': 'removed', 'services': {'removed': [{'name': 'db'}]}}},"
              " 'dangling': [{'name': 'web', 'dependency': {'target': 't1'}}]")
              STAGE("redeploy",
                    "'status': 0, 'difference': {'mappings': {'added': [{'name': 'web', 'target': 't2'},"
                    " {'name': 'db', 'target': 't2'}], 'removed': [{'name': 'web', 'target': 't2'}]},"
                    " 'snapshots': {'added': [{'component': 'db-1', 'target': 't2'}], 'removed': []}}") ENDED,
          "cycle 1: t1 no longer in the model\n"
          "  reconstruct: another manifest\n"
          "    the manifest no longer has db on t1: that target has left the model\n"
          "    web depends on something on t1 that is gone: this dependency is left out\n"
          "  redeploy: the system is deployed\n"
          "    db is activated on t2: it was on t1, which is gone\n"
          "    the newest snapshot of db-1, if there is one, is restored on t2\n"
          "    web on t2 is replaced: its version or what it depends on is another one\n");
}

/* A target that is there is no reason, whatever the manifest says of it. */
static void a_service_that_the_manifest_has_no_more(void **state)
{
    (void)state;
    tells(BEGAN CHANGES("", "")
              STAGE("reconstruct", "'changed': true, 'previous': '/nix/store/p', 'changes': {"
                                   " 't1': {'services': {'removed': [{'name': 'db'}]}},"
                                   " 't2': {'services': {'removed': [{'name': 'web'}]}}}")
                  STAGE("redeploy",
                        "'status': 0, 'difference': {'mappings': {'added': [{'name': 'web', 'target': 't2'},"
                        " {'name': 'db', 'target': 't2'}]}}") ENDED,
          "cycle 1: the model is as it was\n"
          "  reconstruct: another manifest\n"
          "    the manifest no longer has db on t1\n"
          "    the manifest no longer has web on t2\n"
          "  redeploy: the system is deployed\n"
          "    db is activated on t2: the manifest did not have it on t1 any more\n"
          "    web is activated on t2 again: the manifest did not have it there any more\n");
}

static void reasons_of_copies(void **state)
{
    (void)state;
    tells(
        BEGAN CHANGES("'t1'", "") STAGE(
            "reconstruct",
            "'changed': false, 'previous': '/nix/store/p', 'targets': {'t3': {'status': 'silent', 'done': "
            "'kept',"
            " 'reason': '/nix/store/0123456789abcdfghijklmnpqrsvwxyz-client: no answer in time'}},"
            " 'superseded': [{'component': 'db-1', 'target': 't1', 'reason': 'it moved', 'home': 't2'}],"
            " 'fenced': [{'component': 'db-1', 'target': 't1', 'reason': 'it moved'}],"
            " 'rescued': [{'component': 'db-1', 'target': 't1', 'reason': 'it moved'}],"
            " 'activated': [{'component': 'db-1', 'target': 't2', 'reason': 'it is newer'}],"
            " 'failed': [{'component': 'x-1', 'target': 't4', 'action': 'rescue', 'reason': 'nothing was saved'}],"
            " 'disputes': [{'component': 'x-1', 'container': 'process', 'copies': ["
            "{'target': 't4', 'live': true, 'survivor': false, 'disputed': true, 'reason': 'nobody knows'},"
            "{'target': 't5', 'live': true, 'survivor': true, 'disputed': false}]}],"
            " 'inactive': [{'name': 'db', 'target': 't1'}], 'warnings': [{'warning': 'beware'}]") ENDED,
        "cycle 1: t1 in the model, not before\n"
        "  reconstruct: the manifest is right\n"
        "    t3 is silent: client: no answer in time, what the manifest says of it is kept\n"
        "    db-1 on t2 is activated: it is newer\n"
        "    db-1 on t1 is rescued into a snapshot: it moved\n"
        "    db-1 on t1 is fenced: it moved\n"
        "    db-1 on t1 is superseded: it moved\n"
        "    the rescue of x-1 on t4 fails: nothing was saved\n"
        "    x-1 on t4 is in dispute, and lives: nobody knows\n"
        "    x-1 on t5 survives, and lives\n"
        "    db on t1 stays out of the manifest: it is not active there\n"
        "    warning: beware\n");
}

static void cycles_that_fail(void **state)
{
    (void)state;
    tells(
        BEGAN "{'kind': 'stage', 'stage': 'capture', 'outcome': 'failed'}\n" FAILED("capture") BEGAN CHANGES(
            "", "") "{'kind': 'stage', 'stage': 'redeploy', 'outcome': 'failed', 'report': "
                    "{'status': 1, 'difference': {}}}\n" FAILED(
                        "redeploy") "{'kind': 'cycle_ended', 'outcome': 'failed', 'stage': "
                                    "'redistribute', 'signal': 11}\n"
                                    "{'kind': 'cycle_ended', 'outcome': 'failed', 'stage': 'load'}\n",
        "cycle 1\n  the stage capture fails\n  the cycle fails\n"
        "cycle 2: the model is as it was\n  redeploy: the deployment ended with exit status 1\n  the stage redeploy "
        "fails\n"
        "  the cycle fails\n"
        "cycle 3\n  the cycle is ended by signal 11\n"
        "cycle 4\n  the cycle fails in the stage load\n");
}

static void a_deployment_that_is_mended(void **state)
{
    (void)state;
    tells(BEGAN STAGE("recover", "'phase': 'activating', 'status': 2, 'action': 'undone', 'released': ['t1'],"
                                 " 'rescued': [{'component': 'db-1', 'target': 't2'}], 'pending': ['t3']")
              BEGAN CHANGES("'t1'", "")
                  STAGE("redeploy",
                        "'status': 0, 'difference': {'mappings': {'added': [{'name': 'db', 'target': 't2'}],"
                        " 'removed': [{'name': 'db', 'target': 't1'}]}, 'snapshots':"
                        " {'added': [{'component': 'db-1', 'target': 't2'}],"
                        " 'removed': [{'component': 'db-1', 'target': 't1'}]}}") ENDED,
          "cycle 1\n"
          "  recover: a deployment did not end well, its last phase was 'activating', its exit status 2\n"
          "    db-1 on t2 is rescued into a snapshot: it may have been written to meanwhile\n"
          "    our lock on t1 is released\n"
          "    t3 does not answer: the rest is done when it does\n"
          "    what had been done is undone\n"
          "  the cycle did not end\n"
          "cycle 2: t1 in the model, not before\n"
          "  redeploy: the system is deployed\n"
          "    db is activated on t2: it moves there from t1\n"
          "    db is deactivated on t1: the distribution does not have it there\n"
          "    the state of db-1 moves from t1 to t2\n");
}

static void what_is_asked_is_no_cycle(void **state)
{
    (void)state;
    tells("{'kind': 'asked', 'command': 'trigger'}\n", "");
    tells("{'kind': 'cycle_ended', 'outcome': 'paused'}\n", "cycle 1: the loop pauses\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_the_manifest_has_no_more),
        cmocka_unit_test(a_service_moves),
        cmocka_unit_test(reasons_of_copies),
        cmocka_unit_test(cycles_that_fail),
        cmocka_unit_test(a_deployment_that_is_mended),
        cmocka_unit_test(what_is_asked_is_no_cycle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
