/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/events.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/ctl/words.h"
#include "host/record/failure.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/json-text.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const int64_t follow_interval = 200; /* milliseconds */

static void print_names(const json_t *names, const char *sign)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)names, index, name) {
        printf(" %s", sign);
        print_padded(json_is_string(name) ? json_string_value(name) : "?", 0);
    }
}

static void print_changes(const json_t *changes)
{
    const char *name;
    json_t *what;
    print_names(json_object_get(changes, "added"), "+");
    print_names(json_object_get(changes, "removed"), "-");
    json_object_foreach(json_object_get(changes, "changed"), name, what) {
        fputs(" ~", stdout);
        print_padded(name, 0);
    }
}

static void print_failure(const json_t *document)
{
    const json_t *failure = json_object_get(document, "failure");
    CLEANUP_FREE char *words = failure_words(failure);
    if (!failure || !words)
        return;
    fputs(": ", stdout);
    print_padded(words, 0);
    if (json_integer_value(json_object_get(failure, "count")) > 1)
        printf(", %lld times in a row", (long long)json_integer_value(json_object_get(failure, "count")));
}

static void print_mappings(const json_t *mappings, const char *sign)
{
    size_t index;
    json_t *mapping;
    json_array_foreach((json_t *)mappings, index, mapping) {
        printf(" %s", sign);
        print_padded(text_at(mapping, "name"), 0);
        putchar('@');
        print_padded(text_at(mapping, "target"), 0);
    }
}

/* The services that a deployment started and stopped. */
static void print_services(const json_t *document)
{
    const json_t *difference = json_object_get(json_object_get(document, "report"), "difference");
    const json_t *mappings = json_object_get(difference, "mappings");
    print_mappings(json_object_get(mappings, "added"), "+");
    print_mappings(json_object_get(mappings, "removed"), "-");
}

static void print_duration(const json_t *document)
{
    if (json_object_get(document, "milliseconds"))
        printf(" after %.1f s", (double)json_integer_value(json_object_get(document, "milliseconds")) / 1000);
}

/* Time, cycle, and the rest in words. */
static void print_event(const json_t *document)
{
    const json_t *cycle = json_object_get(document, "cycle");
    const char *const members[] = { "stage", "command", "target", "outcome", "reason", "profile", "host" };
    CLEANUP_FREE char *number = string_format(cycle ? "%lld" : "-", (long long)json_integer_value(cycle));
    CLEANUP_FREE char *when = words_of_utc(text_at(document, "time"));
    print_padded(when ? when : "?", 21);
    print_padded(number ? number : "", 5);
    print_padded(text_at(document, "kind"), 0);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (*text_at(document, members[i])) {
            putchar(' ');
            print_padded(text_at(document, members[i]), 0);
        }
    print_changes(json_object_get(document, json_object_get(document, "seen") ? "seen" : "changes"));
    if (json_object_get(document, "retryOf"))
        printf(" cycle %lld is tried again",
               (long long)json_integer_value(json_object_get(document, "retryOf")));
    if (text_at_is(document, "stage", "redeploy"))
        print_services(document);
    print_duration(document);
    if (json_object_get(document, "signal"))
        printf(", ended by signal %lld", (long long)json_integer_value(json_object_get(document, "signal")));
    print_failure(document);
    putchar('\n');
}

struct reader {
    FILE *stream;
    char *line; /* of getline(), and of a line whose end is still to come */
    size_t size, length;
};

/* The next document, a new reference; NULL: there is none yet. */
static json_t *next_document(struct reader *reader)
{
    CLEANUP_FREE char *part = NULL;
    size_t size = 0;
    ssize_t got;
    while (clearerr(reader->stream), (got = getline(&part, &size, reader->stream)) > 0) {
        char *grown = realloc(reader->line, reader->length + (size_t)got + 1);
        if (!grown)
            return NULL;
        reader->line = grown;
        memcpy(grown + reader->length, part, (size_t)got + 1);
        reader->length += (size_t)got;
        if (grown[reader->length - 1] != '\n')
            continue;
        json_t *document = json_loadb(grown, reader->length, 0, NULL);
        reader->length = 0;
        if (json_is_object(document))
            return document;
        json_decref(document);
    }
    return NULL;
}

static void print_document(const json_t *document, bool json)
{
    CLEANUP_FREE char *text = json ? json_text(document, JSON_COMPACT) : NULL;
    if (!json)
        print_event(document);
    else if (text)
        puts(text);
}

static void reader_close(struct reader *reader)
{
    if (reader->stream)
        fclose(reader->stream);
    free(reader->line);
    *reader = (struct reader){ 0 };
}

/* Of what the reader has left, the last ones, into the ring. */
static void collect(struct reader *reader, json_t **ring, size_t lines, size_t *count)
{
    json_t *document;
    while (reader->stream && (document = next_document(reader)) != NULL) {
        if (lines == 0) {
            json_decref(document);
            continue;
        }
        json_decref(ring[*count % lines]);
        ring[(*count)++ % lines] = document;
    }
}

static void print_last(struct reader *older, struct reader *reader, size_t lines, bool json)
{
    json_t **ring = calloc(lines + 1, sizeof *ring);
    size_t count = 0;
    if (!ring)
        return;
    collect(older, ring, lines, &count);
    collect(reader, ring, lines, &count);
    for (size_t i = count > lines ? count - lines : 0; i < count; i++) {
        print_document(ring[i % lines], json);
        json_decref(ring[i % lines]);
    }
    free(ring);
}

static bool is_still(const struct reader *reader, const char *file)
{
    struct stat open, there;
    return reader->stream && fstat(fileno(reader->stream), &open) == 0 && stat(file, &there) == 0
           && open.st_ino == there.st_ino && open.st_dev == there.st_dev;
}

/* Goes on in the new file when the journal was rotated, or when it is made at last. */
static void follow_events(struct reader *reader, const char *file, bool json)
{
    while (fflush(stdout) == 0) {
        bool still = is_still(reader, file);
        json_t *document;
        while (reader->stream && (document = next_document(reader)) != NULL) {
            print_document(document, json);
            json_decref(document);
        }
        if (still || fflush(stdout) != 0) {
            operations->sleep(follow_interval);
            continue;
        }
        FILE *stream = fopen(file, "re");
        if (stream) {
            reader_close(reader);
            reader->stream = stream;
        } else
            operations->sleep(follow_interval);
    }
}

static int open_journal(const char *directory, struct reader *older, struct reader *reader, char **file)
{
    CLEANUP_FREE char *rotated = string_format("%s/events.jsonl.1", directory);
    *older = *reader = (struct reader){ 0 };
    *file = string_format("%s/events.jsonl", directory);
    if (!*file || !rotated)
        return -1;
    older->stream = fopen(rotated, "re");
    reader->stream = fopen(*file, "re");
    return 0;
}

int events_print(const char *directory, size_t lines, bool follow, bool json)
{
    CLEANUP_FREE char *file = NULL;
    struct reader older, reader;
    if (open_journal(directory, &older, &reader, &file) != 0)
        return -1;
    if (!reader.stream && !older.stream && !follow)
        return complain(file, strerror(errno));
    print_last(&older, &reader, lines, json);
    if (follow)
        follow_events(&reader, file, json);
    reader_close(&older);
    reader_close(&reader);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}

static void give_all(struct reader *reader, void (*each)(void *closure, const json_t *document),
                     void *closure)
{
    json_t *document;
    while (reader->stream && (document = next_document(reader)) != NULL) {
        each(closure, document);
        json_decref(document);
    }
    reader_close(reader);
}

int events_each(const char *directory, void (*each)(void *closure, const json_t *document), void *closure)
{
    CLEANUP_FREE char *file = NULL;
    struct reader older, reader;
    if (open_journal(directory, &older, &reader, &file) != 0)
        return -1;
    if (!reader.stream && !older.stream)
        return complain(file, strerror(errno));
    give_all(&older, each, closure);
    give_all(&reader, each, closure);
    return 0;
}
