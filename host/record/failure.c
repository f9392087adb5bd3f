/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

enum { REASON_MOST = 400 }; /* bytes */

/* Of the process, as the table is that it listens at. */
static struct {
    const struct dydisnix_operations *world;
    struct dydisnix_operations table;
    json_t *known;
    json_t *ended; /* the program that ended last, if it failed: as in a failure */
    json_t *held;  /* [[level, target, text]]: messages that wait; NULL: none does */
} listener;

static void forget_ended(void)
{
    json_decref(listener.ended);
    listener.ended = NULL;
}

static int add_line(void *closure, char *line)
{
    CLEANUP_FREE char *text = string_utf8(line);
    if (text)
        json_array_append_new(closure, json_string(text));
    return 0;
}

static json_t *describe_program(const struct dydisnix_program *program, const struct dydisnix_result *result)
{
    CLEANUP_FREE char *name = string_utf8(string_base_name(program->argv[0])),
                      *target = string_utf8(program->target), *said = strdup(result->said);
    json_t *ended = json_pack("{ss* ss*}", "program", name, "target", target), *lines = json_array();
    if (result->ending == DYDISNIX_EXITED || result->ending == DYDISNIX_SIGNALLED)
        json_object_set_new(ended, result->ending == DYDISNIX_EXITED ? "status" : "signal",
                            json_integer(result->status));
    if (said)
        string_lines(said, add_line, lines);
    if (json_array_size(lines) > 0)
        json_object_set(ended, "said", lines);
    json_decref(lines);
    return ended;
}

static bool next(void *closure, struct dydisnix_program *program)
{
    const struct dydisnix_work *work = closure;
    return work->next(work->closure, program);
}

/* Whoever owns the program reports its failure now, or never. */
static void done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const struct dydisnix_work *work = closure;
    forget_ended();
    if (!listener.known && (result->ending != DYDISNIX_EXITED || result->status != 0))
        listener.ended = describe_program(program, result);
    work->done(work->closure, program, result);
}

static int run(const struct dydisnix_work *work, unsigned jobs)
{
    const struct dydisnix_work listened = { next, done, (void *)work };
    return listener.world->run(&listened, jobs);
}

/* Whether a message is about the program that has failed. */
static bool is_about(const char *target, const char *text)
{
    const char *program = json_string_value(json_object_get(listener.ended, "program"));
    const char *its = json_string_value(json_object_get(listener.ended, "target"));
    if (target && its)
        return strcmp(target, its) == 0;
    return program && strstr(text, program) != NULL;
}

static void note_error(const char *target, const char *format, va_list arguments)
{
    CLEANUP_FREE char *message = NULL;
    if (vasprintf(&message, format, arguments) < 0) {
        message = NULL;
        return;
    }
    CLEANUP_FREE char *cut = strndup(message, REASON_MOST), *text = string_utf8(cut),
                      *name = string_utf8(target);
    listener.known = json_pack("{ss* ss*}", "reason", text, "target", name);
    if (is_about(target, message))
        json_object_update_missing(listener.known, listener.ended);
}

static void hold(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    char *message = NULL;
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    CLEANUP_FREE char *owned = message, *text = string_utf8(owned), *name = string_utf8(target);
    json_array_append_new(listener.held, json_pack("[is?s?]", (int)level, name, text));
}

static void note_message(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    const int error = errno;
    if (level == DYDISNIX_ERROR && !listener.known) {
        va_list copy;
        va_copy(copy, arguments);
        note_error(target, format, copy);
        va_end(copy);
    }
    errno = error;
    if (listener.held)
        hold(level, target, format, arguments);
    else
        listener.world->log(level, target, format, arguments);
}

static void say(enum dydisnix_level level, const char *target, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    listener.world->log(level, target, format, arguments);
    va_end(arguments);
}

void failure_hold(void)
{
    listener.held = json_array();
}

void failure_tell(bool wanted)
{
    CLEANUP_JSON json_t *held = listener.held;
    size_t index;
    json_t *message;
    listener.held = NULL;
    json_array_foreach(held, index, message)
        if (wanted)
            say((enum dydisnix_level)json_integer_value(json_array_get(message, 0)),
                json_string_value(json_array_get(message, 1)), "%s",
                json_string_value(json_array_get(message, 2)));
}

void failure_open(void)
{
    failure_close();
    listener.world = operations;
    memcpy(&listener.table, operations,
           operations->size < sizeof listener.table ? operations->size : sizeof listener.table);
    listener.table.log = note_message;
    listener.table.run = run;
    operations_use(&listener.table);
}

void failure_close(void)
{
    failure_forget();
    failure_tell(true);
    if (listener.world && operations == &listener.table)
        operations_use(listener.world);
    listener.world = NULL;
}

void failure_forget(void)
{
    forget_ended();
    json_decref(listener.known);
    listener.known = NULL;
}

json_t *failure_known(void)
{
    return json_incref(listener.known);
}

char *failure_words(const json_t *failure)
{
    const char *target = text_at(failure, "target");
    return string_format("%s%s%s", target, *target ? ": " : "", text_at(failure, "reason"));
}
