/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The check before a deployment: what Disnix would do in silence and what would lose state.
 */
#ifndef CHECK_H
#define CHECK_H

#include <jansson.h>

#include "host/settings/settings.h"
#include "lib/manifest/manifest.h"

/* Compares previous (NULL: none) with new, which was made with pins (see pins.h) if there are any, under the
 * "survivors" of the host's state and the report of the reconstruct stage (NULL: none). Gives what
 * stands against the deployment, empty: nothing; a finding that its option lets pass is left out:
 *   [{ "kind": "conflict" | "keys" | "provider",
 *      "target": where (absent if it is about several), "component", "container" (absent if it is about none),
 *      "text": one line with the remedy, "option": "--force-KIND", to go on }]
 * A new reference, in a fixed order; NULL: no memory. */
json_t *check_findings(const struct manifest *previous, const struct manifest *new, const json_t *survivors,
                       const json_t *report, const struct settings *settings);

/* Says each finding. 0: nothing stands against the deployment, -1: something does. */
int check_deployment(const struct manifest *previous, const struct manifest *new, const json_t *survivors,
                     const json_t *report, const struct settings *settings);

#endif
