/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a cycle tells the loop about the system, in small documents (see progress.h), so that the loop
 * can answer dydisnix-self-adaptctl without reading a file:
 *
 *   { "event": "facts", "facts": { ... } }
 *       cycle; deployed: the manifest; of this cycle's reports, if they were made: superseded, regressed,
 *       rescued, disputes (how many), services (in the new manifest). A cycle that adapts tells at once that
 *       it has "adapted", and "cycle".
 *   { "event": "targets", "targets": { NAME: { "status", "reason" } }, "first": true, "last": true }
 *       those of the model and those that are left out of it, in portions; an object without status: nothing
 *       new is known, but, with "here": true, that it is not silent
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <jansson.h>

#include "host/record/progress.h"
#include "host/record/state.h"
#include "lib/model/infrastructure.h"

/* event: as given to hooks. */
void summary_tell(const struct progress *progress, const json_t *event, const struct state *state,
                  const struct infrastructure *infrastructure);

#endif
