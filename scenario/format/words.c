/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"

static const size_t hash_length = 32, key_length = 64;
static const char hexadecimal[] = "0123456789abcdef";
static const char ends_a_path[] = " \t\"':;,()[]{}<>";

/* Writes the plain form of the path that begins at text; gives how long it was. */
static size_t write_path(FILE *stream, const char *text)
{
    size_t length = strcspn(text, ends_a_path), name = length;
    while (name > 0 && text[name - 1] != '/')
        name--;
    const bool store = strncmp(text, NIX_STORE_DIR "/", sizeof NIX_STORE_DIR) == 0
                       && name == sizeof NIX_STORE_DIR && length > name + hash_length
                       && text[name + hash_length] == '-';
    if (store)
        name += hash_length + 1;
    fwrite(text + name, 1, length - name, stream);
    return length;
}

char *scenario_plain(const char *text)
{
    char *plain = NULL;
    size_t length;
    FILE *stream = open_memstream(&plain, &length);
    bool begins = true; /* a word */
    if (!stream)
        return NULL;
    while (*text) {
        size_t digits = strspn(text, hexadecimal);
        if (begins && *text == '/' && text[1] && !strchr(ends_a_path, text[1])) {
            text += write_path(stream, text);
            continue;
        }
        if (begins && digits == key_length) {
            fputs("KEY", stream);
            text += digits;
            continue;
        }
        begins = strchr(ends_a_path, *text) || *text == '=';
        fputc(*text++, stream);
    }
    return fclose(stream) == 0 ? plain : NULL;
}

char *scenario_names(const json_t *list)
{
    char *text = NULL;
    size_t length, index, count = json_array_size(list);
    json_t *name;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    json_array_foreach((json_t *)list, index, name)
        fprintf(stream, "%s%s",
                index == 0           ? ""
                : index + 1 == count ? " and "
                                     : ", ",
                json_string_value(name));
    return fclose(stream) == 0 ? text : NULL;
}

/* Events that are a verb of their target, and those that are of themselves. */
static const struct {
    const char *event, *before, *after;
} of_target[] = {
    { "crash", "", " crashes" },
    { "add", "", " is added" },
    { "remove", "", " is removed" },
    { "hang", "", " hangs" },
    { "resume", "", " goes on" },
}, of_nobody[] = {
    { "pause", "an operator pauses the loop", "" },
    { "continue", "an operator lets the loop go on", "" },
    { "trigger", "an operator asks for a cycle", "" },
    { "full-disk", "the disk of the coordinator is full", "" },
    { "free-disk", "the disk of the coordinator has room again", "" },
    { "damage-state", "what the loop remembers cannot be read", "" },
    { "mend-state", "what the loop remembers can be read again", "" },
    { "close-profiles", "the loop may not write where the coordinator profile is", "" },
    { "open-profiles", "the loop may write there again", "" },
    { "distrust", "Nix takes no closures from the loop", "" },
    { "trust", "Nix takes closures from the loop again", "" },
};

static bool write_simple(FILE *stream, const json_t *event, const char *name)
{
    for (size_t i = 0; i < sizeof of_target / sizeof *of_target; i++)
        if (strcmp(name, of_target[i].event) == 0)
            return fprintf(stream, "%s%s%s", of_target[i].before, text_at(event, "target"), of_target[i].after)
                   > 0;
    for (size_t i = 0; i < sizeof of_nobody / sizeof *of_nobody; i++)
        if (strcmp(name, of_nobody[i].event) == 0)
            return fputs(of_nobody[i].before, stream) >= 0;
    return false;
}

static void write_reappear(FILE *stream, const json_t *event)
{
    const json_t *disk = json_object_get(event, "disk");
    fprintf(stream, "%s reappears", text_at(event, "target"));
    if (json_is_object(disk))
        fprintf(stream, " with its disk as it was saved as %s", text_at(disk, "saved"));
    else if (strcmp(text_at(event, "disk"), "lost") == 0)
        fputs(" with an empty disk", stream);
}

static void write_loss(FILE *stream, const json_t *event)
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

static void write_generator(FILE *stream, const json_t *event)
{
    const char *prints = text_at(event, "prints");
    if (strcmp(prints, "fails") == 0 || strcmp(prints, "hangs") == 0)
        fprintf(stream, "the generator %s", prints);
    else if (strcmp(prints, "half") == 0)
        fputs("the generator prints half of the model", stream);
    else
        fprintf(stream, "the generator prints %s",
                strcmp(prints, "empty") == 0 ? "an empty model" : prints);
    write_times(stream, event);
}

static void write_collection(FILE *stream, const json_t *event)
{
    const char *target = text_at(event, "target");
    fprintf(stream, "the store of %s is rid of garbage%s", *target ? target : "the coordinator",
            json_is_true(json_object_get(event, "old")) ? " and of what the generations before have" : "");
}

static void write_failure(FILE *stream, const json_t *event)
{
    const json_t *chance = json_object_get(event, "probability");
    const char *word = text_at(event, "how");
    const char *how = strcmp(word, "lies") == 0      ? "does nothing and says that it is done"
                      : strcmp(word, "empties") == 0 ? "saves an empty dump"
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

static void write_changes(FILE *stream, const json_t *event)
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
        CLEANUP_FREE char *on = scenario_names(json_object_get(part, "on"));
        fprintf(stream, "%s%s%s%s", between, name, on && *on ? " on " : "", on ? on : "");
        between = ", ";
    }
}

static void write_ending(FILE *stream, const json_t *event)
{
    const json_t *status = json_object_get(event, "status");
    fprintf(stream, "the next deployment ends in the phase %s ", text_at(event, "phase"));
    if (status)
        fprintf(stream, "with %lld", (long long)json_integer_value(status));
    else
        fprintf(stream, "by signal %s", text_at(event, "signal"));
}

static void write_partition(FILE *stream, const json_t *event)
{
    const bool joined = strcmp(text_at(event, "event"), "join") == 0;
    CLEANUP_FREE char *names = scenario_names(json_object_get(event, "targets"));
    fprintf(stream, "%s %s the coordinator", names ? names : "",
            joined ? "can be reached again by" : "cannot be reached by");
}

static void write_save(FILE *stream, const json_t *event)
{
    fprintf(stream, "the disk of %s is saved as %s", text_at(event, "target"), text_at(event, "label"));
}

static void write_change(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s of %s becomes %s", text_at(event, "property"), text_at(event, "target"),
            text_at(event, "value"));
}

static void write_rename(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s is called %s from now on", text_at(event, "target"), text_at(event, "to"));
}

static void write_slow(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s becomes slow", text_at(event, "target"));
}

static void write_corruption(FILE *stream, const json_t *event)
{
    const bool stranger = strcmp(text_at(event, "how"), "stranger") == 0;
    fprintf(stream, "the profile manifest of %s is %s", text_at(event, "target"),
            stranger ? "of a stranger" : text_at(event, "how"));
}

static void write_saying(FILE *stream, const json_t *event)
{
    const char *operation = text_at(event, "operation");
    CLEANUP_FREE char *text = strdup(text_at(event, "text"));
    if (text)
        text_one_line(text);
    fprintf(stream, "%s says \"%s\" to each %s", text_at(event, "target"), text ? text : "",
            *operation ? operation : "--activate");
}

static void write_writing(FILE *stream, const json_t *event)
{
    const char *target = text_at(event, "target");
    fprintf(stream, "a client writes \"%s\" to %s%s%s%s", text_at(event, "text"), text_at(event, "service"),
            *target ? " on " : "", target,
            json_is_true(json_object_get(event, "snapshot")) ? ", and a snapshot is taken" : "");
}

static void write_kill(FILE *stream, const json_t *event)
{
    fprintf(stream, "the loop is killed%s", *text_at(event, "spares") ? ", the deployment goes on" : "");
}

static void write_clock(FILE *stream, const json_t *event)
{
    json_int_t seconds = json_integer_value(json_object_get(event, "seconds"));
    fprintf(stream, "the clock goes %s by %lld seconds", seconds < 0 ? "back" : "forward", llabs(seconds));
}

static void write_wait(FILE *stream, const json_t *event)
{
    fprintf(stream, "%lld seconds pass", (long long)json_integer_value(json_object_get(event, "seconds")));
}

static void write_replay(FILE *stream, const json_t *event)
{
    fprintf(stream, "%s is decided again", text_at(event, "input"));
}

static void write_client(FILE *stream, const json_t *event)
{
    const json_t *times = json_object_get(event, "times");
    const char *target = text_at(event, "target");
    fprintf(stream, "a client writes to %s%s%s before each of the next %lld calls", text_at(event, "service"),
            *target ? " on " : "", target, (long long)(times ? json_integer_value(times) : 10));
}

static void write_decision(FILE *stream, const json_t *event)
{
    const char *component = text_at(event, "component");
    bool keeps = strcmp(text_at(event, "event"), "keep-copy") == 0;
    fprintf(stream, "an operator %s the copy of %s on %s", keeps ? "keeps" : "discards",
            *component ? component : "all that is in dispute", text_at(event, "target"));
}

static void write_restore(FILE *stream, const json_t *event)
{
    fprintf(stream, "an operator brings back the newest snapshot of %s on %s", text_at(event, "service"),
            text_at(event, "target"));
}

static const struct {
    const char *event;
    void (*write)(FILE *stream, const json_t *event_);
} writers[] = {
    { "keep-copy", write_decision },  { "discard-copy", write_decision }, { "restore", write_restore },
    { "change", write_change },       { "clock", write_clock },         { "corrupt", write_corruption },
    { "client", write_client },       { "collect-garbage", write_collection },
    { "end", write_ending },          { "fail", write_failure },        { "foreign-deploy", write_changes },
    { "generator", write_generator }, { "join", write_partition },      { "kill-host", write_kill },
    { "lose-coordinator", write_loss }, { "partition", write_partition }, { "reappear", write_reappear },
    { "rename", write_rename },       { "replay", write_replay },       { "save", write_save },
    { "say", write_saying },          { "slow", write_slow },           { "upgrade", write_changes },     { "wait", write_wait },
    { "write", write_writing },
};

static void write_one(FILE *stream, const json_t *event)
{
    const char *name = text_at(event, "event");
    if (write_simple(stream, event, name))
        return;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (strcmp(name, writers[i].event) == 0) {
            writers[i].write(stream, event);
            return;
        }
    fputs(name, stream);
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
