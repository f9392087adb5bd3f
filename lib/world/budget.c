/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/budget.h"

#include "lib/world/operations.h"

int budget_begin(struct budget *budget, int64_t most, int64_t stage)
{
    *budget = (struct budget){ .most = most,
                               .until = stage > 0 ? operations->now() + stage / 2 : 0,
                               .spent = json_object() };
    return budget->spent ? 0 : -1;
}

void budget_clear(struct budget *budget)
{
    json_decref(budget->spent);
    *budget = (struct budget){ 0 };
}

/* In place of milliseconds. */
enum { SPENT = -1, SPENT_AND_TOLD = -2 };

static json_int_t spent_of(const struct budget *budget, const char *target)
{
    return json_integer_value(json_object_get(budget->spent, target));
}

bool budget_is_spent(const struct budget *budget, const char *target)
{
    return spent_of(budget, target) < 0;
}

/* Milliseconds that a target still has: 0, none; -1, as many as it likes. */
static int64_t left_of(const struct budget *budget, const char *target)
{
    int64_t left = -1, stage;
    if (budget_is_spent(budget, target))
        return 0;
    if (budget->most > 0 && (left = budget->most - spent_of(budget, target)) < 0)
        left = 0;
    if (budget->until > 0) {
        stage = budget->until - operations->now();
        if (stage < 0)
            stage = 0;
        if (left < 0 || stage < left)
            left = stage;
    }
    return left;
}

static void set_spent(struct budget *budget, const char *target, json_int_t spent)
{
    json_object_set_new(budget->spent, target, json_integer(spent));
}

/* Told once a call is not made: until then the call that came to its deadline says all. */
static void tell_unasked(struct budget *budget, const char *target)
{
    if (spent_of(budget, target) == SPENT_AND_TOLD)
        return;
    log_warning(target, "it has kept us waiting for too long and is not asked any more");
    set_spent(budget, target, SPENT_AND_TOLD);
}

/* Work of which the budget is kept. */
struct kept {
    struct budget *budget;
    const struct dydisnix_work *work;
};

static void done_within_budget(void *closure, const struct dydisnix_program *program,
                               struct dydisnix_result *result)
{
    const struct kept *kept = closure;
    struct budget *budget = kept->budget;
    int64_t waited = result->milliseconds, before = operations->now();
    if (program->target && result->ending == DYDISNIX_TIMED_OUT && !budget_is_spent(budget, program->target))
        set_spent(budget, program->target, SPENT);
    kept->work->done(kept->work->closure, program, result);
    if (!program->target || budget_is_spent(budget, program->target))
        return;
    waited += operations->now() - before;
    set_spent(budget, program->target, spent_of(budget, program->target) + waited);
}

static bool next_within_budget(void *closure, struct dydisnix_program *program)
{
    const struct kept *kept = closure;
    while (kept->work->next(kept->work->closure, program)) {
        struct dydisnix_result unasked = { .ending = DYDISNIX_TIMED_OUT };
        int64_t left = program->target ? left_of(kept->budget, program->target) : -1;
        if (left < 0)
            return true;
        if (left > 0) {
            if (program->deadline == 0 || program->deadline > left)
                program->deadline = left;
            return true;
        }
        tell_unasked(kept->budget, program->target);
        done_within_budget(closure, program, &unasked);
        *program = (struct dydisnix_program){ 0 };
    }
    return false;
}

int budget_run(struct budget *budget, const struct dydisnix_work *work, unsigned jobs)
{
    struct kept kept = { budget, work };
    const struct dydisnix_work counted = { .next = next_within_budget,
                                           .done = done_within_budget,
                                           .closure = &kept };
    return operations->run(budget ? &counted : work, jobs);
}
