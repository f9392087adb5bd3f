/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pins: components that a deployment may not move, for nobody knows yet which copy of their state is the one,
 * or for their state would stay behind. They stay where the previous manifest has them, and all else is
 * deployed. Pure functions.
 */
#ifndef PINS_H
#define PINS_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/manifest/manifest.h"

/* The components that new has where it may not, under the "survivors" of the host's state (see state.h) and the
 * report of the reconstruct stage (either NULL: none); and, if moves_by_keys, those that it has where Disnix
 * moves no state, see homes_unmovable():
 *   [{ "component", "container", "reason": one line,
 *      "remedy": one line (absent: somebody has to decide, or to answer),
 *      "target": where it may not go (absent: it is to be nowhere else),
 *      "targets": [where previous has it, or where it lives until it gets newer state ("late" of the report), as
 *                  far as these are in the model of new; empty: it cannot stay] }]
 * A new reference, in a fixed order; NULL: no memory. */
json_t *pins_find(const struct manifest *previous, const struct manifest *new, const json_t *survivors,
                  const json_t *report, bool moves_by_keys);

/* Where that leaves services, for wrap_distribution(): all places of each that has a component of pins or
 * that provides the container of one. Services are called as in the services model, for Disnix refuses one
 * whose name is not its attribute's, and their manifest tells the name. Those of pins that cannot stay are
 * left alone. NULL: no memory. */
json_t *pins_places(const struct manifest *previous, const struct manifest *new, const json_t *pins);

/* The same for all services that previous has on one of these targets, { NAME: anything }, and those that new
 * (NULL: none) does not have at all: they stay where previous has them, as far as that is in the model. */
json_t *pins_spare(const struct manifest *previous, const struct manifest *new,
                   const struct infrastructure *model, const json_t *targets);

#endif
