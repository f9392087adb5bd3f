/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A real program that tells where the services of a simulated network go. It is called as the loop calls
 * dydisnix-gendist, in the real world. Its answers are kept, also for processes that are forked later: the
 * same question has the same answer.
 */
#ifndef SIMULATED_PLACEMENT_H
#define SIMULATED_PLACEMENT_H

#include <stdbool.h>

#include <dydisnix/plugin.h>
#include <jansson.h>

struct placement_question {
    const json_t *words;                  /* the program and its own arguments */
    const char *directory;                /* in which it runs; NULL: this one */
    const struct dydisnix_program *asked; /* by the loop */
    /* The models, and { SERVICE: [TARGET] } of the manifest that is deployed, with its text (NULL: none). */
    const json_t *services, *distribution, *infrastructure, *before;
    const char *manifest;
};

/* Whether the program can be started. */
bool placement_is_there(const json_t *words, const char *directory);

/* A place for answers is made, if there is none yet. -1 after a message. */
int placement_open(void);

/* { SERVICE: [TARGET] }, a new reference; NULL: it has failed, which was told when it was asked first. To be
 * called in the real world. */
json_t *placement_ask(const struct placement_question *question);

#endif
