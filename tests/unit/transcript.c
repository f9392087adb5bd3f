/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the output of disnix-deploy tells, in the words of Disnix 0.10; and what is left to do on a target.
 */
#include "unit.h"

#include "leftovers.h"
#include "operations.h"
#include "strings.h"
#include "transcript.h"

static const char locking[] = "[coordinator]: Distributing intra-dependency closures...\n"
                              "[target: a]: Receiving intra-dependency closure of profile: /nix/store/x-a\n"
                              "[coordinator]: Acquiring locks...\n"
                              "[target: a]: Acquiring a lock on profile: /nix/store/x-a\n"
                              "[target: b]: Acquiring a lock on profile: /nix/store/x-b\n";
static const char activating[] = "[coordinator]: Activating new configuration...\n"
                                 "[coordinator]: Executing the transition to the new deployment state\n"
                                 "[coordinator]: Executing activation of services:\n"
                                 "noise without an end[target: b]: Activating service with key: k1 and package: "
                                 "/nix/store/x-db with module: process in container: process, arguments: port=1 \n"
                                 "[target: b]: Activating service with key: k2 and package: /nix/store/x-web with "
                                 "module: process in container: process, arguments: \n";

/* Reads a transcript with this text, up to three parts of it, and these errors. */
static struct transcript read_transcript(const char *first, const char *second, const char *third, const char *errors)
{
    char directory[] = "/tmp/dydisnix-unit-XXXXXX";
    char *file = string_format("%s/deployment", mkdtemp(directory)), *error_file = string_format("%s.err", file);
    char *text = string_format("%s%s%s", first, second, third);
    struct transcript transcript;

    assert_int_equal(operations->write(file, text, strlen(text), 0600), 0);
    assert_int_equal(operations->write(error_file, errors, strlen(errors), 0600), 0);
    assert_int_equal(transcript_init(&transcript), 0);
    assert_int_equal(transcript_read(&transcript, file), 0);
    operations->remove(directory);
    free(file);
    free(error_file);
    free(text);
    return transcript;
}

static void before_any_lock_none_is_ours(void **state)
{
    struct transcript transcript =
        read_transcript("[coordinator]: Distributing intra-dependency closures...\n", "", "", "");
    (void)state;
    assert_string_equal(transcript_phase(&transcript), "distributing");
    assert_false(transcript_has_lock(&transcript, "a"));
    transcript_clear(&transcript);
}

static void a_lock_is_ours_unless_it_was_refused(void **state)
{
    struct transcript transcript =
        read_transcript(locking, "", "", "[target: b]: Cannot lock profile: /nix/store/x-b\n");
    (void)state;
    assert_string_equal(transcript_phase(&transcript), "locking");
    assert_true(transcript_has_lock(&transcript, "a"));
    assert_false(transcript_has_lock(&transcript, "b"));
    assert_false(transcript_has_lock(&transcript, "c")); /* not asked for yet */
    transcript_clear(&transcript);
}

static void services_were_activated_unless_they_failed(void **state)
{
    struct transcript transcript = read_transcript(locking, activating, "",
                                                   "[target: b]: Activation failed of service: k2\n");
    (void)state;
    assert_string_equal(transcript_phase(&transcript), "activating");
    assert_true(transcript_activated(&transcript, "b", "k1"));
    assert_false(transcript_activated(&transcript, "b", "k2"));
    assert_false(transcript_activated(&transcript, "a", "k1"));
    assert_true(transcript_has_lock(&transcript, "c"));
    assert_false(transcript.failed || transcript.inconsistent);
    transcript_clear(&transcript);
}

static void releasing_is_after_success_or_failure(void **state)
{
    static const char releasing[] = "[coordinator]: Releasing locks...\n";
    struct transcript failed = read_transcript(
        locking, activating, releasing,
        "The obsolete mappings rollback failed! This means the system is now\ninconsistent! Please\n"
        "The deployment failed! Please inspect the output to diagnose any problems!\n");
    struct transcript set = read_transcript(locking, "[coordinator]: Setting profiles...\n", releasing,
                                            "[target: a]: Cannot unlock profile: /nix/store/x-a\n");
    (void)state;
    assert_string_equal(transcript_phase(&failed), "giving up");
    assert_true(failed.phase < DEPLOYMENT_SETTING && failed.failed && failed.inconsistent);
    assert_string_equal(transcript_phase(&set), "releasing");
    assert_true(set.phase == DEPLOYMENT_SETTING && json_object_get(set.unreleased, "a") && !set.failed);
    transcript_clear(&failed);
    transcript_clear(&set);
}

/* As after a loss of power. */
static void what_was_printed_may_be_lost(void **state)
{
    struct transcript transcript = read_transcript("", "", "", "");
    (void)state;
    transcript_at_least(&transcript, "activating");
    assert_string_equal(transcript_phase(&transcript), "activating");
    assert_true(transcript_has_lock(&transcript, "a"));
    assert_true(transcript_activated(&transcript, "a", "k1"));
    transcript_at_least(&transcript, "locking");
    assert_string_equal(transcript_phase(&transcript), "activating");
    transcript_at_least(&transcript, "releasing");
    assert_int_equal(transcript.phase, DEPLOYMENT_SETTING);
    transcript_clear(&transcript);
}

static void what_is_left_is_noted_once(void **state)
{
    struct arguments ask = { 0 }, call = { 0 };
    const struct leftover leftover = { .target = "a", .ask = &ask, .what = "unlock", .arguments = &call };
    struct state kept;
    (void)state;
    arguments_add(&ask, "false");
    arguments_add(&call, "client");
    assert_int_equal(state_load("/nowhere/at/all", &kept), 0);
    assert_int_equal(leftovers_add(&kept, &leftover), 0);
    assert_int_equal(leftovers_add(&kept, &leftover), 0);
    json_t *list = json_object_get(kept.root, "leftovers");
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(json_array_size(json_object_get(json_array_get(list, 0), "calls")), 1);
    state_clear(&kept);
    arguments_clear(&ask);
    arguments_clear(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_any_lock_none_is_ours),
        cmocka_unit_test(a_lock_is_ours_unless_it_was_refused),
        cmocka_unit_test(services_were_activated_unless_they_failed),
        cmocka_unit_test(releasing_is_after_success_or_failure),
        cmocka_unit_test(what_was_printed_may_be_lost),
        cmocka_unit_test(what_is_left_is_noted_once),
    };
    operations_use(&real_operations);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
