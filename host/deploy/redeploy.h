/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Redeployment as disnix-env does it, in two steps: make the new manifest, check it, deploy it against the
 * previous one, which is named.
 */
#ifndef REDEPLOY_H
#define REDEPLOY_H

#include "host/calls/recovery.h"
#include "host/record/state.h"
#include "host/settings/settings.h"

/* event: as given to hooks, with infrastructure, distribution and reports. While it is under way the links
 * "new" and "previous" in the directory of the state keep the manifests from garbage collection. *report: {
 * "previous", "manifest", "status", "difference", "recover" } as far as it went, a new reference. 0, or -1
 * after a message; what recover() is to settle then stands in the state. */
int redeploy(const struct recovery *recovery, const json_t *event, const struct infrastructure *model,
             json_t **report);

/* Snapshots of everything in the coordinator's manifest but what is on targets that cannot be asked: those
 * that are not in the model, and those that did not answer the last reconstruction. 0, or -1 after a
 * message. */
int take_snapshots(const struct settings *settings, struct state *state, const struct infrastructure *model,
                   const char *directory, struct strings *strings);

#endif
