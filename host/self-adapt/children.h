/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The processes that the loop starts, and what comes of them.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "host/self-adapt/host.h"

/* For a loop whose closure is the host. */
extern const struct loop_processes children;

/* A process of our own: own group, signals as a program expects them. As fork(). */
pid_t children_fork(struct host *host);

void children_start_stream(struct host *host);

/* What the running cycle, and the generator that goes on running, have told. */
void children_take_progress(struct host *host);
void children_take_stream(struct host *host);

/* After SIGCHLD. */
void children_reap(struct host *host);

/* The loop has ended: what is left of them. */
void children_end(struct host *host);

#endif
