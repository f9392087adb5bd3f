/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers over all cycles of a profile, in DIRECTORY/totals.json, for the metrics and for cycle_finished hooks.
 * They are counted by the host, so that a cycle that crashed counts too. The file may be deleted at any time:
 * then they begin anew. Its members are described in dydisnix-plugin(3).
 */
#ifndef TOTALS_H
#define TOTALS_H

#include <jansson.h>

#include "host/control/status.h"

/* Adds the cycle that has ended, and gives all of them, a new reference. A failure to keep them is told as a
 * warning. */
json_t *totals_count(const char *directory, const struct status *status, int64_t clock);

/* How long cycles took: "bounds", "counts", "count", "milliseconds"; of totals that do not tell (NULL: there are none)
 * all are 0. A new reference. */
json_t *totals_durations(const json_t *totals);

#endif
