/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One call of the client interface for each target of a manifest that has a profile, side by side.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include "lab/engine/deployment.h"

struct target_calls {
    const struct deployment *deployment;
    const char *operation;
    bool with_path;        /* the profile's store path is the operation's argument */
    const char *doing;     /* "Acquiring a lock on profile" */
    const char *complaint; /* "Cannot lock profile" */
    bool *done;            /* if not NULL: what succeeded; an element for each profile */
    const bool *wanted;    /* if not NULL: the profiles to do it for */
};

bool target_calls_run(struct target_calls *calls);

/* The machine of a profile in the new model; every one has one, for manifests are checked. */
const struct target *profile_machine(const struct deployment *deployment, size_t i);

#endif
