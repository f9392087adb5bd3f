/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is there: which targets the effective model has, which are held out of it, whether adaptation waits or
 * is paused. Pure functions of the state (see state.h for its members), without any clock, file or process.
 * Times are seconds since 1970; a clock that was set back makes waits longer, not endless.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct presence_policy {
    int64_t grace;       /* a target that vanished counts as gone after that */
    int64_t flap_count;  /* held out after that many disappearances; 0: never */
    int64_t flap_window; /* within that time */
    int64_t flap_stable; /* and takes part again when it has been there for that long */
    int64_t lost_most;   /* more than these at once pause adaptation; -1: never */
    bool lost_percent;   /* of the targets that were deployed to last, else a number */
};

struct presence {
    json_t *left_out; /* [NAME] of the captured model that the effective model does not have */
    json_t *waiting;  /* [NAME] that vanished, and have some time to come back: nothing is adapted */
    bool paused;
    int64_t due; /* seconds until something changes by time alone; -1: nothing does */
};

/* Judges the captured model at now, and notes in state what it found. names: [NAME] in the model; silent: an
 * object with those of them, as keys, that do not answer; doubles: those that are left out, see doubles.h, or
 * NULL. What is new is told. 0, or -1: no memory. */
int presence_judge(json_t *state, const json_t *names, const json_t *silent, const json_t *doubles,
                   const struct presence_policy *policy, int64_t now, struct presence *presence);

void presence_clear(struct presence *presence);

/* An operator's word: pause or resume. What came of it is told. */
void presence_word(json_t *state, const char *word, int64_t now);

/* Takes in a target that is held: its copies of state are given up, or are preferred. False: it is not
 * held. */
bool presence_take_in(json_t *state, const char *name, bool preferred);

/* By a report of the reconstruct stage targets of which it is unknown what runs there are held, until that is
 * known; due of presence is when they are asked again. */
void presence_hold(json_t *state, const json_t *report, int64_t now, struct presence *presence);

/* The targets by such a report, an array, with which nothing may be deployed: without a previous manifest
 * anything may run on a target that does not tell, also the only copy of some state, which would be begun
 * anew elsewhere. It stays so until the target tells, or is accepted, or has left the model. To be called
 * before presence_hold(). */
json_t *presence_blind(json_t *state, const json_t *report);

/* Whether a target is held for that. */
bool presence_is_held(const json_t *state, const char *target);

/* Whether the last successful redeployment was to that target, too. */
bool presence_was_deployed(const json_t *state, const char *target);

/* A redeployment with exactly these targets, [NAME], has succeeded. */
void presence_deployed(json_t *state, const json_t *names);

/* The targets that have that mark, accepted or preferred, as an array; NULL: no memory. */
json_t *presence_marked(const json_t *state, const char *mark);

#endif
