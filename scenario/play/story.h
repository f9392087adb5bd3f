/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens in a scenario beside its cycles, in words.
 */
#ifndef SCENARIO_STORY_H
#define SCENARIO_STORY_H

#include <jansson.h>

#include "host/record/story.h"

/* Which services answer where, in a line that begins with these words. */
void scenario_story_running(struct story *story, const char *words, const json_t *observed);

void scenario_story_event(struct story *story, const json_t *event);

#endif
