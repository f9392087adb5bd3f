/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happened, in words: events, and cycles as the journal tells them, with the reason for each action. The
 * same wherever a scenario was run: nothing in it depends on time, on paths or on the order of what happens
 * at once.
 */
#ifndef SCENARIO_STORY_H
#define SCENARIO_STORY_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct scenario_story {
    FILE *stream;
    char *text; /* so far, after fflush() */
    size_t length;
    unsigned cycles; /* that were told */
    bool open;       /* a cycle has begun and has not ended */
    bool told;       /* its first line was written */
    bool failed;     /* a stage of it, and it was told */
    json_t *gone;    /* services that this cycle's reconstruction found gone: name -> target */
    json_t *numbers; /* of cycles: that of the loop -> the one here */
};

/* -1: no memory. */
int scenario_story_open(struct scenario_story *story);
void scenario_story_close(struct scenario_story *story);

/* Which services answer where, in a line that begins with these words. */
void scenario_story_running(struct scenario_story *story, const char *words, const json_t *observed);

void scenario_story_event(struct scenario_story *story, const json_t *event);

/* Documents of the journal, in order; nothing else happened in between. */
void scenario_story_journal(struct scenario_story *story, const json_t *documents);

/* A reconstruction that belongs to no cycle. */
void scenario_story_decision(struct scenario_story *story, const json_t *report, bool failed);

/* All of it so far; malloc()ed. */
char *scenario_story_text(struct scenario_story *story);

#endif
