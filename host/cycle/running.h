/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cycle that runs: what its parts share.
 */
#ifndef RUNNING_H
#define RUNNING_H

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/calls/recovery.h"
#include "host/cycle/cycle.h"
#include "host/plugins/loader.h"
#include "host/presence/model.h"
#include "host/presence/presence.h"
#include "host/record/journal.h"
#include "host/record/progress.h"
#include "host/record/state.h"
#include "host/settings/settings.h"
#include "lib/base/strings.h"

struct cycle {
    const struct settings *settings;
    struct cycle_request request;
    struct progress progress;
    struct plugin *plugins;
    size_t plugin_count;
    struct strings *strings;
    struct state state;
    char *captured;             /* the model that capture and augment gave */
    struct model model;         /* the effective one */
    struct model_digest digest; /* of what capture gave */
    struct presence presence;
    bool refused;    /* by the guard */
    bool deposed;    /* and for good */
    bool redeployed; /* by the loop itself, not by a plugin */
    bool
        finished; /* a deployment that had failed while it set profiles: what is left is some targets' trouble */
    struct journal journal;
    json_t *event; /* as hooks get it, see event.h */
    int64_t began; /* the stage that runs */
    int64_t due;   /* in so many seconds the loop looks again; 0: it was not told so */
    char *work;    /* directory for the temporary files of this cycle */
};

/* Nothing more is begun: see cycle_interrupt(). */
extern volatile sig_atomic_t cycle_interrupted;

/* Reads the state; loads the plugins then. 0, or -1 after a message; cycle_close() is needed in both cases. */
int cycle_open(struct cycle *cycle, const struct settings *settings);
int cycle_load(struct cycle *cycle);
void cycle_close(struct cycle *cycle);

/* NAME in the directory of the state; malloc()ed. */
char *cycle_file(const struct settings *settings, const char *name);
/* Removes such a file of a model. One that cannot be removed is emptied: then it is taken for no model. */
void cycle_remove(const struct settings *settings, const char *name);

/* Whether a plugin has that hook. */
bool cycle_has_hook(const struct cycle *cycle, const char *hook);

/* What a stage has reported in this cycle, borrowed; NULL: nothing. */
json_t *cycle_report(const struct cycle *cycle, const char *stage);

struct recovery cycle_recovery(struct cycle *cycle);

/* When the loop is to look again though nothing happens: the earliest of what a cycle tells. Less than 0: it
 * need not. */
void cycle_tell_due(struct cycle *cycle, int64_t seconds);

/* The same, where nothing is told of what is due in this cycle. */
void cycle_tell_later(struct cycle *cycle, int64_t seconds);

#endif
