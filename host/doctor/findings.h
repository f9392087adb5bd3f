/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --check finds, a line each on standard output. What the loop does by itself is tried as the loop does it,
 * and what that would have logged as an error is the finding.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum finding { FINDING_OK, FINDING_WARNING, FINDING_FAILED, FINDINGS };

/* From here to findings_close() nothing is logged, what programs say is kept for their finding, what has no deadline
 * gets one, and no file in this directory is written. */
void findings_open(const char *directory);
void findings_close(void);

/* What is tried now: milliseconds that each program gets that has no deadline of its own. */
void findings_try(int64_t deadline);

/* A line: how it is, what it is about, and what is to be done. Control characters in it become '?'. */
void finding(enum finding finding, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The line of what was tried and did not work: the first error since findings_try(), and what its program said
 * last; advice may be NULL. */
void finding_failure(enum finding finding, const char *about, const char *advice);

/* How the last call to each target ended since findings_try(), borrowed:
 *   { TARGET: { "status": exit status, "said": its last line } }, each if there is one */
const json_t *findings_calls(void);

/* How many there were of a kind. */
unsigned findings_count(enum finding finding);

#endif
