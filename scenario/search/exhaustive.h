/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every history of a system up to some length, in the simulation. A history goes on in a copy of the process
 * that has played what it begins with, so that nothing is played twice.
 */
#ifndef SCENARIO_EXHAUSTIVE_H
#define SCENARIO_EXHAUSTIVE_H

#include <jansson.h>
#include <stdbool.h>

struct exhaustive {
    const json_t *system;  /* a scenario; its timeline is played first */
    const char *directory; /* of the system; NULL: it has none */
    unsigned long depth, jobs;
    bool keep_going; /* although something was found */
    bool verbose;    /* tell what cannot happen */
    /* What came of it: */
    unsigned long histories, cycles;
    unsigned long worlds, cut; /* different ones; and how often one led to a world from which all was tried */
    json_t *findings; /* { INVARIANT: { "broken", "words", "timeline" } }, the shortest history of each */
};

/* First all that are of length 0, then of 1, … up to depth, until something is found. findings is a new
 * reference. -1 after a message: something could not be tried. */
int exhaustive_search(struct exhaustive *search);

/* The systems that are small and have it all: scenarios, with names; ends with NULL. */
extern const char *const exhaustive_systems[];

#endif
