/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long targets may keep a stage waiting. A call has a deadline; but a target that lets every call run
 * into it costs a stage as many deadlines as there are calls. So the calls of a target, and what is made of
 * its answers, have a budget together; one that lets a call run into its deadline is not asked again; and all
 * of them have to be done at a moment that leaves the stage time to go on without them.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <dydisnix/plugin.h>

struct budget {
    int64_t most; /* milliseconds for each target; 0: no limit */
    int64_t
        until; /* the moment, by operations->now(), when nobody is waited for any more; 0: there is none */
    json_t *spent; /* target → milliseconds; -1: it is not asked any more */
};

/* stage: milliseconds that the stage has, 0: no limit; half of it is for targets. 0, or -1: no memory. */
int budget_begin(struct budget *budget, int64_t most, int64_t stage);
void budget_clear(struct budget *budget);

/* As operations->run(). A program of a target (program.target) that is not asked any more is not started: its
 * done() is called at once, as if it had run into its deadline, with an output of NULL. budget NULL: there is
 * none. */
int budget_run(struct budget *budget, const struct dydisnix_work *work, unsigned jobs);

/* Whether a target is not asked any more. */
bool budget_is_spent(const struct budget *budget, const char *target);

#endif
