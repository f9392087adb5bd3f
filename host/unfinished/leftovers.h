/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is still to be done on targets that did not answer when a deployment that had not ended well was
 * settled. It stands in the state file, under "leftovers", as the calls themselves, so that no manifest is
 * needed any more:
 *
 *   [{ "target": name, "ask": [argument], "version": of its manifest,
 *      "calls": [{ "what", "component", "container", "service", "of", "arguments": [argument] }],
 *      "again": when it was tried last, and when it is tried again, see again.h }]
 *
 * what: unlock, rescue (and name: of its snapshot), deactivate, rescue again (and name again), activate or
 * set, in the order in which they are done; try rescue, of what may never have been active, and rescue again
 * may fail. An activate that fails becomes deactivate if unwanted, which waits for a deployment to succeed,
 * and is done where that does not have the component. ask: a call that a target which answers ends with 0.
 * of: a number, which the deployment that is undone has too. version: 2 where it is absent. Besides, "lock":
 * whether ours was there when it was released.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <jansson.h>
#include <stdbool.h>

#include "host/calls/recovery.h"
#include "host/phases/unfinished.h"
#include "host/record/state.h"
#include "lib/base/arguments.h"
#include "lib/manifest/manifest.h"
#include "lib/model/infrastructure.h"

struct leftover {
    const char *what;
    const char *component, *container; /* that it is about; NULL: it is about none */
    const char *service;               /* the key of one that is started or stopped; NULL: it is about none */
    const struct arguments *arguments;
};

/* In how many seconds the first of those on targets of the model is to be tried: less and less often while it
 * fails, but at once where the target has been away and is back. 0: now; -1: there are none. */
int64_t leftovers_due(const struct state *state, const struct infrastructure *model, int64_t now);

/* All are to be tried now: somebody has asked for it. */
void leftovers_hurry(struct state *state);

/* Whether the profile of a target of a deployment is still to be set: until then it has an earlier one. */
bool leftovers_owe_profile(const struct state *state, const char *target);

/* The targets of the model, [NAME], that the next deployment is to leave out, which is said: those whose
 * profile is still to be set, and that do not tell what was begun on them (what was deployed to last stays:
 * its services are known); and those that still have our lock. A new reference; NULL: no memory. */
json_t *leftovers_left_out(const struct state *state, const struct infrastructure *model);

/* A redeployment of a manifest with these targets has succeeded: what it took over is forgotten; what an
 * earlier one had begun there and this one does not have is still to be rescued and deactivated. deployed
 * NULL: all is forgotten. True: it is known now of something that it is unwanted, and it can be
 * deactivated. */
bool leftovers_forget(struct state *state, const struct infrastructure *model,
                      const struct manifest *deployed);

/* Asks the targets whose time has come, and does what is to be done on the ones that answer; what fails
 * stays. What a call is about may be gone from the target's store by now: then it is sent again first; not
 * where our lock is gone, too, for then nothing was done on that disk. Adds to the report
 * (recovery-report.h). True: something was done. */
bool leftovers_settle(const struct recovery *recovery, const struct infrastructure *model, json_t *report);

/* A deployment is about to be undone: what an earlier try to do so has left on targets, and which may have
 * got no further than half, is left anew where it has to be. */
void leftovers_begin_undo(const struct unfinished *unfinished);

/* Leaves to when it answers what is to be done on a target. */
void leftovers_leave(const struct unfinished *unfinished, const struct target *target,
                     const struct leftover *leftover);

#endif
