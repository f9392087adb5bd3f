/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the loop remembers between cycles and across restarts, in DIRECTORY/state.json. All of it may be
 * deleted at any time: then less is known, and the next cycle says so where it matters.
 *
 *   version      1
 *   cycle        number of cycles so far
 *   targets      { NAME: { "seen": seconds, "away": seconds, "missed": seconds } }; seen: the last capture
 *                that had it; away: the last moment that it was seen before it vanished; missed: the
 *                first capture without it, which may be much later if the host was down meanwhile; both
 *                until a redeployment with it has succeeded
 *   snapshots    { TARGET: { CONTAINER: { COMPONENT: seconds } } }; the last snapshot taken there
 *   silent       [NAME]; the targets that did not answer the last reconstruction, or not credibly
 *   deployed     the manifest of the last successful redeployment
 *   deployment   { "previous", "new", "phase", "status" } of a redeployment that is under way or did not end well;
 *                status: what disnix-deploy exited with
 *   leftovers    what is to be done on targets that did not answer when such a one was settled, see leftovers.h
 */
#ifndef STATE_H
#define STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "infrastructure.h"
#include "manifest.h"

struct state {
    char *file;
    json_t *root;
};

/* Takes the lock of the directory, which is made if need be, until the descriptor *lock is closed, and removes what
 * a loop that was killed has left half written there. 0; -1 after a message, that says who holds it. */
int state_lock(const char *directory, int *lock);

/* Whether a program that keeps its transcript in file, or what it started, still runs. */
bool state_transcript_is_open(const char *file);

/* Reads state.json; an absent or damaged one gives a fresh state (a damaged one with a warning). 0, or -1. */
int state_load(const char *directory, struct state *state);

/* Replaces state.json whole. 0, or -1 after a message. */
int state_save(const struct state *state);

void state_clear(struct state *state);

/* The model at hand: notes who is there and who vanished. now: seconds. */
void state_see(struct state *state, const struct infrastructure *infrastructure, int64_t now);

/* Snapshots of all snapshot mappings of manifest were taken. */
void state_snapshotted(struct state *state, const struct manifest *manifest, int64_t now);

/* The "rescued" of a report of the reconstruct stage: snapshots too. */
void state_rescued(struct state *state, const json_t *report, int64_t now);

/* The "targets" of the same report (NULL: none): who did not answer. */
void state_heard(struct state *state, const json_t *report);

/* Whether that is so of target. */
bool state_is_silent(const struct state *state, const char *target);

/* Whether a redeployment was begun and has not ended well. */
bool state_is_deploying(const struct state *state);

/* A redeployment begins or (new NULL) is over; the one that was begun is in a phase, has exited. */
void state_deploying(struct state *state, const char *previous, const char *new);
void state_phase(struct state *state, const char *phase);
void state_exited(struct state *state, int status);

/* Whether anything is known of how the last redeployment ended. */
bool state_knows_deployment(const struct state *state);

/* A redeployment of manifest with these targets has succeeded. */
void state_deployed(struct state *state, const char *manifest, const struct infrastructure *infrastructure);

#endif
