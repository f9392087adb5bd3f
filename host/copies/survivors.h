/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is remembered of copies of state: which are in dispute, what operators said of them, and what a
 * deployment settles. Pure functions of the state; see state.h for its members.
 */
#ifndef SURVIVORS_H
#define SURVIVORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/manifest/manifest.h"

/* The report of the reconstruct stage (NULL: none): its "survivors" and "disputes", whole as they are then,
 * and whether anything is to be tried again. If something has not its form, nothing is taken, with a warning;
 * without "survivors" nothing is new. */
void survivors_take(json_t *state, const json_t *report, int64_t now);

/* A word on the copies on target, of one component or (NULL) of all that are in dispute: keep-copy, this one
 * is to live; discard-copy, it is given up. 0: something is decided now; -1: nothing of that is in dispute
 * there. *reason, malloc()ed: one line, why not. */
int survivors_word(json_t *state, const char *word, const char *target, const char *component, char **reason);

/* In how many seconds what failed on a target is to be tried again, though nothing changes; -1: nothing
 * did. */
int64_t survivors_due(const json_t *state, int64_t now);

/* Whether a word on copies was taken since the last deployment. What of it could not be done then is done
 * with what failed. */
bool survivors_wait(const json_t *state);

/* Whether it is in doubt which copy of a component is the one. */
bool survivors_doubt(const json_t *state, const char *container, const char *component);

/* A copy that was activated for a decision does not run any more: it is to be activated anew if the decision
 * stands. */
void survivors_stopped(json_t *state, const char *target, const char *container, const char *component);

/* A copy was to have newer state, and the deployment has failed: it is older still, even where Disnix has
 * brought the snapshot to its target already. */
void survivors_older(json_t *state, const char *target, const char *container, const char *component);

/* A copy that was fenced is to be restored over, and cannot be saved: it is in dispute, and older, until it
 * can. Its service is in the manifest. */
void survivors_unsaved(json_t *state, const struct manifest *manifest,
                       const struct snapshot_mapping *mapping);

/* A copy was stopped, and no snapshot of it could be taken since: what is in it is saved before anything is
 * restored over it. */
void survivors_fenced(json_t *state, const char *target, const char *container, const char *component);

/* Whether a copy is older than what it was to have, or was found when it could not be saved. */
bool survivors_are_older(const json_t *state, const char *target, const char *container,
                         const char *component);

/* Whether a copy was given up or fenced, and is not to be active. */
bool survivors_gave_up(const json_t *state, const char *target, const char *container, const char *component);

/* Whether a copy lives that its target's profile has lost. */
bool survivors_brought(const json_t *state, const char *target, const char *container, const char *component);

/* A service, which has the component, could not be started again when a deployment was undone: the next
 * deployment is to do that. If it is a copy of state that is to live, it is activated before another one is
 * stopped. */
void survivors_unstarted(json_t *state, const char *target, const char *container, const char *service,
                         const char *component);

/* It could, later: it runs where it was. */
void survivors_started(json_t *state, const char *target, const char *container, const char *service);

/* A deployment is about to begin that leaves pins (see pins.h) where they are. */
void survivors_pin(json_t *state, const json_t *pins);

/* A deployment is refused for these pins: what is pinned and has no place to stay is wanted all the same, so
 * that the copy in dispute is brought back where nobody else has any. */
void survivors_want(json_t *state, const json_t *pins);

/* It has reached these targets with success: nothing of what it did is in doubt any more, but for what was
 * pinned; and words are carried out, but for those on components of which several copies are still kept. */
void survivors_deployed(json_t *state, const struct manifest *manifest, const struct infrastructure *reached);

#endif
