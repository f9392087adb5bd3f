/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One stateful component of a target by itself: its mappings and the services behind them. As a text it can
 * be kept where no manifest holds it, and its operations can still be asked for.
 */
#ifndef PORTION_H
#define PORTION_H

#include "lib/manifest/manifest.h"

/* The portion of manifest that mapping names: a small manifest of version 2, malloc()ed. NULL: no memory, or
 * the manifest does not have the service of the mapping or its provider. */
char *portion_write(const struct manifest *manifest, const struct snapshot_mapping *mapping);

/* Reads such a text, which may come from anywhere. It has to be of this component on this target, and to hold
 * all that its operations need; portion->snapshot_mappings[0] is its mapping. 0, or -1 with *reason
 * malloc()ed (NULL: no memory) and *portion cleared. */
int portion_read(const char *text, const char *target, const char *container, const char *component,
                 struct strings *strings, struct manifest *portion, char **reason);

#endif
