/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One scenario, played in a network, with the invariants watched after each of its moments.
 */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include <jansson.h>
#include <stdbool.h>

#include "scenario/play/network.h"

struct scenario_play {
    const char *broken; /* which invariant, a string that stays; NULL: all held */
    char *words;        /* what was seen, malloc()ed */
    size_t moment;      /* after which of the timeline; 0: the first deployment */
    size_t cycles;      /* adaptation cycles that there were */
};

/* Who wants to see the network once the system is deployed first, and when all is over, with the last that
 * was observed. */
struct scenario_watch {
    void (*begin)(void *closure, void *opened);
    void (*end)(void *closure, void *opened, const json_t *observed);
    /* What happens when the timeline is over, a new reference; NULL: nothing more. memory: what else than the
     * network decides about what may be asked of it. The member may be NULL. */
    json_t *(*next)(void *closure, void *opened, const json_t *observed, const json_t *memory);
    void *closure;
};

/* Plays it to its end, or to the first invariant that is broken. watch: NULL: nobody. -1 after a message: it
 * could not be played. */
int scenario_play(const struct scenario_network *network, const struct scenario_setting *setting,
                  const struct scenario_watch *watch, struct scenario_play *play);

void scenario_play_clear(struct scenario_play *play);

#endif
