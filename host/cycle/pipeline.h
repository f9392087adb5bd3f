/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a stage runs: announced to the loop, allowed by the guard, by the first plugin that takes it or by the
 * loop itself, with what later stages need of it kept.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "host/cycle/running.h"

struct stage {
    const char *name; /* also that of its hook */
    /* What happens when no plugin takes it: 0, -1 after a message, or DYDISNIX_NOT_MINE, there is nothing to
     * do. *report: a new reference, or left NULL. NULL: nothing. */
    int (*run)(struct cycle *cycle, json_t **report);
    /* Whether it changes something without a plugin, so that the guard is asked; NULL: it never does, not
     * even with one. */
    bool (*changes)(const struct settings *settings);
    bool (*wanted)(const struct cycle *cycle); /* else it is left out; NULL: always */
    /* What follows from its status: 0 (go on), -1 (fail), or more than 0 (stop here). NULL: just that status. */
    int (*after)(struct cycle *cycle, int status);
};

/* Runs one stage, wanted or not, and nothing after it. 0, or -1 after a message. */
int pipeline_run(struct cycle *cycle, const struct stage *stage);

/* Runs stages one after the other while they go on, each with what follows. What the last one that ran
 * gave. */
int pipeline_walk(struct cycle *cycle, const struct stage *stages, size_t count);

/* Notes in the journal what has run, within a stage too. report: NULL if there is none. */
void pipeline_note(struct cycle *cycle, const char *name, bool failed, int64_t milliseconds, json_t *report);

/* For changes. */
bool pipeline_always(const struct settings *settings);
bool pipeline_never(const struct settings *settings);

#endif
