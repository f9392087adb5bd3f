/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of recover(): a redeployment that did not end well, and what is done about it.
 */
#ifndef BROKEN_H
#define BROKEN_H

#include "arguments.h"
#include "phases.h"
#include "recover.h"

/* A redeployment that did not end well. */
struct broken {
    const struct recovery *recovery;
    const char *path;                /* of its manifest */
    enum deployment_phase phase;     /* that was begun last */
    int activation;                  /* how disnix-activate exited; -1: it did not, or nobody knows */
    struct manifest previous, new;
    bool cut;                        /* new has no longer all that the file at path has */
    const struct manifest *old;      /* previous, or NULL: there was none, or it is lost */
    bool previous_lost;
    json_t *silent;                  /* { TARGET: true }: does not answer */
    json_t *overtaken;               /* { TARGET: true }: somebody else has deployed to it since */
    json_t *report;
};

/* The exit statuses of disnix-activate that tell what is active. */
enum {
    ACTIVATION_DONE = 0,
    ACTIVATION_ROLLED_BACK = 1, /* all is as it was */
    ACTIVATION_OLD_LOST = 2     /* what is new is inactive, what is obsolete may be */
};

/* NAME in the directory of the state; malloc()ed. */
char *broken_path(const struct recovery *recovery, const char *name);

/* A target of either manifest, and if of both that of the new one; NULL: of neither. */
const struct target *broken_target(const struct broken *broken, const char *name);

bool broken_answers(const struct broken *broken, const char *target);

/* Whether what the deployment has left there is still as it left it. */
bool broken_is_ours(const struct broken *broken, const char *target);

/* Argument vectors for a target: with the profile, and for a component. */
void broken_profile_arguments(struct arguments *arguments, const struct recovery *recovery, const struct target *target,
                              const char *operation);
void broken_component_arguments(struct arguments *arguments, const struct target *target, const char *operation,
                                const struct manifest *manifest, const char *container, const char *service,
                                const char *provider);

/* Leaves to when it answers what is to be done on a target. mapping: the component that it is about, or NULL. */
void broken_leave(const struct broken *broken, const struct target *target, const char *what,
                  const struct snapshot_mapping *mapping, const struct arguments *arguments);

/* Notes targets with a profile that neither manifest names: what is active there now is not what this deployment left,
 * and to undo it would undo what somebody else has done. */
void broken_find_overtaken(struct broken *broken);

/* Takes a snapshot of what was activated on new homes, or may have been. again: of what was written there until it was
 * stopped, also where it was active for that only. 0, or -1 after a message: something that was active could not be
 * rescued. */
int broken_rescue(const struct broken *broken, bool again);

/* The same of everything that new moves, as far as it can be done. */
void rescue_all(const struct manifest *previous, const struct manifest *new, json_t *report);

/* After a deployment that ended while it activated services: what it may not have activated is activated, what it
 * certainly has not, or what cannot be, is taken out of new. 0, or -1: no memory. */
int broken_reactivate(struct broken *broken);

/* Goes back to the previous deployment, or on to the new one. 0, or -1 after a message. */
int broken_undo(const struct broken *broken);
int broken_finish(struct broken *broken);

#endif
