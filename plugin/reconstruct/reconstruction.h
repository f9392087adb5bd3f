/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A reconstruction on its way: what it was asked for, what it has got so far, and what it made of that.
 */
#ifndef RECONSTRUCTION_H
#define RECONSTRUCTION_H

#include "lib/world/budget.h"
#include "plugin/capture/claims.h"
#include "plugin/capture/closures.h"
#include "plugin/capture/remembered.h"
#include "plugin/copies/copies.h"
#include "plugin/reconstruct/install.h"
#include "plugin/reconstruct/reconstruct.h"
#include "plugin/reconstruct/source.h"
#include "plugin/saved-input/input.h"
#include "plugin/saved-input/replay.h"

struct reconstruction {
    const struct request *request;
    const struct options *options;
    struct options own;   /* the same, with the budget of this reconstruction */
    struct budget budget; /* of the targets */
    const json_t *history;
    const struct source *source; /* where the answers come from */
    struct replay saved;         /* for source_saved */
    struct input input;          /* where they are kept, if asked for */
    struct strings *strings;
    struct infrastructure infrastructure;
    struct target_keys keys;
    struct remembered remembered;
    struct capture capture;
    bool deferred; /* everything is as remembered so far: neither profile manifests nor previous were read */
    struct previous previous;
    char *namesake;           /* see previous_namesake() */
    struct manifest deployed; /* of the last successful redeployment, as the host remembers */
    bool deployed_known;
    struct claims claims;
    json_t *survivors; /* what is remembered of copies, see disputes.h */
    json_t *brought;   /* and what that brought back */
    struct copies copies;
    struct manifest manifest;
    struct closure_report fetched;
    struct installed installed;
    xmlBufferPtr *printed;
    json_t *report;
    json_t *acted; /* what was done for decisions that were made again, see report_acted() */
};

/* Whether nothing is to be done to targets, and nothing on the coordinator. */
bool reconstruction_looks_only(const struct reconstruction *reconstruction);

/* The previous manifest; NULL: it is not known. */
const struct manifest *reconstruction_previous(const struct reconstruction *reconstruction);

/* How targets are asked in it. */
struct capturing reconstruction_capturing(const struct reconstruction *reconstruction);

#endif
