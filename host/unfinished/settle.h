/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of recover(): what is done about a redeployment that did not end well.
 */
#ifndef SETTLE_H
#define SETTLE_H

#include <jansson.h>
#include <stdbool.h>

#include "host/calls/client-calls.h"
#include "host/phases/unfinished.h"
#include "lib/manifest/manifest.h"

/* Whether a profile is that of which the target has told the requisites: the last one of them. */
bool unfinished_is_profile(const char *requisites, const char *profile);

/* Notes targets with a profile that neither manifest names: what is active there now is not what this
 * deployment left, and to undo it would undo what somebody else has done. */
void unfinished_find_overtaken(struct unfinished *unfinished);

/* Asks those on which the deployment is as it left it (among: { TARGET: true }, NULL: all) whether they lack the
 * profile that the manifest has for them: then that is what the call prints, and its closure is the profile. True:
 * somebody lets the question run into its deadline. */
bool unfinished_ask_missing(const struct unfinished *unfinished, const struct manifest *manifest,
                            const json_t *among, struct calls *calls);

/* Notes as overtaken targets with another disk, on which nothing of the deployment was begun: our lock was gone, and
 * what is to be set is, too, as for leftovers. The profile that they have tells what runs there. */
void unfinished_find_replaced(const struct unfinished *unfinished);

/* The target does not answer from now on; of calls those that were unanswered. */
void unfinished_silence(const struct unfinished *unfinished, const char *target);
void unfinished_note_hung(const struct unfinished *unfinished, const struct calls *calls);

/* Takes a snapshot of what was activated on new homes, or may have been. again: of what was written there
 * until it was stopped, also where it was active for that only. 0, or -1 after a message: something that was
 * active could not be rescued. */
int unfinished_rescue(const struct unfinished *unfinished, bool again);

/* The same of everything that new moves, as far as it can be done. */
void rescue_all(const struct manifest *previous, const struct manifest *new, json_t *report);

/* Where disnix-activate has gone back itself: it takes what it could not start for stopped, and what it could
 * not stop for active, though each of these calls may have done its work before it failed; and there is a module
 * that does not stop what is not active, so that Disnix would go back each time. So what was to be started is
 * stopped, by a call that may be refused, and what was to be stopped is saved, if it has state, and activated,
 * which changes nothing where it is. 0, or -1: no memory, or interrupted. */
int unfinished_go_back_again(const struct unfinished *unfinished);

/* Goes back to the previous deployment, or on to the new one. 0, or -1 after a message. */
int unfinished_undo(const struct unfinished *unfinished);
int unfinished_finish(struct unfinished *unfinished);

#endif
