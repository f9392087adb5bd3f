/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/event-text.h"

#include <stdbool.h>
#include <stdio.h>

#include "lib/base/json-members.h"
#include "scenario/format/event-kinds.h"

static void write_one(FILE *stream, const json_t *event)
{
    const char *name = text_at(event, "event");
    size_t number = event_number(name);
    const struct event_kind *kind = number < EVENT_COUNT ? &event_kinds[number] : NULL;
    if (kind && kind->write)
        kind->write(stream, event);
    else if (kind && kind->verb)
        fprintf(stream, "%s %s", text_at(event, "target"), kind->verb);
    else
        fputs(kind ? kind->words : name, stream);
}

char *scenario_event_words(const json_t *event)
{
    const json_t *at = json_object_get(event, "at");
    json_int_t number = json_integer_value(json_object_get(at, "number"));
    char *words = NULL;
    size_t length;
    FILE *stream = open_memstream(&words, &length);
    if (!stream)
        return NULL;
    if (*text_at(at, "stage"))
        fprintf(stream, "when the stage %s begins: ", text_at(at, "stage"));
    else if (*text_at(at, "phase"))
        fprintf(stream, "when the deployment comes to %s: ", text_at(at, "phase"));
    else if (number > 1)
        fprintf(stream, "before call %lld of %s%s%s: ", (long long)number, text_at(at, "call"),
                *text_at(at, "target") ? " to " : "", text_at(at, "target"));
    else if (at)
        fprintf(stream, "before %s%s%s: ", text_at(at, "call"), *text_at(at, "target") ? " to " : "",
                text_at(at, "target"));
    write_one(stream, event);
    return fclose(stream) == 0 ? words : NULL;
}
