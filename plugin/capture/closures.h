/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Brings what is missing of the targets' profiles into the coordinator's store.
 */
#ifndef CLOSURES_H
#define CLOSURES_H

#include "plugin/capture/capture.h"

/* What was fetched from one target. */
struct fetched {
    size_t paths;
    uint64_t bytes;
    size_t unasked;        /* paths that came and that nobody had asked for */
    json_t *unasked_paths; /* the first hundred of them; NULL: none */
};

struct closure_report {
    struct fetched *targets; /* in the order of the capture */
    size_t count;
    char *roots; /* a directory that keeps the profiles from garbage collections; NULL: something else does */
};

/* Fetches each missing path once, from one target that has it; where that fails, from the next. A target
 * whose closure cannot be completed becomes invalid: *refused is set, and the decision has to be made again,
 * this as well. All profiles stay until closures_release(), those that current, the coordinator's manifest
 * (NULL: there is none), does not refer to as well. 0, or -1 after a message: nothing could be fetched at
 * all. */
int closures_fetch(struct capture *capture, const struct manifest *current, const struct options *options,
                   struct closure_report *report, bool *refused);

/* Adds to the report's targets what was fetched from them. */
void closures_describe(const struct closure_report *report, const struct capture *capture, json_t *targets);

void closures_release(struct closure_report *report);

#endif
