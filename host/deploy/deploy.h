/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What disnix-deploy does, phase by phase: distribute closures, lock, activate, migrate state, set profiles,
 * unlock. The options are those that it takes and passes to each.
 */
#ifndef DEPLOY_H
#define DEPLOY_H

#include "host/phases/late.h"

/* As disnix-deploy exits. */
enum deploy_outcome {
    DEPLOY_DONE = 0,
    DEPLOY_FAILED = 1, /* locks are released, as far as they could be */
    DEPLOY_STATE_FAILED =
        2,             /* so are they: services are active, their state was not migrated, no profile is set */
    DEPLOY_BROKEN = -1 /* a phase did not end by itself */
};

/* Deploys the manifest at new, which is late->new, against that at previous (NULL: none). The state tells how
 * far it came; what recover() is to settle stands there after anything but DEPLOY_DONE. */
enum deploy_outcome deploy(const struct late *late, const char *previous, const char *new);

#endif
