/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Brings what is missing of the targets' profiles into the coordinator's store.
 */
#ifndef CLOSURES_H
#define CLOSURES_H

#include "capture.h"

struct closure_report {
    size_t *paths;    /* fetched from each target, in the order of the capture */
    uint64_t *bytes;
};

/* Fetches each missing path once, from one target that has it; where that fails, from the next. A target whose
 * closure cannot be completed becomes invalid: *refused is set, and the decision has to be made again. 0, or -1
 * after a message: nothing could be fetched at all. */
int closures_fetch(struct capture *capture, const struct options *options, struct strings *strings,
                   struct closure_report *report, bool *refused);

#endif
