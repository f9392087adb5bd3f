/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a scenario waits for something: the programs of the network tell it at which step they are, and it
 * answers what becomes of them. While it waits for nothing its socket, DIR/traps, is not there. A question is
 * a line
 *
 *     {"step": "call", "name": "--activate", "target": KEY}    a call of the client interface begins
 *     {"step": "phase", "name": "activating"}                  a phase of a deployment
 *     {"step": "stage", "name": "redeploy"}                    a stage of the loop
 *     {"step": "program", "name": "nix-store"}                 a program on the coordinator
 *     {"step": "generator", "name": "model"}                   the generator is to print the model
 *
 * and the answer {"do": WORD, "status": NUMBER, "signal": NUMBER}: go, fail, hang, exit, kill; of a call also
 * lie, empty, linger, lose, break; and of a generator half, nothing, empty, garbage.
 */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>

/* Whether it goes on; false: it fails. Does not return if the program is to hang, or to end. target: NULL,
 * there is none. */
bool trap_step(const char *step, const char *name, const char *target);

/* What the generator does, or such a call, if it does not go on: fail, or a word of its own; malloc()ed, else
 * NULL. */
char *trap_generator(void);
char *trap_call(const char *operation, const char *target);

/* Does not return. */
void trap_hang(void) __attribute__((noreturn));

/* dydisnix-lab step: the loop's way to tell of its stages (as a plugin that is a script, and as its guard),
 * and a program in the place of another one. */
int step_main(int argc, char **argv);

/* Called by a name that is none of ours: runs the program of that name that is next on the PATH. */
int trap_program(const char *name, char **argv);

#endif
