/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the loop remembers between cycles and across restarts, in DIRECTORY/state.json. All of it may be
 * deleted at any time: then less is known, and the next cycle says so where it matters. Damaged it ends every
 * cycle.
 *
 *   version      1
 *   cycle        number of cycles so far
 *   targets      { NAME: { MEMBER: … } } with, as far as they are so:
 *                key        its connection key
 *                seen       the last time that a capture had it, and it did not fail to answer
 *                away       the last moment that it was seen before it vanished
 *                missed     the first capture without it, or that it did not answer; may be much later if the
 *                           host was down meanwhile; both until a redeployment with it has succeeded
 *                status     here, silent (in the model, does not answer), missing (not in the model), grace
 *                           (one of these, but not for long yet), flapping, unknown (held out for that), double
 *                double     the target whose connection key it has, if it is left out for that
 *                missing    since when it is not here, if it is not
 *                back       when it came back from its last absence, if it is here
 *                vanished   [seconds]; when it disappeared lately
 *                held       { "reason": "flapping" or "unknown" (what runs there), "since": seconds, "text": in words
 *                           }; with unknown also "tried" and "pause": when the reconstruction asked it last, seconds
 *                           until it does again
 *                accepted   true: its copies are given up; preferred, true: they are the ones; until a
 *                           redeployment with it has succeeded
 *                hung       as "again" below: it did not answer a deployment, and counts as silent so long, see hung.h;
 *                           "reason": what it does instead
 *                refuses    as "again" below, and "spared", whether the last redistribution gave it nothing more: it takes no
 *                           closures, see refusals.h
 *                blind      true: the previous manifest was lost and it has not told since what runs on it
 *   effective    [NAME]; the targets of the last successful redeployment
 *   paused       { "reason": "operator" or "lost", "since": seconds, "lost": [NAME] }; while it is there
 *                nothing is adapted
 *   resumed      [NAME]; lost targets whose loss an operator agreed to, until the next successful
 *                redeployment
 *   clock        { "wall": seconds, "monotonic": milliseconds }; when a cycle last looked at the moments here, see waits.h
 *   settling     seconds; since when the model in settling.xml has been still
 *   unreadable   the digest of a model that could not be evaluated: it is not due before the back-off is over
 *   snapshots    { TARGET: { CONTAINER: { COMPONENT: seconds } } }; the last snapshot taken there
 *   survivors    what was decided of copies of state, as dydisnix-plugin(3) describes it
 *   disputes     [dispute]; what the last report told of copies in dispute, as described there
 *   pinned       { CONTAINER: { COMPONENT: true } }; what the redeployment that is under way does not move
 *   restores     [SNAPSHOT]; what an operator wants to be brought back
 *   older        { SNAPSHOT: { "tried": seconds, "pause": seconds } }; what an older disk has lost, and when it was tried
 *                to bring that back
 *   again        { "tried": seconds, "pause": seconds }; something failed on a target, and is tried again after that
 *   uncaptured   the same; the state could not be captured, and what runs on the targets is looked at again after that
 *   unsaved      why the state cannot be captured, and since when, see snapshots.h
 *   silent       [NAME]; the targets that did not answer the last reconstruction, or not credibly
 *   deployed     the manifest of the last successful redeployment
 *   services     { "manifest", "count", "down": { NAME: since }, "components": { CONTAINER: { COMPONENT: true } } }; of
 *                the manifest deployed: how many services it has, those that no target runs that is there, what has state
 *   foreign      { TARGET: { "since": seconds, "unlock": COMMAND } }; whose lock is known to be somebody else's, as of the
 *                last deployment, and what releases it
 *   missing      what went live without any state, see missing.h
 *   tried        number of the cycle that first adapted to the model in seen.xml, until one succeeds
 *   failures     [failure]; of the last cycles that failed, see failures.h
 *   deployment   { "previous", "new", "phase", "ended", "locks", "hung" } of a redeployment that is under way or did not end
 *                well. phase: that was begun last; ended: { PHASE: exit status } of those that are over; locks:
 *                [NAME], the targets whose lock may be ours; hung: { TARGET: seconds }, those for which a program was ended
 *   leftovers    what is to be done on targets that did not answer when such a one was settled, see leftovers.h
 */
#ifndef STATE_H
#define STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/manifest/manifest.h"
#include "lib/model/infrastructure.h"

struct state {
    char *file;
    json_t *root;
};

/* Takes the lock of the directory, which is made if need be, until the descriptor *lock is closed, and
 * removes what a loop that was killed has left half written there. 0; -1 after a message, that says who holds
 * it. */
int state_lock(const char *directory, int *lock);

/* The process that holds it; 0: none does. */
long state_holder(const char *directory);

/* Whether a program that keeps its transcript in file, or what it started, still runs. */
bool state_transcript_is_open(const char *file);

/* Gives the disk back to what such a program has printed, for nobody reads it any more. */
void state_transcript_empty(const char *file);

/* Reads state.json; only one that is not there gives a fresh state. What cannot be read, is damaged (a copy
 * is put beside it) or of a newer version is not empty: it stays as it is. 0, or -1 after a message. */
int state_load(const char *directory, struct state *state);

/* Replaces state.json whole. 0, or -1 after a message. */
int state_save(const struct state *state);

void state_clear(struct state *state);

/* What a probe heard, see probe.h: known targets were seen then. NULL: nobody was asked. */
void state_probed(struct state *state, const json_t *record);

/* The model at hand: notes who is there and who vanished. now: seconds. silent: an object with those, as
 * keys, that do not answer; NULL: nobody was asked. */
void state_see(struct state *state, const struct infrastructure *infrastructure, const json_t *silent,
               int64_t now);

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

/* A redeployment begins or (new NULL) is over; the one that was begun is in a phase, one of its phases has
 * ended. */
void state_deploying(struct state *state, const char *previous, const char *new);
void state_phase(struct state *state, const char *phase);
void state_ended(struct state *state, const char *phase, int status);

/* Targets whose lock may be ours; borrowed, may be changed. */
json_t *state_locks(struct state *state);

/* A program of the deployment was ended because of this target, after so many seconds. */
void state_hung(struct state *state, const char *target, int64_t seconds);

/* Whether anything is known of how the last redeployment ended. */
bool state_knows_deployment(const struct state *state);

/* A redeployment of manifest with these targets has succeeded. */
void state_deployed(struct state *state, const char *manifest, const struct infrastructure *infrastructure);

/* How a target is, by its entry in "targets", as people are told: that it is held counts more than why it is
 * not here. "": that is not known. */
const char *state_target_word(const json_t *target);

#endif
