/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The homes of components: where a manifest has the state of each.
 */
#ifndef HOMES_H
#define HOMES_H

#include "host/settings/settings.h"
#include "lib/manifest/manifest.h"

/* Snapshot mappings, borrowed from their manifest: by component, container and target. */
struct homes {
    const struct snapshot_mapping **items;
    size_t count;
};

/* Those of a manifest (NULL: it has none). 0, or -1: no memory. */
int homes_list(struct homes *homes, const struct manifest *manifest);
void homes_clear(struct homes *homes);

/* Those of the component in the container that mapping has, a part of homes, not to be cleared. */
struct homes homes_of(const struct homes *homes, const struct snapshot_mapping *mapping);

/* A home, one of before (those of previous), that the component of mapping would leave in new, while its
 * state cannot move from there to mapping's target: Disnix moves none where a target's name is not its
 * connection key. The one that deploys version 1 knows no names. NULL: there is none. */
const struct snapshot_mapping *homes_unmovable(const struct homes *before, const struct manifest *previous,
                                               const struct manifest *new,
                                               const struct snapshot_mapping *mapping);

/* Whether the current generation of the coordinator profile or an older one that is still there has the
 * component of mapping on its target. Where that cannot be told, it may have been there: true. */
bool homes_were(const struct settings *settings, const struct snapshot_mapping *mapping,
                struct strings *strings);

#endif
