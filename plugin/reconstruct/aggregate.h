/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts the deployment manifest together from what targets said, the previous manifest and the judgement on
 * copies. Pure: it reads nothing but its inputs.
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include "plugin/capture/claims.h"
#include "plugin/copies/copies.h"
#include "plugin/settings/options.h"

/* previous: NULL if not known. report: gets the arrays "inactive", "divergent" and "dangling". 0, or -1 after
 * a message: no memory, or a policy says to fail. */
int aggregate(const struct infrastructure *infrastructure, const struct capture *capture,
              const struct claims *claims, const struct copies *copies, const struct manifest *previous,
              const json_t *survivors, const struct options *options, struct manifest *manifest,
              json_t *report);

#endif
