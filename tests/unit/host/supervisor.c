/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "host/loop/supervisor.h"

static struct supervisor watching(void)
{
    return (
        struct supervisor){ .interval = 5000, .retry_min = 1000, .retry_max = 6000, .stop_timeout = 30000 };
}

static struct supervisor polling(void)
{
    return (struct supervisor){ .polls = true, .interval = 5000, .retry_min = 1000, .retry_max = 60000 };
}

static void check(struct supervisor_actions actions, unsigned todo, int64_t wake)
{
    assert_int_equal(actions.todo, todo);
    assert_int_equal(actions.wake, wake);
}

static void step(struct supervisor *supervisor, enum supervisor_event event, int64_t now, unsigned todo,
                 int64_t wake)
{
    check(supervisor_step(supervisor, event, CYCLE_FAILED, now), todo, wake);
}

/* The hooks that follow have a minute; it is not said each time. */
static void cycle(struct supervisor *supervisor, enum cycle_status status, int64_t now, unsigned todo,
                  int64_t wake)
{
    check(supervisor_step(supervisor, EVENT_CYCLE, status, now), todo,
          todo == DO_FINISHED ? now + 60000 : wake);
}

/* A loop that has started and whose first cycle is over. */
static struct supervisor begun(struct supervisor supervisor)
{
    step(&supervisor, EVENT_START, 0, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_DONE, 100, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 200, DO_READY, supervisor.polls ? 5200 : -1);
    assert_int_equal(supervisor.phase, PHASE_IDLE);
    return supervisor;
}

static void is_ready_once(void **state)
{
    struct supervisor supervisor = watching();

    (void)state;
    step(&supervisor, EVENT_START, 0, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, 100, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 150, DO_READY, 1100);
    step(&supervisor, EVENT_TIMER, 1100, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_DONE, 1200, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 1300, 0, -1);
}

static void a_poll_finds_nothing(void **state)
{
    struct supervisor supervisor = begun(polling());
    int64_t now = 5200;

    (void)state;
    for (int i = 0; i < 3; i++, now += 5100) {
        step(&supervisor, EVENT_TIMER, now, DO_CYCLE | DO_RETRY, -1);
        cycle(&supervisor, CYCLE_UNCHANGED, now + 100, 0, now + 5100);
    }
}

static void without_polls_it_sleeps_until_a_change(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 900000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 900100, 0, -1);
}

static void failures_double_the_delay_up_to_a_limit(void **state)
{
    static const int64_t delays[] = { 1000, 2000, 4000, 6000, 6000, 6000 };
    struct supervisor supervisor = begun(watching());
    int64_t now = 1000;

    (void)state;
    step(&supervisor, EVENT_CHANGE, now, DO_CYCLE | DO_RETRY, -1);
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        cycle(&supervisor, CYCLE_FAILED, now, DO_FINISHED, -1);
        step(&supervisor, EVENT_FINISHED, now + 10, 0, now + delays[i]);
        now += delays[i];
        step(&supervisor, EVENT_TIMER, now, DO_CYCLE | DO_RETRY, -1);
    }
    cycle(&supervisor, CYCLE_DONE, now, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, now, 0, -1);
    step(&supervisor, EVENT_CHANGE, now, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, now, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, now, 0, now + 1000);
}

/* The longest delay is reached without an overflow on the way, however often it fails. */
static void many_failures_are_no_overflow(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    supervisor.retry_max = INT64_C(365) * 24 * 3600 * 1000;
    supervisor.failures = 4000000000u;
    step(&supervisor, EVENT_CHANGE, 0, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, 0, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 0, 0, supervisor.retry_max);
}

static void an_early_timer_is_no_harm(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_TIMER, 1000, 0, -1);
    cycle(&supervisor, CYCLE_FAILED, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_TIMER, 2000, 0, 62000);
    step(&supervisor, EVENT_FINISHED, 2000, 0, 3000);
    step(&supervisor, EVENT_TIMER, 2999, 0, 3000);
    step(&supervisor, EVENT_TIMER, 3000, DO_CYCLE | DO_RETRY, -1);
}

/* Polls go on between retries, for the model may change; the model that failed is left alone until it is due.
 */
static void polls_go_on_while_a_failure_waits(void **state)
{
    struct supervisor supervisor = begun(polling());

    (void)state;
    supervisor.retry_min = 12000;
    step(&supervisor, EVENT_TIMER, 5200, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, 6000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 6000, 0, 11000);
    step(&supervisor, EVENT_TIMER, 11000, DO_CYCLE, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 11000, 0, 16000);
    step(&supervisor, EVENT_TIMER, 16000, DO_CYCLE, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 16000, 0, 18000);
    step(&supervisor, EVENT_TIMER, 18000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_DONE, 18500, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 18500, 0, 23500);
}

/* Only the time has come: such a cycle says nothing unless it finds something. */
static void a_poll_is_routine_and_a_retry_is_not(void **state)
{
    struct supervisor supervisor = begun(polling());

    (void)state;
    assert_false(supervisor.routine);
    step(&supervisor, EVENT_TIMER, 5200, DO_CYCLE | DO_RETRY, -1);
    assert_true(supervisor.routine);
    cycle(&supervisor, CYCLE_UNCHANGED, 5300, 0, 10300);
    step(&supervisor, EVENT_CHANGE, 6000, DO_CYCLE | DO_RETRY, -1);
    assert_false(supervisor.routine);
    cycle(&supervisor, CYCLE_FAILED, 6100, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 6200, 0, 7100);
    step(&supervisor, EVENT_TIMER, 7100, DO_CYCLE | DO_RETRY, -1);
    assert_false(supervisor.routine);
}

/* A generator that fails is not asked at each poll, but with back-off. */
static void without_a_model_there_is_no_poll(void **state)
{
    struct supervisor supervisor = begun(polling());
    int64_t now = 5200, retry = 8000;

    (void)state;
    supervisor.retry_min = 8000;
    step(&supervisor, EVENT_TIMER, now, DO_CYCLE | DO_RETRY, -1);
    for (int i = 0; i < 3; i++, retry *= 2) {
        supervisor_blind(&supervisor);
        cycle(&supervisor, CYCLE_FAILED, now, DO_FINISHED, -1);
        step(&supervisor, EVENT_FINISHED, now, 0, now + retry);
        step(&supervisor, EVENT_TIMER, now + 5000, 0, now + retry);
        now += retry;
        step(&supervisor, EVENT_TIMER, now, DO_CYCLE | DO_RETRY, -1);
    }
    cycle(&supervisor, CYCLE_UNCHANGED, now, 0, now + 5000);
}

static void a_retry_does_not_wait_for_the_poll(void **state)
{
    struct supervisor supervisor = begun(polling());

    (void)state;
    step(&supervisor, EVENT_TIMER, 5200, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, 6000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 6100, 0, 7000);
    step(&supervisor, EVENT_TIMER, 7000, DO_CYCLE | DO_RETRY, -1);
}

/* The model went back to the deployed one: nothing is left to be tried again, and the loop does not spin. */
static void a_failure_that_is_taken_back_is_over(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 2000, 0, 3000);
    step(&supervisor, EVENT_CHANGE, 2500, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 4000, 0, -1);
    assert_int_equal(supervisor.failures, 0);
}

static void a_change_during_a_cycle_starts_another(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_CHANGE, 1100, 0, -1);
    cycle(&supervisor, CYCLE_DONE, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 2100, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_FAILED, 3000, DO_FINISHED, -1);
    step(&supervisor, EVENT_CHANGE, 3050, 0, 63000);
    step(&supervisor, EVENT_FINISHED, 3100, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 3200, 0, -1);
}

static void check_end(struct supervisor_actions actions, unsigned todo, int status)
{
    check(actions, todo, -1);
    assert_int_equal(actions.status, status);
}

static void stops_at_once_when_idle(void **state)
{
    struct supervisor supervisor = begun(polling());

    (void)state;
    check_end(supervisor_step(&supervisor, EVENT_STOP, CYCLE_FAILED, 300), DO_END, 0);
    assert_int_equal(supervisor.phase, PHASE_ENDED);
}

static void stops_after_the_cycle(void **state)
{
    struct supervisor supervisor = begun(polling());

    (void)state;
    step(&supervisor, EVENT_TIMER, 5200, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_CHANGE, 5300, 0, -1);
    step(&supervisor, EVENT_STOP, 5400, 0, -1);
    cycle(&supervisor, CYCLE_FAILED, 6000, DO_FINISHED, -1);
    check_end(supervisor_step(&supervisor, EVENT_FINISHED, CYCLE_FAILED, 6100), DO_END, 0);
}

static void ends_when_it_is_deposed(void **state)
{
    struct supervisor supervisor = begun(polling());

    (void)state;
    step(&supervisor, EVENT_TIMER, 5200, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_CHANGE, 5300, 0, -1);
    cycle(&supervisor, CYCLE_DEPOSED, 6000, DO_FINISHED, -1);
    check_end(supervisor_step(&supervisor, EVENT_FINISHED, CYCLE_FAILED, 6100), DO_END, 1);
}

static void a_second_stop_interrupts_a_third_kills(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_STOP, 1100, 0, -1);
    step(&supervisor, EVENT_STOP, 1200, DO_INTERRUPT, 31200);
    step(&supervisor, EVENT_STOP, 1300, DO_KILL, 3300);
    step(&supervisor, EVENT_STOP, 1400, DO_KILL, 3400);
    cycle(&supervisor, CYCLE_FAILED, 1500, DO_FINISHED, -1);
    check_end(supervisor_step(&supervisor, EVENT_FINISHED, CYCLE_FAILED, 1600), DO_END, 0);
}

static void once(enum cycle_status status, int expected)
{
    struct supervisor supervisor = watching();

    supervisor.once = true;
    step(&supervisor, EVENT_START, 0, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_CHANGE, 50, 0, -1);
    if (status == CYCLE_UNCHANGED) {
        check_end(supervisor_step(&supervisor, EVENT_CYCLE, status, 100), DO_END | DO_READY, expected);
        return;
    }
    cycle(&supervisor, status, 100, DO_FINISHED, -1);
    check_end(supervisor_step(&supervisor, EVENT_FINISHED, CYCLE_FAILED, 200), DO_END | DO_READY, expected);
}

static void once_ends_with_the_status_of_the_cycle(void **state)
{
    (void)state;
    once(CYCLE_DONE, 0);
    once(CYCLE_FAILED, 1);
    once(CYCLE_UNCHANGED, 0);
}

/* Somewhere in the upper half of the delay that is due, not always at the same place, and never later. */
static void a_retry_has_jitter(void **state)
{
    struct supervisor supervisor = begun(watching());
    int64_t least = INT64_MAX, most = 0, now = 1000;

    (void)state;
    supervisor.seed = 1;
    step(&supervisor, EVENT_CHANGE, now, DO_CYCLE | DO_RETRY, -1);
    for (int i = 0; i < 100; i++) {
        supervisor.failures = 20;
        cycle(&supervisor, CYCLE_FAILED, now, DO_FINISHED, -1);
        int64_t delay = supervisor_step(&supervisor, EVENT_FINISHED, CYCLE_FAILED, now).wake - now;
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
        now += delay;
        step(&supervisor, EVENT_TIMER, now, DO_CYCLE | DO_RETRY, -1);
    }
    assert_in_range(least, 3000, 3300);
    assert_in_range(most, 5700, 6000);
}

static void a_new_change_forgives_failures(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    supervisor.failures = 5;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    supervisor_forgive(&supervisor);
    cycle(&supervisor, CYCLE_FAILED, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 2000, 0, 3000);
}

static void somebody_asks_for_a_cycle(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_TRIGGER, 1000, DO_CYCLE | DO_RETRY | DO_NOW, -1);
    step(&supervisor, EVENT_TRIGGER, 1100, 0, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 1200, DO_CYCLE | DO_RETRY | DO_NOW, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 1300, 0, -1);
    step(&supervisor, EVENT_CHANGE, 2000, DO_CYCLE | DO_RETRY, -1);
}

/* A target has some time to come back, say. */
static void a_cycle_wants_another_one(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    supervisor_due(&supervisor, 7000);
    cycle(&supervisor, CYCLE_UNCHANGED, 1200, 0, 7000);
    step(&supervisor, EVENT_TIMER, 6999, 0, 7000);
    step(&supervisor, EVENT_TIMER, 7000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 7100, 0, -1);
}

static void once_waits_for_what_settles(void **state)
{
    struct supervisor supervisor = watching();

    (void)state;
    supervisor.once = true;
    step(&supervisor, EVENT_START, 0, DO_CYCLE | DO_RETRY, -1);
    supervisor_due(&supervisor, 500);
    cycle(&supervisor, CYCLE_UNCHANGED, 100, DO_READY, 500);
    step(&supervisor, EVENT_TIMER, 500, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_DONE, 600, DO_FINISHED, -1);
    check_end(supervisor_step(&supervisor, EVENT_FINISHED, CYCLE_FAILED, 700), DO_END, 0);
}

/* However it fails it is tried until it succeeds, and then not before the next period. */
static void a_resync_adapts_though_nothing_changed(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    supervisor.resync = 60000;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_DONE, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 2000, 0, 62000);
    step(&supervisor, EVENT_CHANGE, 30000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 30100, 0, 62000);
    step(&supervisor, EVENT_TIMER, 62000, DO_CYCLE | DO_RETRY | DO_RESYNC, -1);
    cycle(&supervisor, CYCLE_FAILED, 63000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 63000, 0, 64000);
    step(&supervisor, EVENT_TIMER, 64000, DO_CYCLE | DO_RETRY | DO_RESYNC, -1);
    cycle(&supervisor, CYCLE_DONE, 65000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 65000, 0, 125000);
}

static void idle_targets_are_asked(void **state)
{
    struct supervisor supervisor = watching();

    (void)state;
    supervisor.probe_interval = 30000;
    step(&supervisor, EVENT_START, 0, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_TIMER, 40000, 0, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 50000, DO_READY, 80000);
    step(&supervisor, EVENT_TIMER, 80000, DO_PROBE, 3680000);
    step(&supervisor, EVENT_TIMER, 200000, 0, 3680000);
    step(&supervisor, EVENT_PROBED, 210000, 0, 240000);
    step(&supervisor, EVENT_TIMER, 240000, DO_PROBE, 3840000);
    step(&supervisor, EVENT_CHANGE, 240000, DO_CYCLE | DO_RETRY | DO_END_PROBE, -1);
    step(&supervisor, EVENT_PROBED, 240100, 0, -1);
    cycle(&supervisor, CYCLE_UNCHANGED, 300000, 0, 270100);
    step(&supervisor, EVENT_TIMER, 300000, DO_PROBE, 3900000);
    step(&supervisor, EVENT_TIMER, 3900000, DO_END_PROBE, 7500000);
}

static void what_takes_too_long_is_ended(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    supervisor_deadline(&supervisor, 5000, 700);
    assert_int_equal(supervisor_wake(&supervisor), 5000);
    step(&supervisor, EVENT_TIMER, 4999, 0, 5000);
    step(&supervisor, EVENT_TIMER, 5000, DO_INTERRUPT | DO_LATE, 5700);
    step(&supervisor, EVENT_CHANGE, 5100, 0, 5700);
    step(&supervisor, EVENT_TIMER, 5700, DO_TERMINATE, 7700);
    step(&supervisor, EVENT_TIMER, 7700, DO_KILL, 9700);
    step(&supervisor, EVENT_TIMER, 9700, DO_KILL, 11700);
    cycle(&supervisor, CYCLE_FAILED, 10000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 10000, DO_CYCLE | DO_RETRY, -1);
    assert_int_equal(supervisor.ending, ENDING_NONE);
}

static void hooks_that_take_too_long_are_killed(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_DONE, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_TIMER, 62000, DO_KILL | DO_LATE, 64000);
    step(&supervisor, EVENT_FINISHED, 62100, 0, -1);
}

static void a_second_stop_escalates(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_STOP, 1100, 0, -1);
    step(&supervisor, EVENT_STOP, 1200, DO_INTERRUPT, 31200);
    step(&supervisor, EVENT_TIMER, 31200, DO_TERMINATE, 33200);
    step(&supervisor, EVENT_TIMER, 33200, DO_KILL, 35200);
}

/* What begins a pause is told to the hooks; that it goes on is not. */
static void a_pause_is_told_once(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    supervisor.failures = 3;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_PAUSED, 2000, DO_FINISHED, -1);
    step(&supervisor, EVENT_FINISHED, 2000, 0, -1);
    step(&supervisor, EVENT_CHANGE, 3000, DO_CYCLE | DO_RETRY, -1);
    cycle(&supervisor, CYCLE_PAUSED, 4000, 0, -1);
    assert_true(supervisor.paused);
    step(&supervisor, EVENT_TRIGGER, 5000, DO_CYCLE | DO_RETRY | DO_NOW, -1);
    cycle(&supervisor, CYCLE_DONE, 6000, DO_FINISHED, -1);
    assert_false(supervisor.paused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ready_once),
        cmocka_unit_test(a_poll_finds_nothing),
        cmocka_unit_test(without_polls_it_sleeps_until_a_change),
        cmocka_unit_test(failures_double_the_delay_up_to_a_limit),
        cmocka_unit_test(many_failures_are_no_overflow),
        cmocka_unit_test(an_early_timer_is_no_harm),
        cmocka_unit_test(polls_go_on_while_a_failure_waits),
        cmocka_unit_test(a_poll_is_routine_and_a_retry_is_not),
        cmocka_unit_test(without_a_model_there_is_no_poll),
        cmocka_unit_test(a_retry_does_not_wait_for_the_poll),
        cmocka_unit_test(a_failure_that_is_taken_back_is_over),
        cmocka_unit_test(a_change_during_a_cycle_starts_another),
        cmocka_unit_test(stops_at_once_when_idle),
        cmocka_unit_test(stops_after_the_cycle),
        cmocka_unit_test(ends_when_it_is_deposed),
        cmocka_unit_test(a_second_stop_interrupts_a_third_kills),
        cmocka_unit_test(once_ends_with_the_status_of_the_cycle),
        cmocka_unit_test(a_retry_has_jitter),
        cmocka_unit_test(a_new_change_forgives_failures),
        cmocka_unit_test(somebody_asks_for_a_cycle),
        cmocka_unit_test(a_cycle_wants_another_one),
        cmocka_unit_test(once_waits_for_what_settles),
        cmocka_unit_test(a_resync_adapts_though_nothing_changed),
        cmocka_unit_test(idle_targets_are_asked),
        cmocka_unit_test(what_takes_too_long_is_ended),
        cmocka_unit_test(hooks_that_take_too_long_are_killed),
        cmocka_unit_test(a_second_stop_escalates),
        cmocka_unit_test(a_pause_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
