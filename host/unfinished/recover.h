/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is done about a redeployment that did not end well: its locks are released, and it is undone, or
 * finished if it had begun to set profiles. What was written on new homes meanwhile is rescued first. What is
 * to be done on a target that does not answer is left to when it does.
 */
#ifndef RECOVER_H
#define RECOVER_H

#include <jansson.h>

#include "host/calls/recovery.h"
#include "lib/manifest/manifest.h"
#include "lib/model/infrastructure.h"

/* Waits until nothing of an earlier deployment runs any more, also one of a loop that was killed. 0, or -1:
 * stopped, after a message. */
int recover_wait(const struct recovery *recovery);

/* Settles a redeployment that state.json tells of, if there is such. *report: what was done
 * (recovery-report.h), a new reference; NULL: there was nothing. 0: the next redeployment may begin, -1: it
 * may not, after a message. */
int recover(const struct recovery *recovery, json_t **report);

/* Does what was left to do on targets of the model, if they answer now. *report: the same. 0, or -1 after a
 * message. */
int recover_leftovers(const struct recovery *recovery, const struct infrastructure *model, json_t **report);

/* The same before a redeployment of new against previous (NULL: none), where nothing is known of how the last
 * one ended: what is on new homes may be live, and is rescued where that can be done, and with
 * --release-stale-locks all locks are released. */
void recover_unknown(const struct recovery *recovery, const struct manifest *previous,
                     const struct manifest *new, json_t **report);

#endif
