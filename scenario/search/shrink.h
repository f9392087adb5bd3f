/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The smallest scenario that still fails.
 */
#ifndef SCENARIO_SHRINK_H
#define SCENARIO_SHRINK_H

#include <jansson.h>
#include <stdbool.h>

/* Takes moments, events, services, targets and members away as long as what is left fails in the same way.
 * fails: whether this candidate, which may be no valid scenario any more, does; closure is passed on to it. A
 * new reference. */
json_t *scenario_shrink(const json_t *scenario, bool (*fails)(void *closure, const json_t *candidate),
                        void *closure);

#endif
