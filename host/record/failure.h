/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why a cycle failed: the first error that was logged since its stage began, and, if that is about a program,
 * how that ended and what it said last.
 *
 *   { "reason": what was logged, "target": NAME of whom, "program", "status" or "signal", "said": [LINE] }
 *
 * status is its exit status, signal what ended it; neither is there if it was not started, took too long or
 * printed too much, which the reason says. All but the reason may be absent.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <jansson.h>
#include <stdbool.h>

/* Listens to what is logged and to how programs end, from here to failure_close(). */
void failure_open(void);
void failure_close(void);

/* What was logged before has been survived. */
void failure_forget(void);

/* What is known so far, a new reference; NULL: no error was logged. */
json_t *failure_known(void);

/* What is logged waits from here on, and is then told, or not. */
void failure_hold(void);
void failure_tell(bool wanted);

/* Target and reason for a person; malloc()ed, NULL: no memory. */
char *failure_words(const json_t *failure);

#endif
