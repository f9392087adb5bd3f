/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a program of the engine ends, or what goes wrong in it, at a step that a test has chosen. The first
 * line of the file that $DYDISNIX_LAB_END names tells, and is removed by the program that comes to that step:
 *
 *   PHASE STEP fail            the step fails
 *   PHASE STEP exit STATUS     the program ends at once, as if it had crashed
 *   PHASE STEP kill SIGNAL     by a signal: KILL, SEGV, TERM, INT
 *   PHASE STEP run COMMAND     the command is run by the shell, and the program goes on
 *
 * Steps are counted within the phase as they are begun; 0 is the phase itself, before anything is done. Locks
 * are taken and released by calls, not by one program: there a step is the call of the client interface.
 */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>

/* A phase begins: distributing, locking, deactivating, activating, undoing, snapshotting, restoring, setting,
 * coordinator or releasing. False: it fails. */
bool ending_phase(const char *name);

/* Asked when a phase begins, before all else; false: it fails. NULL: nobody is. */
extern bool (*ending_watch)(const char *phase);

/* A signal by its name without SIG: KILL, SEGV, TERM or INT; KILL for any other. */
int ending_signal(const char *name);

/* The next step of the phase begins. False: it fails. */
bool ending_step(void);

/* A call that is a step of a phase by itself begins, of whichever program: locking, releasing. False: it
 * fails. */
bool ending_call(const char *name);

#endif
