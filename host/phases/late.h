/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is done on targets right before services change: everything else that can fail has succeeded by then.
 * What it does stands in the record of the deployment, in the state, before it is done, so that it is undone
 * also after a crash.
 */
#ifndef LATE_H
#define LATE_H

#include "host/calls/slow.h"
#include "host/phases/unfinished.h"

/* A deployment that is about to change services. */
struct late {
    const struct recovery *recovery;
    const struct manifest *previous; /* that the deployment is compared with; NULL: none */
    const struct manifest *new;
    const json_t *reconstructed; /* the report of the reconstruct stage; NULL: none */
    json_t *report;              /* of the redeploy stage, to add to */
    int64_t until;               /* moment at which its programs are ended; 0: never */
};

/* Milliseconds that a program of the deployment still has; 0: as long as it likes. Where the deadline of the
 * stage would end it, it is ended before, so that it is known that somebody hangs, and that it is not the
 * loop that ends. */
int64_t late_left(const struct late *late);

/* Whom its programs may wait for. */
struct slow late_slow(const struct late *late);

/* 0, or -1 after a message: then no service is changed, and late_undo() follows. */
int late_begin(const struct late *late);

/* The deployment has not ended well, and is not to be finished. Called when all else is undone, for that
 * stops what the new manifest has, and it may have the same component there; also where late_begin() never
 * ran. record: what the state tells of the deployment. undone: whether all else went well, and so is not
 * undone again. 0, or -1 after a message: it is tried again in the next cycle. */
int late_undo(const struct unfinished *unfinished, const json_t *record, bool undone);

#endif
