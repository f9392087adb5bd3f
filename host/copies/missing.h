/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * State that a deployment leaves behind: a component goes live where it was not, and no machine that had it
 * can be asked for its state any more. It gets the newest snapshot that the coordinator has, or none.
 */
#ifndef MISSING_H
#define MISSING_H

#include <jansson.h>

#include "host/calls/recovery.h"

/* previous: that the deployment is compared with (NULL: none); what was live before is in the manifest of the last
 * deployment that succeeded, in the state. A new reference, in the order of new:
 *   [{ "component", "container", "target", "from": [TARGET],
 *      "age": seconds since the snapshot that it gets was taken (absent: unknown, or it gets none),
 *      "empty": true (no snapshot of it exists, and it goes live without any state) }]
 * NULL: no memory. */
json_t *missing_find(const struct recovery *recovery, const struct manifest *previous,
                     const struct manifest *new);

/* Says each. Whether one goes live without any state. */
bool missing_tell(const json_t *missing);

/* Such a deployment has succeeded: who went live without any state stands in the state's "missing", as above
 * and with "when" (seconds since 1970), for as long as new has it there and new has none of "from". */
void missing_remember(json_t *state, const json_t *missing, const struct manifest *new, int64_t now);

/* Warns of what has state of which no snapshots are taken: of all when a loop begins, then of what is new. */
void missing_warn(const struct recovery *recovery, const struct manifest *new);

#endif
