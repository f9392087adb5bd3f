/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/calls/client-calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

const int64_t ask_deadline = 60 * 1000, call_deadline = 1500 * 1000, set_deadline = 300 * 1000;

static const unsigned most_at_once = 32;
static const int release_rounds = 3;

struct run {
    struct calls *calls;
    size_t next;
    int64_t deadline;
    bool quiet;
    struct strings *names; /* of transcripts */
};

/* Each has a file of its own, for as long as this process lives. */
static const char *transcript_of(const struct run *run)
{
    static unsigned long number;
    CLEANUP_FREE char *path = run->names ? string_format("%s/call-%lu", run->calls->running, number++) : NULL;
    return path ? strings_intern(run->names, path) : NULL;
}

struct call *calls_add(struct calls *calls, const char *target)
{
    struct call *grown = array_grow(calls->items, calls->count, sizeof *grown);
    if (!grown)
        return NULL;
    calls->items = grown;
    calls->items[calls->count] = (struct call){ .target = target };
    return &calls->items[calls->count++];
}

static bool next_call(void *closure, struct dydisnix_program *program)
{
    struct run *run = closure;
    while (run->next < run->calls->count
           && (run->calls->items[run->next].done || run->calls->items[run->next].hung))
        run->next++;
    if (run->next == run->calls->count)
        return false;
    struct call *call = &run->calls->items[run->next++];
    program->argv = arguments_vector(&call->arguments);
    program->target = call->target;
    program->deadline = run->deadline;
    program->quiet = run->quiet;
    program->drop_output = !client_answers(&call->arguments) && SWITCH(ANY_AMOUNT);
    program->closure = call;
    program->transcript = transcript_of(run);
    return true;
}

static void call_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct call *call = program->closure;
    const struct calls *calls = ((struct run *)closure)->calls;
    call->done = result->ending == DYDISNIX_EXITED && result->status == 0;
    call->lost = client_is_lost(result);
    call->refused = result->ending == DYDISNIX_EXITED && result->status != 0 && !call->lost;
    call->hung = result->ending == DYDISNIX_TIMED_OUT;
    if (call->done) {
        free(call->output);
        call->output = result->output;
        result->output = NULL;
        while (result->output_length > 0 && call->output[result->output_length - 1] == '\n')
            call->output[--result->output_length] = '\0';
    }
    if (calls->ended)
        calls->ended(calls->closure, call);
}

void calls_run(struct calls *calls, int64_t deadline, bool quiet)
{
    struct run run = {
        .calls = calls, .deadline = deadline, .quiet = quiet, .names = calls->running ? strings_new() : NULL
    };
    const struct dydisnix_work work = { .next = next_call, .done = call_done, .closure = &run };
    if (calls->count > 0 && operations->run(&work, most_at_once) != 0)
        log_error(NULL, "targets cannot be called: %s", strerror(errno));
    strings_free(run.names);
}

void calls_release(struct calls *calls)
{
    for (int round = 0; round < release_rounds; round++) {
        size_t done = 0;
        if (round > 0)
            operations->sleep(1000);
        calls_run(calls, ask_deadline, true);
        for (size_t i = 0; i < calls->count; i++)
            done += calls->items[i].done || calls->items[i].hung;
        if (done == calls->count)
            return;
    }
}

/* The same words with another operation in place of --deactivate; to ask whether the target is there, no more
 * of them. */
static void add_counterpart(struct calls *others, struct call *call, const char *operation, bool asks)
{
    struct call *other = calls_add(others, call->target);
    bool over = false;
    for (size_t i = 0; other && !over && i < call->arguments.count; i++) {
        bool found = strcmp(call->arguments.items[i], "--deactivate") == 0;
        arguments_add(&other->arguments, found ? operation : call->arguments.items[i]);
        over = found && asks;
    }
    if (other)
        other->closure = call;
}

/* What cannot be activated, on a target that answers, is not active. */
static void note_inactive(const struct calls *activations)
{
    CLEANUP_CALLS struct calls asks = { 0 };
    for (size_t i = 0; i < activations->count; i++)
        ((struct call *)activations->items[i].closure)->hung = activations->items[i].hung;
    for (size_t i = 0; i < activations->count; i++)
        if (activations->items[i].refused)
            add_counterpart(&asks, activations->items[i].closure, "--query-installed", true);
    calls_run(&asks, ask_deadline, true);
    for (size_t i = 0; i < asks.count; i++)
        ((struct call *)asks.items[i].closure)->done = asks.items[i].done;
}

void calls_stop(struct calls *calls)
{
    CLEANUP_CALLS struct calls activations = { .running = calls->running };
    calls_run(calls, call_deadline, false);
    for (size_t i = 0; i < calls->count; i++)
        if (!calls->items[i].done && !calls->items[i].hung)
            add_counterpart(&activations, &calls->items[i], "--activate", false);
    if (activations.count == 0)
        return;
    calls_run(&activations, call_deadline, false);
    note_inactive(&activations);
    calls_run(calls, call_deadline, false);
}

bool call_is_unanswered(const struct call *call)
{
    return call->hung || call->lost;
}

void calls_clear(struct calls *calls)
{
    for (size_t i = 0; i < calls->count; i++) {
        arguments_clear(&calls->items[i].arguments);
        free(calls->items[i].output);
    }
    free(calls->items);
    *calls = (struct calls){ 0 };
}
