/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The engine inside another program: what it would do to the world by itself goes to that program. Its steps
 * then run one after the other, in order, in this process.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdbool.h>

struct inside {
    void (*say)(const char *line); /* a line of its standard output */
    /* As ending_phase() and ending_step(). */
    bool (*step)(const char *phase, unsigned step);
    /* It would be ended by this signal now. Returns, and what the engine does then must not have any effect.
     */
    void (*die)(int signal);
    /* From now on it notes interrupts, or does no longer. */
    void (*note)(bool noting);
    /* As symlink(2). */
    int (*link)(const char *to, const char *path);
};

/* NULL: it is a program of its own. */
extern const struct inside *inside;

#endif
