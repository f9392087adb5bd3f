/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The process of dydisnix-self-adapt: what it listens to and what it has started. It waits, starts processes
 * and never does the work of a cycle itself.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/control/control.h"
#include "host/control/metrics.h"
#include "host/loop/watch.h"
#include "host/record/progress.h"
#include "host/self-adapt/loop.h"
#include "host/settings/settings.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

struct host {
    struct settings settings;
    struct loop loop;
    struct watch watch;
    bool polled; /* the model, for it cannot be watched */
    int signals;
    struct control control;
    struct metrics metrics;
    pid_t child;                     /* the cycle, or what calls cycle_finished; 0: none */
    struct progress_reader progress; /* of the cycle */
    pid_t prober;                    /* asks the targets; 0: not running */
    pid_t streamer;                  /* has the generator that goes on running; 0: not running */
    int stream;                      /* where it tells of new models */
    unsigned stream_failures;
    int64_t stream_at; /* when it is started again; 0: not */
    pid_t command;     /* of --run; 0: not running */
    bool command_ended;
    unsigned stops; /* signals that were passed on to the command */
    pid_t parent;   /* with which the loop ends; 0 also where its namespace has it not */
    bool orphaned;
    int status;
};

#endif
