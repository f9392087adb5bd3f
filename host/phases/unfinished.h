/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A redeployment that did not end well, as what is done about it sees it.
 */
#ifndef UNFINISHED_H
#define UNFINISHED_H

#include <jansson.h>
#include <stdbool.h>

#include "host/calls/recovery.h"
#include "host/phases/phases.h"
#include "lib/manifest/manifest.h"

/* A redeployment that did not end well. */
struct unfinished {
    const struct recovery *recovery;
    const char *path;            /* of its manifest */
    enum deployment_phase phase; /* that was begun last */
    int activation;              /* how disnix-activate exited; -1: it did not, or nobody knows */
    struct manifest previous, new;
    const struct manifest *old; /* previous, or NULL: there was none, or it is lost */
    bool previous_lost;
    json_t *silent;    /* { TARGET: true }: does not answer, or has let a call run into its deadline */
    json_t *unlocked;  /* { TARGET: true }: our lock was gone when it was to be released */
    json_t *overtaken; /* { TARGET: true }: somebody else has deployed to it since, or it has another disk */
    json_t *report;
};

/* The exit statuses of disnix-activate that tell what is active. */
enum {
    ACTIVATION_DONE = 0,
    ACTIVATION_ROLLED_BACK = 1, /* all is as it was */
    ACTIVATION_OLD_LOST = 2     /* what is new is inactive, what is obsolete may be */
};

/* A target of either manifest, and if of both that of the new one; NULL: of neither. */
const struct target *unfinished_target(const struct unfinished *unfinished, const char *name);

bool unfinished_answers(const struct unfinished *unfinished, const char *target);

/* Whether what the deployment has left there is still as it left it. */
bool unfinished_is_ours(const struct unfinished *unfinished, const char *target);

#endif
