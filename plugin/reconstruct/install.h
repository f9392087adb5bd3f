/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts a reconstructed manifest into the Nix store and makes it the coordinator profile's new generation.
 */
#ifndef INSTALL_H
#define INSTALL_H

#include "lib/manifest/previous.h"
#include "plugin/capture/capture.h"
#include "plugin/settings/options.h"

struct installed {
    char *path;      /* the manifest's store path */
    long generation; /* of the coordinator profile; 0: the profile was not set */
    json_t
        *unbacked; /* paths that the manifest names and that are not valid here: no reference protects them */
};

/* Compares with the previous manifest by meaning: 0 and *changed false if equal, then nothing is written.
 * Else writes it, with references to every profile and package that is valid: what the captured closures hold
 * has just been found to be. -1 after a message. */
int install(struct manifest *manifest, const struct previous *previous, const struct capture *capture,
            const struct options *options, struct installed *installed, bool *changed);

void installed_clear(struct installed *installed);

#endif
