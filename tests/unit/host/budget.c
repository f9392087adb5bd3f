/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What targets cost a stage: a clock and programs that are numbers.
 */
#include "tests/unit/unit.h"

#include "lib/world/budget.h"
#include "lib/world/operations.h"

static int64_t now;

static int64_t fake_now(void)
{
    return now;
}

static void fake_log(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    (void)level, (void)target, (void)format, (void)arguments;
}

/* One call: what it takes, and what its caller does with the answer. */
struct call {
    const char *target;
    int64_t takes, parsing, deadline;
    enum dydisnix_ending ending;
    int64_t granted; /* the deadline that it had; -1: it was not started */
};

static struct call *calls;
static size_t call_count, next_call;

/* One after the other. */
static int fake_run(const struct dydisnix_work *work, unsigned jobs)
{
    struct dydisnix_program program = { 0 };
    (void)jobs;
    while (work->next(work->closure, &program)) {
        struct call *call = program.closure;
        bool late = program.deadline > 0 && call->takes > program.deadline;
        struct dydisnix_result result = { .milliseconds = late ? program.deadline : call->takes,
                                          .ending = late ? DYDISNIX_TIMED_OUT : DYDISNIX_EXITED };
        call->granted = program.deadline;
        now += result.milliseconds;
        work->done(work->closure, &program, &result);
        program = (struct dydisnix_program){ 0 };
    }
    return 0;
}

static bool give_call(void *closure, struct dydisnix_program *program)
{
    (void)closure;
    if (next_call == call_count)
        return false;
    calls[next_call].granted = -1;
    *program = (struct dydisnix_program){ .target = calls[next_call].target,
                                          .deadline = calls[next_call].deadline,
                                          .closure = &calls[next_call] };
    next_call++;
    return true;
}

static void take_answer(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct call *call = program->closure;
    (void)closure;
    call->ending = result->ending;
    now += call->parsing;
}

static struct budget budget;

static void run_calls(struct call *given, size_t count)
{
    const struct dydisnix_work work = { .next = give_call, .done = take_answer };
    calls = given;
    call_count = count;
    next_call = 0;
    assert_int_equal(budget_run(&budget, &work, 1), 0);
}

#define run(given) run_calls(given, sizeof(given) / sizeof *(given))

static int begin(void **state)
{
    static struct dydisnix_operations table;
    (void)state;
    table = (struct dydisnix_operations){
        .size = sizeof table, .now = fake_now, .run = fake_run, .log = fake_log
    };
    operations_use(&table);
    now = 1000;
    return 0;
}

static int end(void **state)
{
    (void)state;
    budget_clear(&budget);
    return 0;
}

static void who_lets_a_call_run_out_is_not_asked_again(void **state)
{
    struct call given[] = { { .target = "a", .takes = 10, .deadline = 60 },
                            { .target = "b", .takes = 999, .deadline = 60 },
                            { .target = "b", .takes = 1, .deadline = 60 },
                            { .target = "a", .takes = 10, .deadline = 60 } };
    struct call later[] = { { .target = "b", .takes = 1, .deadline = 60 } };
    (void)state;
    assert_int_equal(budget_begin(&budget, 0, 0), 0);
    run(given);
    assert_int_equal(given[1].ending, DYDISNIX_TIMED_OUT);
    assert_int_equal(given[2].ending, DYDISNIX_TIMED_OUT);
    assert_int_equal(given[2].granted, -1);
    assert_int_equal(given[3].ending, DYDISNIX_EXITED);
    assert_true(budget_is_spent(&budget, "b"));
    assert_false(budget_is_spent(&budget, "a"));
    run(later);
    assert_int_equal(later[0].granted, -1);
}

static void the_calls_of_a_target_have_a_budget_together(void **state)
{
    struct call given[] = {
        { .target = "a", .takes = 40, .deadline = 60 }, { .target = "b", .takes = 40, .deadline = 60 },
        { .target = "a", .takes = 40, .deadline = 60 }, { .target = "a", .takes = 40, .deadline = 60 },
        { .target = "a", .takes = 40, .deadline = 60 }, { .target = "b", .takes = 40, .deadline = 60 }
    };
    (void)state;
    assert_int_equal(budget_begin(&budget, 100, 0), 0);
    run(given);
    assert_int_equal(given[2].granted, 60);
    assert_int_equal(given[3].granted, 20);
    assert_int_equal(given[3].ending, DYDISNIX_TIMED_OUT);
    assert_int_equal(given[4].granted, -1);
    assert_int_equal(given[5].ending, DYDISNIX_EXITED);
}

/* A document that takes long to read costs its sender. */
static void what_is_made_of_an_answer_counts(void **state)
{
    struct call given[] = { { .target = "a", .takes = 1, .parsing = 500, .deadline = 60 },
                            { .target = "a", .takes = 1, .deadline = 60 },
                            { .target = "b", .takes = 1, .deadline = 60 } };
    (void)state;
    assert_int_equal(budget_begin(&budget, 100, 0), 0);
    run(given);
    assert_int_equal(given[1].granted, -1);
    assert_int_equal(given[2].ending, DYDISNIX_EXITED);
}

/* Many that hang, a few at once, would take the whole stage in spite of their budgets. */
static void half_of_the_stage_is_for_targets(void **state)
{
    struct call given[] = { { .target = "a", .takes = 9999, .deadline = 60 },
                            { .target = "b", .takes = 9999, .deadline = 60 },
                            { .target = "c", .takes = 1 },
                            { .takes = 70 } };
    (void)state;
    assert_int_equal(budget_begin(&budget, 1000, 200), 0);
    run(given);
    assert_int_equal(given[0].granted, 60);
    assert_int_equal(given[1].granted, 40);
    assert_int_equal(given[2].granted, -1);
    assert_int_equal(given[3].granted, 0); /* the coordinator's own programs are no target's */
    assert_int_equal(given[3].ending, DYDISNIX_EXITED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_lets_a_call_run_out_is_not_asked_again, begin, end),
        cmocka_unit_test_setup_teardown(the_calls_of_a_target_have_a_budget_together, begin, end),
        cmocka_unit_test_setup_teardown(what_is_made_of_an_answer_counts, begin, end),
        cmocka_unit_test_setup_teardown(half_of_the_stage_is_for_targets, begin, end),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
