/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether there is something to do: the model at hand, who of it is there, and what was deployed last.
 */
#ifndef DETECT_H
#define DETECT_H

#include "host/cycle/running.h"

enum verdict {
    VERDICT_CHANGED,   /* adapt */
    VERDICT_UNCHANGED, /* or it failed before and is not due, or has to settle */
    VERDICT_WAITING,   /* targets that are away may come back */
    VERDICT_PAUSED,    /* whatever there is, an operator has paused the loop */
    VERDICT_FAILED     /* after a message */
};

/* For the stages: capture has run; augment has run, after which 1 means that the model is put off; detect. */
int detect_captured(struct cycle *cycle, int status);
int detect_augmented(struct cycle *cycle, int status);
int detect_run(struct cycle *cycle, json_t **report);

/* After these. *changes: what differs, a new reference, where the verdict is that something has changed. */
enum verdict detect_verdict(struct cycle *cycle, json_t **changes);

/* The difference from the model that was seen by the last cycle that adapted, a new reference; NULL: none did. */
json_t *detect_seen(struct cycle *cycle);

/* Goes on with the captured model without the targets of presence.left_out. 0, or -1 after a message. */
int detect_leave_out(struct cycle *cycle);

#endif
