/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must hold in a network that is quiet, and what a scenario expects. Pure functions of documents; each
 * that does not hold is added to broken, in words.
 */
#ifndef SCENARIO_CHECK_H
#define SCENARIO_CHECK_H

#include <stdbool.h>

#include <jansson.h>

/* The system as it is wanted now: { "targets", "services", "distribution" } of a scenario, changed by each
 * event. A new reference; NULL: no memory. */
json_t *scenario_system(const json_t *scenario);
void scenario_system_follow(json_t *system, const json_t *event);

struct scenario_seen {
    const json_t *system;    /* what is wanted */
    const json_t *observed;  /* as scenario_network->observe() gives it */
    const json_t *writes;    /* acknowledged, oldest first: [ { "service", "text" } ] */
    const json_t *documents; /* of the journal, of all the time that is judged */
    const char *messages;    /* of the loop in that time */
    bool forgot;             /* the coordinator has lost something that it knew */
    bool excuses;            /* what is still to be done on a target, and told so, may differ there */
};

/* Whether something is still to be done, and told so, on any target that takes part. */
bool scenario_owes(const struct scenario_seen *seen);

/* The invariants; manifest: also those of the manifest and of what runs. Nothing of these is judged while the
 * loop is paused. */
void scenario_check(const struct scenario_seen *seen, bool manifest, json_t *broken);

/* Each invariant by itself: see the messages. */
void scenario_check_manifest(const struct scenario_seen *seen, json_t *broken);
void scenario_check_placed(const struct scenario_seen *seen, json_t *broken);
void scenario_check_lives(const struct scenario_seen *seen, json_t *broken);
void scenario_check_stopped(const struct scenario_seen *seen, json_t *broken);
void scenario_check_misdone(const struct scenario_seen *seen, json_t *broken);
void scenario_check_once(const struct scenario_seen *seen, json_t *broken);
/* The same once nothing is left to be chosen: one copy of each, but for those in { SERVICE: … }. */
void scenario_check_single(const struct scenario_seen *seen, const json_t *replicated, json_t *broken);
void scenario_check_writes(const struct scenario_seen *seen, json_t *broken);
void scenario_check_saved(const struct scenario_seen *seen, json_t *broken);
void scenario_check_lost(const struct scenario_seen *seen, json_t *broken);
void scenario_check_newest(const struct scenario_seen *seen, json_t *broken);
void scenario_check_backed(const struct scenario_seen *seen, json_t *broken);
void scenario_check_left(const struct scenario_seen *seen, json_t *broken);

/* What a story gives as reasons; gone: [TARGET] of which it says that they are gone. */
void scenario_check_reasons(const struct scenario_seen *seen, const json_t *gone, json_t *broken);

/* A disk is about to be lost: of a target, or of the coordinator (NULL). Writes that are nowhere else are
 * taken out: no rule can save them. */
void scenario_doom(const json_t *observed, const char *target, json_t *writes);

/* Parts of these: whether a component (NAME-VERSION) is one of the service; a target, as observed,
 * has a write in live state; it is stored anywhere, but on the target without (NULL: none is left out). */
bool scenario_is_of_service(const char *component, const char *service);
bool scenario_is_live_on(const json_t *target, const json_t *write);
bool scenario_is_stored(const json_t *observed, const json_t *write, const char *without);

/* { SERVICE: [TARGET] }: where the policy would have them now, by what the loop can use; a new reference. */
json_t *scenario_wanted(const struct scenario_seen *seen);

/* Whether somebody has to choose among copies of the service that are all kept, as the loop remembers. */
bool scenario_is_kept(const json_t *observed, const char *service);

/* Whether the coordinator's manifest has all that runs on targets that are up, and all that their profiles
 * have. */
bool scenario_tells_all(const struct scenario_seen *seen);

/* Whether the last model leaves out a target that is up, as one that hung and is tried again later. */
bool scenario_leaves_out(const struct scenario_seen *seen);

/* Whether a report has told that copies of the service's component are in dispute. */
bool scenario_was_disputed(const json_t *documents, const char *service);

/* Whether it is active on a target that is up and in the model, and answers. */
bool scenario_lives(const json_t *observed, const char *service);

/* Adds words to broken. */
void scenario_add_broken(json_t *broken, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An expectation. */
void scenario_expect(const json_t *expectation, const struct scenario_seen *seen, json_t *broken);

/* Cycles that the journal tells of; *failed: those of them that did not end well. */
unsigned scenario_cycles(const json_t *documents, unsigned *failed);

#endif
