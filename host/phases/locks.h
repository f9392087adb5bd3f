/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The locks of a deployment, one on each target of its manifest. A lock is a file without an owner: which
 * ones are ours is known because each is taken by one call of ours, and the state tells of it before it is
 * made. One that somebody else holds is not taken away.
 */
#ifndef LOCKS_H
#define LOCKS_H

#include "host/calls/recovery.h"

/* Acquires them all. With --release-stale-locks a lock that is refused is released, whosever it is, and asked
 * for again. 0, or -1 after messages: those that were acquired are to be released. report: of the stage, that
 * tells of what was released. */
int locks_acquire(const struct recovery *recovery, const struct manifest *new, json_t *report);

/* Releases those that the state tells of, on targets of new. absent: NULL: they are ours, so that one which
 * cannot be released is an error; else one that is refused was absent, and its target is added, { TARGET: true }.
 * 0, or -1: the state tells of those that are left. */
int locks_release(const struct recovery *recovery, const struct manifest *new, json_t *absent);

#endif
