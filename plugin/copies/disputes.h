/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is remembered of copies of state between reconstructions, the object "survivors" of history and
 * report. All of it may be lost: then it is asked again. A KIND is { TARGET: { CONTAINER: { COMPONENT: … } }
 * }, a CHOICE is { CONTAINER: { COMPONENT: … } }.
 *
 *   disputed    KIND of { "why": text, "service": text, "owed": bool, "waits": bool, "untold": bool }: nobody could tell that the copy is
 *               given up. service is its portion.h; owed: it was fenced, and its snapshot after that has not been taken yet;
 *               waits: something failed, so that this is decided anew; untold: for the target did not tell what snapshots it
 *               has, and the coordinator may have a newer one
 *   superseded  KIND of a profile: the copy in that profile is given up
 *   kept        CHOICE of [TARGET]: several copies are kept, for the choice of these could not be carried out; []: nobody
 *               could choose
 *   brought     KIND of { "service" }: the copy lives, though its target's profile has lost it
 *   activated   CHOICE of [TARGET]: the copies there were activated for the decision that stands, or live, or may,
 *               though the manifest leaves them out
 *   accept      KIND of true: somebody has given the copy up
 *   prefer      CHOICE of a target: somebody wants its copy
 *   wanted      CHOICE of true: the host refused a deployment that would have it, for nobody has it that it could stay on
 *   unstarted   { TARGET: { CONTAINER: { SERVICE KEY: true } } }: what could not be started again when a deployment was
 *               undone
 *   fenced      KIND of true: the copy was fenced, or may have been, and no deployment has placed it there again. If its
 *               fence did not really stop it, it may have been written to since
 *   older       KIND of true: the copy was to have newer state, and the deployment of that failed
 */
#ifndef DISPUTES_H
#define DISPUTES_H

#include <jansson.h>
#include <stdbool.h>

#include "plugin/capture/capture.h"

struct component;
struct copies;
struct copy;

/* The "survivors" of a history, checked: a new reference. What is not as above is not believed, as a whole,
 * after one warning. NULL: no memory. */
json_t *disputes_read(const json_t *history);

/* Adds to captured profile manifests what they have lost: copies that are remembered as brought, or that
 * reconstructed (the previous manifest, if a reconstruction wrote it; else NULL) has beside the profile that
 * the target still has, which tells the same; those in dispute that are still to be rescued while another
 * one lives; and those in dispute that somebody prefers, or of which no target that answered has another one,
 * unless homes (NULL: none) says that the component is not wanted any more, and no refused deployment that it
 * is. brought: KIND of bool, where what was added is noted, and whether it lives already.
 * 0, or -1: no memory. */
int disputes_bring_back(const json_t *survivors, struct capture *capture,
                        const struct manifest *reconstructed, const struct manifest *homes,
                        struct strings *strings, json_t *brought);

/* Whether a service of a target could not be started again when a deployment was undone: it is left out of
 * the manifest, so that Disnix starts it. */
bool disputes_have_unstarted(const json_t *survivors, const struct captured *captured, const char *container,
                             const char *service);

/* Sets what is remembered of a copy. */
void disputes_recall(const json_t *survivors, struct copy *copy);

/* The targets that were chosen before, NULL: none were. */
const json_t *disputes_choice(const json_t *survivors, const char *container, const char *component);

/* What is to be remembered from now on. A new reference; NULL: no memory. */
json_t *disputes_next(const json_t *survivors, const struct copies *copies, const struct capture *capture);

#endif
