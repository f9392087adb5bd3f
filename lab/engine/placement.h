/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which services are where by a manifest: what a placement strategy gets as the previous distribution.
 */
#ifndef PLACEMENT_H
#define PLACEMENT_H

#include "lib/manifest/manifest.h"

/* Writes the placement of the coordinator profile's manifest into directory; *file is its name, or NULL if
 * there is no such manifest. 0, or 1 after a message. */
int placement_save(const char *coordinator_directory, const char *profile, const char *directory,
                   char **file);

#endif
