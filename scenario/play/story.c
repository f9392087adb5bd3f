/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/play/story.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "scenario/format/event-text.h"

void scenario_story_event(struct story *story, const json_t *event)
{
    CLEANUP_FREE char *words = scenario_event_words(event);
    fprintf(story->stream, "-- %s\n", words ? words : "");
}

void scenario_story_running(struct story *story, const char *words, const json_t *observed)
{
    const json_t *targets = json_object_get(observed, "targets");
    CLEANUP_FREE const char **names = json_sorted_names(targets);
    bool first = true;
    fputs(words, story->stream);
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *target = json_object_get(targets, names[i]);
        size_t index;
        json_t *active;
        if (!text_at_is(target, "is", "up"))
            continue;
        json_array_foreach(json_object_get(target, "active"), index, active) {
            fprintf(story->stream, "%s%s on %s%s", first ? ": " : ", ", text_at(active, "service"), names[i],
                    json_is_true(json_object_get(active, "answers")) ? "" : " (does not answer)");
            first = false;
        }
    }
    fputs(first ? ": nothing runs\n" : "\n", story->stream);
}
