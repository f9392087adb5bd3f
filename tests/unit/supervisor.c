/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "supervisor.h"

static struct supervisor watching(void)
{
    return (struct supervisor){ .interval = 5000, .retry_min = 1000, .retry_max = 6000 };
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

static void cycle(struct supervisor *supervisor, enum cycle_status status, int64_t now, unsigned todo,
                  int64_t wake)
{
    check(supervisor_step(supervisor, EVENT_CYCLE, status, now), todo, wake);
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
    step(&supervisor, EVENT_TIMER, 2000, 0, -1);
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
    step(&supervisor, EVENT_CHANGE, 3050, 0, -1);
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

static void a_second_stop_interrupts_a_third_kills(void **state)
{
    struct supervisor supervisor = begun(watching());

    (void)state;
    step(&supervisor, EVENT_CHANGE, 1000, DO_CYCLE | DO_RETRY, -1);
    step(&supervisor, EVENT_STOP, 1100, 0, -1);
    step(&supervisor, EVENT_STOP, 1200, DO_INTERRUPT, -1);
    step(&supervisor, EVENT_STOP, 1300, DO_KILL, -1);
    step(&supervisor, EVENT_STOP, 1400, DO_KILL, -1);
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
        cmocka_unit_test(a_retry_does_not_wait_for_the_poll),
        cmocka_unit_test(a_failure_that_is_taken_back_is_over),
        cmocka_unit_test(a_change_during_a_cycle_starts_another),
        cmocka_unit_test(stops_at_once_when_idle),
        cmocka_unit_test(stops_after_the_cycle),
        cmocka_unit_test(a_second_stop_interrupts_a_third_kills),
        cmocka_unit_test(once_ends_with_the_status_of_the_cycle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
