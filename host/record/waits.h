/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long a target is missing or back, a model still, a try put off: such moments stand in the state as the
 * wall clock had them, so that they mean something after a restart. But that clock may be set. So the state
 * tells, as "clock", what the wall clock and the monotonic one said when it was looked at last: where the
 * first has gone by more or less than the second since, these moments go with it. After a reboot, when the
 * monotonic clock begins anew, only the time since then is known to have passed. So a wait may become longer
 * by time that nobody measured, but no shorter.
 */
#ifndef WAITS_H
#define WAITS_H

#include <jansson.h>
#include <stdint.h>

/* To be called before anything reads these moments. clock: seconds since 1970; now: milliseconds of the
 * monotonic clock. */
void waits_keep(json_t *state, int64_t clock, int64_t now);

#endif
