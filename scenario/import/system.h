/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is deployed, as a system that dydisnix-scenario(5) describes. Nothing of it is evaluated.
 */
#ifndef SCENARIO_IMPORT_SYSTEM_H
#define SCENARIO_IMPORT_SYSTEM_H

#include <jansson.h>

#include "lib/manifest/manifest.h"

/* { "targets", "services", "distribution", "expect", "names": { "targets", "services" } } of a sorted
 * manifest, a new reference: each service is where it is now, stays there, and else goes to the first target
 * that has its container; expect is that it is where it is; names are those of the manifest, each with that
 * in the scenario. What cannot be taken over is told, a line each. NULL: no memory. */
json_t *import_system(const struct manifest *manifest);

#endif
