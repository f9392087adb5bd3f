/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is within something else ends before it does, where nobody says otherwise: else one call costs a stage,
 * one target a round, and who hangs is never named.
 */
#include "tests/unit/unit.h"

#include <getopt.h>

#include "host/calls/client-calls.h"
#include "host/settings/settings.h"
#include "host/settings/stage-names.h"
#include "lib/world/operations.h"
#include "plugin/settings/options.h"

enum { SECOND = 1000 };

static void silent(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    (void)level, (void)target, (void)format, (void)arguments;
}

static const struct dydisnix_operations quiet = { .size = sizeof quiet, .log = silent };

static struct settings defaults(void)
{
    static char words[][16] = { "loop", "--state-dir=/s", "-s/s", "-q/q", "--geninfra=g" };
    char *argv[] = { words[0], words[1], words[2], words[3], words[4], NULL };
    struct settings settings;
    optind = 0;
    operations_use(&quiet);
    assert_int_equal(settings_read(&settings, 5, argv), SETTINGS_READY);
    return settings;
}

static int64_t stage(const struct settings *settings, const char *name)
{
    int64_t limit = settings_stage_timeout(settings, name) * SECOND;
    assert_true(limit > 0);
    return limit;
}

static void calls_are_within_a_target_and_that_within_a_reconstruction(void **state)
{
    struct settings settings = defaults();
    (void)state;
    assert_true(options_default.timeout < options_default.transfer_timeout);
    assert_true(options_default.transfer_timeout < options_default.target_timeout);
    assert_true(options_default.target_timeout < stage(&settings, "reconstruct"));
    settings_clear(&settings);
}

/* Nine tenths of the stage is when the one that hangs is named. */
static void calls_are_within_a_deployment(void **state)
{
    struct settings settings = defaults();
    (void)state;
    assert_true(ask_deadline < set_deadline);
    assert_true(set_deadline < call_deadline);
    assert_true(call_deadline < stage(&settings, "redeploy") / 10 * 9);
    assert_true(call_deadline < stage(&settings, "snapshot") / 10 * 9);
    settings_clear(&settings);
}

static void a_target_gets_as_much_in_one_as_in_the_other(void **state)
{
    (void)state;
    assert_int_equal(ask_deadline, options_default.timeout);
    assert_int_equal(call_deadline, options_default.target_timeout);
}

/* A target is asked twice before it counts as silent. */
static void questions_are_within_what_asks_them(void **state)
{
    struct settings settings = defaults();
    (void)state;
    assert_true(2 * settings.probe_timeout < settings.probe_interval);
    assert_true(2 * settings.probe_timeout * SECOND < stage(&settings, "detect"));
    settings_clear(&settings);
}

static void what_grows_begins_below_its_most(void **state)
{
    struct settings settings = defaults();
    (void)state;
    assert_true(settings.retry_min < settings.retry_max);
    settings_clear(&settings);
}

/* The whole cycle has no limit, unless somebody gives it one. */
static void stages_are_within_a_cycle(void **state)
{
    struct settings settings = defaults();
    (void)state;
    assert_int_equal(settings.cycle_timeout, 0);
    for (size_t i = 0; i < STAGES; i++)
        assert_true(settings.stage_timeouts[i] == 0 || settings.stop_timeout < settings.stage_timeouts[i]);
    settings_clear(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_within_a_target_and_that_within_a_reconstruction),
        cmocka_unit_test(calls_are_within_a_deployment),
        cmocka_unit_test(a_target_gets_as_much_in_one_as_in_the_other),
        cmocka_unit_test(questions_are_within_what_asks_them),
        cmocka_unit_test(what_grows_begins_below_its_most),
        cmocka_unit_test(stages_are_within_a_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
