/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The phases of a deployment. Each is one program of Disnix, or, for locks, one call for each target. The
 * state tells which one was begun last, and with which exit status those that have ended did: nothing is read
 * in what they print.
 */
#ifndef PHASES_H
#define PHASES_H

#include "host/record/state.h"

enum deployment_phase {
    DEPLOYMENT_STARTED,
    DEPLOYMENT_DISTRIBUTING,
    DEPLOYMENT_LOCKING,
    DEPLOYMENT_ACTIVATING, /* all locks are acquired; services are deactivated and activated */
    DEPLOYMENT_MIGRATING,
    DEPLOYMENT_SETTING,  /* services are active and state has moved; profiles are set */
    DEPLOYMENT_RELEASING /* all is done but for the locks */
};

/* As it stands in the state. */
const char *phase_name(enum deployment_phase phase);

/* Says that it begins, and has the state say so too. 0, or -1 after a message: it must not begin. */
int phase_begin(struct state *state, enum deployment_phase phase);

/* It has ended with that exit status. */
void phase_end(struct state *state, enum deployment_phase phase, int status);

/* record: of a deployment, in the state. The phase that was begun last; its exit status; STAGE_HUNG: its
 * deadline ended it; -1: not known. */
enum deployment_phase phase_last(const json_t *record);
int phase_status(const json_t *record, enum deployment_phase phase);

#endif
