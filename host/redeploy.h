/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Redeployment as disnix-env does it, in two steps: make the new manifest, check it, deploy it against the
 * previous one, which is named.
 */
#ifndef REDEPLOY_H
#define REDEPLOY_H

#include "settings.h"
#include "state.h"

/* event: as given to hooks, with infrastructure, distribution and reports. directory: of the state; the new
 * manifest is kept from garbage collection by the link "new" in it. *report: { "previous", "manifest",
 * "status", "difference" } as far as it went, a new reference. 0, or -1 after a message. */
int redeploy(const struct settings *settings, struct state *state, const json_t *event,
             const struct infrastructure *model, const char *directory, struct strings *strings,
             json_t **report);

/* Snapshots of everything in the coordinator's manifest but what is on targets that cannot be asked: those
 * that are not in the model, and those that did not answer the last reconstruction. 0, or -1 after a
 * message. */
int take_snapshots(const struct settings *settings, struct state *state, const struct infrastructure *model,
                   const char *directory, struct strings *strings);

#endif
