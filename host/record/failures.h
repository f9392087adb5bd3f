/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The failures of cycles, as the loop and its state remember them: the member "failures" of an object, an
 * array whose last one came last. Each is what failure.h describes, with
 *
 *   stage           that failed
 *   count           of equal ones in a row
 *   first, last     when that began, and when it failed last; seconds since 1970
 *   over            when it was found to be over; absent: it goes on
 */
#ifndef FAILURES_H
#define FAILURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether one is as the other. What programs say is not compared: it may hold a time or the number of a process. */
bool failures_equal(const json_t *known, const json_t *failure);

/* A cycle has failed; failure has its stage. */
void failures_note(json_t *object, const json_t *failure, int64_t now);

/* Nothing fails any more. Whether something did. */
bool failures_over(json_t *object, int64_t now);

/* The one that goes on, borrowed; NULL: none. */
const json_t *failures_open(const json_t *object);

#endif
