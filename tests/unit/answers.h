/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A world in which each program is answered at once, one after the other.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <dydisnix/plugin.h>

#include <stdlib.h>

/* For the operation run. answer: sets status, and output to a text of malloc(). */
static inline int unit_answer(const struct dydisnix_work *work,
                              void (*answer)(const struct dydisnix_program *program,
                                             struct dydisnix_result *result))
{
    struct dydisnix_program program = { 0 };
    for (; work->next(work->closure, &program); program = (struct dydisnix_program){ 0 }) {
        struct dydisnix_result result = { .ending = DYDISNIX_EXITED };
        answer(&program, &result);
        work->done(work->closure, &program, &result);
        free(result.output);
    }
    return 0;
}

#endif
