/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state of the loop and of the system as numbers, in the text form of Prometheus, in a file for the textfile
 * collector of node-exporter. dydisnix-self-adapt(1) has a table of them. Every name and every label that can be
 * told beforehand is there from the start, as 0, so that an alert can tell 0 from nothing.
 *
 * The loop writes it when something has changed, at most once a second, and at least once a minute: one that is
 * killed leaves a file that grows old. What the system is comes from state.json and totals.json as cycles have
 * left them.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdint.h>

#include "host/control/status.h"
#include "host/loop/supervisor.h"
#include "host/settings/settings.h"

struct metrics {
    const struct settings *settings;
    const struct status *status;
    const char *file;    /* NULL: nothing is done */
    char *written;       /* what the file tells of the loop; NULL: there is none yet */
    int64_t written_at;  /* milliseconds, monotonic */
    char stage[32];      /* that runs; empty: none */
    int64_t stage_since; /* seconds since 1970 */
    bool failed;         /* the file could not be written, and that was said */
};

/* settings and status are borrowed. */
void metrics_open(struct metrics *metrics, const struct settings *settings, const struct status *status);

/* Writes the file if it is time to. A failure is told once, as a warning. */
void metrics_tell(struct metrics *metrics, const struct supervisor *supervisor);

/* When that is wanted again; -1: not before something changes. Milliseconds, monotonic. */
int64_t metrics_due(const struct metrics *metrics, const struct supervisor *supervisor);

/* The loop has ended, and the file says so. */
void metrics_close(struct metrics *metrics, const struct supervisor *supervisor);

#endif
