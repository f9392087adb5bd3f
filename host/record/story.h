/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What cycles did, in words, as the journal tells of them, with the reason for each action. In a scenario the same
 * wherever it was run: then nothing in it depends on time, on paths or on the order of what happens at once.
 */
#ifndef STORY_H
#define STORY_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct story {
    FILE *stream;
    char *text; /* so far, after fflush() */
    size_t length;
    /* The moment that a document has, in words, malloc()ed; then cycles have it, with the number that the loop gave them,
     * and failures have their reasons. NULL: as for a scenario. */
    char *(*moment)(const char *time);
    char *began;     /* the moment of the cycle that is open */
    unsigned cycles; /* that were told */
    bool open;       /* a cycle has begun and has not ended */
    bool told;       /* its first line was written */
    bool failed;     /* a stage of it, and it was told */
    json_t *
        gone; /* services that this cycle's reconstruction found gone: name -> { "target", "left": the model } */
    json_t *claims;  /* [TARGET]: that the cycle which was told last says are gone */
    json_t *early;   /* [REPORT] of recoveries that are told after that line */
    json_t *numbers; /* of cycles: that of the loop -> the one here */
};

/* -1: no memory. */
int story_open(struct story *story);
void story_close(struct story *story);

/* Documents of the journal, in order; nothing else happened in between. */
void story_journal(struct story *story, const json_t *documents);

/* One of them; more may follow. */
void story_document(struct story *story, const json_t *document);

/* A reconstruction that belongs to no cycle. */
void story_decision(struct story *story, const json_t *report, bool failed);

/* What the stages of a dry run report that they would do: their facts alone, a line each. */
void story_plan(struct story *story, const json_t *reports);

/* All of it so far; malloc()ed. */
char *story_text(struct story *story);

#endif
