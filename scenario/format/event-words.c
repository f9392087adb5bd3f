/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/event-words.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/model/words.h"

void event_write_reappear(FILE *stream, const json_t *event)
{
    const json_t *disk = json_object_get(event, "disk");
    fprintf(stream, "%s reappears", text_at(event, "target"));
    if (json_is_object(disk))
        fprintf(stream, " with its disk as it was saved as %s", text_at(disk, "saved"));
    else if (strcmp(text_at(event, "disk"), "lost") == 0)
        fputs(" with an empty disk", stream);
}

void event_write_loss(FILE *stream, const json_t *event)
{
    static const char *const words[][2] = { { "manifest", "its profiles" },
                                            { "store", "its Nix store" },
                                            { "state", "what the loop remembers" },
                                            { "snapshots", "its snapshots" } };
    const char *what = text_at(event, "what");
    fputs("the coordinator loses ", stream);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(what, words[i][0]) == 0) {
            fputs(words[i][1], stream);
            return;
        }
    fputs("all that it has", stream);
}

static void write_times(FILE *stream, const json_t *event)
{
    json_int_t times = json_integer_value(json_object_get(event, "times"));
    if (times > 1)
        fprintf(stream, ", %lld times", (long long)times);
}

void event_write_generator(FILE *stream, const json_t *event)
{
    const char *prints = text_at(event, "prints");
    if (strcmp(prints, "fails") == 0 || strcmp(prints, "hangs") == 0)
        fprintf(stream, "the generator %s", prints);
    else if (strcmp(prints, "half") == 0)
        fputs("the generator prints half of the model", stream);
    else
        fprintf(stream, "the generator prints %s", strcmp(prints, "empty") == 0 ? "an empty model" : prints);
    write_times(stream, event);
}

void event_write_collection(FILE *stream, const json_t *event)
{
    const char *target = text_at(event, "target");
    fprintf(stream, "the store of %s is rid of garbage%s", *target ? target : "the coordinator",
            json_is_true(json_object_get(event, "old")) ? " and of what the generations before have" : "");
}

void event_write_disk(FILE *stream, const json_t *event)
{
    const char *target = json_string_value(json_object_get(event, "target"));
    fprintf(stream, "the disk of %s %s", target ? target : "the coordinator",
            text_at_is(event, "event", "full-disk") ? "is full" : "has room again");
}

void event_write_failure(FILE *stream, const json_t *event)
{
    const json_t *chance = json_object_get(event, "probability");
    const char *word = text_at(event, "how");
    const char *how = strcmp(word, "lies") == 0      ? "does nothing and says that it is done"
                      : strcmp(word, "empties") == 0 ? "saves an empty dump"
                      : strcmp(word, "lingers") == 0 ? "does what it does, and hangs then"
                      : strcmp(word, "breaks") == 0  ? "does what it does, and its connection breaks"
                      : strcmp(word, "misses") == 0  ? "does not reach its target"
                      : *word                        ? word
                                                     : "fails";
    if (*text_at(event, "operation"))
        fprintf(stream, "%s %s", text_at(event, "operation"), how);
    else if (*text_at(event, "stage"))
        fprintf(stream, "the stage %s %s", text_at(event, "stage"), how);
    else
        fprintf(stream, "%s %s", text_at(event, "program"), how);
    if (*text_at(event, "target"))
        fprintf(stream, " on %s", text_at(event, "target"));
    if (chance)
        fprintf(stream, ", with a probability of %g", json_number_value(chance));
    write_times(stream, event);
}

void event_write_changes(FILE *stream, const json_t *event)
{
    const bool foreign = strcmp(text_at(event, "event"), "foreign-deploy") == 0;
    const json_t *distribution = json_object_get(event, "distribution");
    const char *name, *between = " ";
    json_t *part;
    fputs(foreign ? "another coordinator deploys" : "the models change:", stream);
    json_object_foreach(json_object_get(event, "services"), name, part) {
        fprintf(stream, "%s%s%s", between, json_is_null(part) ? "without " : "", name);
        if (*text_at(part, "version"))
            fprintf(stream, " %s", text_at(part, "version"));
        between = ", ";
    }
    json_object_foreach((json_t *)distribution, name, part) {
        CLEANUP_FREE char *on = text_list(json_object_get(part, "on"));
        fprintf(stream, "%s%s%s%s", between, name, on && *on ? " on " : "", on ? on : "");
        between = ", ";
    }
}

void event_write_ending(FILE *stream, const json_t *event)
{
    const json_t *status = json_object_get(event, "status");
    fprintf(stream, "the next deployment ends in the phase %s ", text_at(event, "phase"));
    if (status)
        fprintf(stream, "with %lld", (long long)json_integer_value(status));
    else
        fprintf(stream, "by signal %s", text_at(event, "signal"));
}

void event_write_partition(FILE *stream, const json_t *event)
{
    const bool joined = strcmp(text_at(event, "event"), "join") == 0;
    CLEANUP_FREE char *names = text_list(json_object_get(event, "targets"));
    fprintf(stream, "%s %s the coordinator", names ? names : "",
            joined ? "can be reached again by" : "cannot be reached by");
}

void event_write_save(FILE *stream, const json_t *event)
{
    fprintf(stream, "the disk of %s is saved as %s", text_at(event, "target"), text_at(event, "label"));
}

void event_write_change(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s of %s becomes %s", text_at(event, "property"), text_at(event, "target"),
            text_at(event, "value"));
}

void event_write_rename(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s is called %s from now on", text_at(event, "target"), text_at(event, "to"));
}

void event_write_slow(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s becomes slow", text_at(event, "target"));
}

void event_write_corruption(FILE *stream, const json_t *event)
{
    const bool stranger = strcmp(text_at(event, "how"), "stranger") == 0;
    fprintf(stream, "the profile manifest of %s is %s", text_at(event, "target"),
            stranger ? "of a stranger" : text_at(event, "how"));
}

void event_write_saying(FILE *stream, const json_t *event)
{
    const char *operation = text_at(event, "operation");
    CLEANUP_FREE char *text = strdup(text_at(event, "text"));
    if (text)
        text_one_line(text);
    fprintf(stream, "%s says \"%s\" to each %s", text_at(event, "target"), text ? text : "",
            *operation ? operation : "--activate");
}

void event_write_writing(FILE *stream, const json_t *event)
{
    const char *target = text_at(event, "target");
    fprintf(stream, "a client writes \"%s\" to %s%s%s%s", text_at(event, "text"), text_at(event, "service"),
            *target ? " on " : "", target,
            json_is_true(json_object_get(event, "snapshot")) ? ", and a snapshot is taken" : "");
}

void event_write_kill(FILE *stream, const json_t *event)
{
    fprintf(stream, "the loop is killed%s", *text_at(event, "spares") ? ", the deployment goes on" : "");
}

void event_write_clock(FILE *stream, const json_t *event)
{
    json_int_t seconds = json_integer_value(json_object_get(event, "seconds"));
    fprintf(stream, "the clock goes %s by %lld seconds", seconds < 0 ? "back" : "forward", llabs(seconds));
}

void event_write_wait(FILE *stream, const json_t *event)
{
    fprintf(stream, "%lld seconds pass", (long long)json_integer_value(json_object_get(event, "seconds")));
}

void event_write_replay(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s is decided again", text_at(event, "input"));
}

void event_write_client(FILE *stream, const json_t *event)
{
    const json_t *times = json_object_get(event, "times");
    const char *target = text_at(event, "target");
    fprintf(stream, "a client writes to %s%s%s before each of the next %lld calls", text_at(event, "service"),
            *target ? " on " : "", target, (long long)(times ? json_integer_value(times) : 10));
}

void event_write_decision(FILE *stream, const json_t *event)
{
    const char *component = text_at(event, "component");
    bool keeps = strcmp(text_at(event, "event"), "keep-copy") == 0;
    fprintf(stream, "an operator %s the copy of %s on %s", keeps ? "keeps" : "discards",
            *component ? component : "all that is in dispute", text_at(event, "target"));
}

void event_write_restore(FILE *stream, const json_t *event)
{
    fprintf(stream, "an operator brings back the newest snapshot of %s on %s", text_at(event, "service"),
            text_at(event, "target"));
}
