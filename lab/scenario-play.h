/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One scenario, played in a network, with the invariants watched after each of its moments.
 */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include <jansson.h>
#include <stdbool.h>

#include "scenario-network.h"

struct scenario_play {
    const char *broken; /* which invariant, a string that stays; NULL: all held */
    char *words;        /* what was seen, malloc()ed */
    size_t moment;      /* after which of the timeline; 0: the first deployment */
    size_t cycles;      /* adaptation cycles that there were */
};

/* Plays it to its end, or to the first invariant that is broken. prepare: called once the network is open, as to
 * set a fault; may be NULL. -1 after a message: it could not be played. */
int scenario_play(const struct scenario_network *network, const struct scenario_setting *setting,
                  void (*prepare)(void *closure, void *opened), void *closure, struct scenario_play *play);

void scenario_play_clear(struct scenario_play *play);

#endif
