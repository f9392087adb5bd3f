/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the captured targets say of services. Several targets may hold one service key; a key is a hash of
 * name, type, package and dependencies, so on these honest targets agree.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "plugin/capture/capture.h"

struct claim {
    const struct service *service;
    struct captured *captured; /* who says so */
};

struct claims {
    struct claim *items; /* by key, then in the order of the targets */
    size_t count;
    const struct infrastructure *model; /* borrowed */
};

/* All claims of the captured targets of a model. The services stay the targets'. 0, or -1 after a message. */
int claims_collect(const struct capture *capture, const struct infrastructure *model, struct claims *claims);
void claims_clear(struct claims *claims);

/* The number of claims from first on that are about the same key. */
size_t claims_group(const struct claims *claims, size_t first);

/* Whether they say the same of the rest: connectsTo and providesContainers. */
bool services_rest_alike(const struct service *a, const struct service *b);

/* Hashes what a key is the hash of: documents with name, type, pkg and dependsOn. *keys: an array of as many
 * texts. 0, or -1 after a message. */
typedef int claims_hash(void *closure, const json_t *documents, json_t **keys);

/* Settles the keys about which targets disagree: every version is hashed, and who does not fit becomes
 * invalid (then claims must be collected again), also where none fits. 0, or -1 after a message: they cannot
 * be hashed. */
int claims_settle(struct claims *claims, claims_hash *hash, void *closure, bool *refused);

#endif
