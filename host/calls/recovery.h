/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a deployment, and whatever is done about one that did not end well, has to work with.
 */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <signal.h>

#include "host/record/progress.h"
#include "host/record/state.h"
#include "host/settings/settings.h"
#include "lib/base/arguments.h"
#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"
#include "lib/model/infrastructure.h"

struct recovery {
    const struct settings *settings;
    struct state *state;
    const char *directory; /* of the state */
    const char *work;      /* directory for the temporary files of the cycle */
    struct strings *strings;
    const volatile sig_atomic_t *stop; /* becomes non-zero when it is to wait no longer */
    const struct progress *progress;   /* to the loop; NULL: nobody listens */
    bool first;                        /* of this loop */
};

/* In the directory of the state: a file for each program and call of a deployment that may outlive the loop,
 * as its transcript. */
#define RUNNING "running"

/* NAME in the directory of the state; malloc()ed. */
char *recovery_path(const struct recovery *recovery, const char *name);

/* Argument vectors for a target: with the profile, and for a component. */
void recovery_profile_arguments(struct arguments *arguments, const struct recovery *recovery,
                                const struct target *target, const char *operation);
void recovery_component_arguments(struct arguments *arguments, const struct target *target,
                                  const char *operation, const struct manifest *manifest,
                                  const char *container, const char *service, const char *provider);

/* Forgets the redeployment that has ended well, and removes what was kept for it. 0, or -1 after a
 * message. */
int recovery_forget(const struct recovery *recovery);

/* Removes what is kept of a redeployment only while it is under way. */
void recovery_tidy(const struct recovery *recovery);

#endif
