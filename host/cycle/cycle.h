/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One adaptation cycle, in the process that was forked for it.
 */
#ifndef CYCLE_H
#define CYCLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/settings/settings.h"

enum cycle_status {
    CYCLE_DONE = 0,      /* something had changed, and the system is redeployed */
    CYCLE_FAILED = 1,    /* a stage failed */
    CYCLE_UNCHANGED = 3, /* the model is the one that was deployed last, or that failed and is not due, or has
                            to settle */
    CYCLE_PAUSED = 4,    /* there is a change, and adaptation is paused */
    CYCLE_DEPOSED = 5    /* failed: the guard will never again allow a stage, and the loop has to end */
};

struct cycle_request {
    bool retry;   /* a model that failed is tried again */
    bool now;     /* nothing has to settle */
    bool first;   /* of this loop: what another one heard of the targets is old */
    bool resync;  /* adapt though nothing has changed */
    bool routine; /* only the time has come: nothing is said unless something is to be done */
    pid_t host;   /* the parent */
    int progress; /* where the loop listens, see progress.h; -1: nowhere */
};

/* Runs the stages. Once the host is gone, the stage that runs is finished, for a deployment that is broken
 * off leaves its locks on the targets, but no other one is begun. Returns the exit status of the process. */
int cycle_run(const struct settings *settings, const struct cycle_request *request);

/* A signal handler: the cycle that this process runs starts no further stage. 0: it may again. */
void cycle_interrupt(int signal);

struct status;

/* Notes in journal and totals how the last cycle ended, and calls cycle_finished of every plugin that has
 * it. */
int cycle_finished(const struct settings *settings, const struct status *status);

/* Loads and configures every plugin, so that mistakes show at once. 0, or -1 after a message. */
int cycle_probe(const struct settings *settings);

/* Forgets which model was deployed last: a loop that starts redeploys. */
void cycle_forget(const struct settings *settings);

#endif
