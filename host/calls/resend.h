/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Closures sent again: Nix may have collected on a target what no profile there led to yet. What is there
 * already is not sent.
 */
#ifndef RESEND_H
#define RESEND_H

#include <stdbool.h>

#include "host/calls/recovery.h"

/* Those of all profiles of the manifest at that path, with disnix-distribute. 0, or something else after a
 * message: not all of them are where they should be. transcript: as that of a stage's program, or NULL. */
int resend_profiles(const struct recovery *recovery, const char *manifest, const char *transcript);

/* That of one path, to one target, for manifests of that version, in so many milliseconds. The same;
 * STAGE_HUNG: it takes longer. */
int resend_path(const struct recovery *recovery, const struct target *target, const char *path, int version,
                int64_t deadline);

/* Whether this machine itself can make what is sent: then who has not taken it has refused it. */
bool resend_is_possible(const char *path);

#endif
