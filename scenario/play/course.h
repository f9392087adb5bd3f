/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A network in which one thing happens after the other, with its story and its journal, and all that is
 * needed to judge it.
 */
#ifndef SCENARIO_COURSE_H
#define SCENARIO_COURSE_H

#include "scenario/play/check.h"
#include "scenario/play/network.h"
#include "scenario/play/story.h"

struct course {
    struct scenario_setting setting;
    const struct scenario_network *network;
    void *open;
    struct story story;
    json_t *system, *writes;
    json_t *journal;       /* of all, with what happened */
    json_t *documents;     /* since the last expectation */
    json_t *all;           /* of the loop, since the beginning */
    char *messages, *said; /* since the last expectation; of all */
    json_t *broken;
    size_t acknowledged; /* writes of the network that are in writes, or were taken out again */
    int64_t began;       /* the loop's time when the network was opened, in seconds since 1970 */
};

/* The network is made. -1 after a message. To be closed in any case. */
int course_open(struct course *course, const struct scenario_network *network,
                const struct scenario_setting *setting);
void course_close(struct course *course);

/* What follows gives 0, or -1 with what is wrong added to broken. */

int course_begin(struct course *course);                       /* the first deployment */
int course_happen(struct course *course, const json_t *event); /* now, or in the next cycle */
int course_adapt(struct course *course);                       /* the loop adapts to what has happened */
int course_play(struct course *course, const json_t *moment);  /* an event or several, to which it adapts */
int course_ask_again(struct course *course);                   /* one more cycle, which must find nothing */

/* What really is where; and which writes were acknowledged meanwhile. A new reference; NULL: it cannot be
 * known. */
json_t *course_look(struct course *course);

/* All that is needed to judge what was observed; documents: of which time. It borrows. */
struct scenario_seen course_seen(const struct course *course, const json_t *observed,
                                 const json_t *documents);

#endif
