/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "operations.h"

const int64_t ask_deadline = 60 * 1000, call_deadline = 3600 * 1000;

static const unsigned most_at_once = 32;
static const int release_rounds = 3;

struct run {
    struct calls *calls;
    size_t next;
    int64_t deadline;
    bool quiet;
};

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
    while (run->next < run->calls->count && run->calls->items[run->next].done)
        run->next++;
    if (run->next == run->calls->count)
        return false;
    struct call *call = &run->calls->items[run->next++];
    program->argv = arguments_vector(&call->arguments);
    program->target = call->target;
    program->deadline = run->deadline;
    program->quiet = run->quiet;
    program->closure = call;
    return true;
}

static void call_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct call *call = program->closure;
    (void)closure;
    call->done = result->ending == DYDISNIX_EXITED && result->status == 0;
    if (!call->done)
        return;
    call->output = result->output;
    result->output = NULL;
    while (result->output_length > 0 && call->output[result->output_length - 1] == '\n')
        call->output[--result->output_length] = '\0';
}

void calls_run(struct calls *calls, int64_t deadline, bool quiet)
{
    struct run run = { .calls = calls, .deadline = deadline, .quiet = quiet };
    const struct dydisnix_work work = { .next = next_call, .done = call_done, .closure = &run };
    if (calls->count > 0 && operations->run(&work, most_at_once) != 0)
        log_error(NULL, "targets cannot be called: %s", strerror(errno));
}

void calls_release(struct calls *calls)
{
    for (int round = 0; round < release_rounds; round++) {
        size_t done = 0;
        if (round > 0)
            operations->sleep(1000);
        calls_run(calls, call_deadline, true);
        for (size_t i = 0; i < calls->count; i++)
            done += calls->items[i].done;
        if (done == calls->count)
            return;
    }
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
