/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Steps that run side by side, each in a child process of its own, so that a step may be plain blocking code.
 * A child leads its own process group: an interrupt at the terminal reaches the engine alone, which then
 * decides.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/model/infrastructure.h"

struct workers {
    size_t count;
    unsigned limit; /* steps at once; 0: no limit */
    /* Whether step i may start now. It is asked again after each step that ended; the work is over when
     * nothing runs and nothing may start. NULL: all may. */
    bool (*admit)(void *closure, size_t i);
    /* The machine that step i keeps busy: at most its numOfCores steps at once. NULL: none. */
    const struct target *(*machine)(void *closure, size_t i);
    int (*work)(void *closure, size_t i);                /* in the child; 0: done */
    void (*done)(void *closure, size_t i, bool success); /* in the parent; may be NULL */
    void *closure;
};

/* True: every step that was started has succeeded. */
bool workers_run(const struct workers *workers);

/* Interrupts (SIGINT) between these two are noted in interrupted instead of ending the engine. */
void interrupts_note(void);
void interrupts_restore(void);
extern volatile int interrupted;

#endif
