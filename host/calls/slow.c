/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/calls/slow.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/switch.h"
#include "lib/world/operations.h"

static const int64_t first_word = 10, most_words = 60; /* minutes */

struct search {
    const struct slow *slow;
    json_t
        *calls; /* { TARGET: { "operation", "process", "seconds" } }: of each the one that runs for longest */
};

static const char *name_in(const struct manifest *manifest, const char *key)
{
    for (size_t i = 0; manifest && i < manifest->infrastructure.count; i++)
        if (strcmp(target_connection_key(&manifest->infrastructure.targets[i]), key) == 0)
            return manifest->infrastructure.targets[i].name;
    return NULL;
}

/* The first word that is neither --target and its key, nor what goes before an operation. */
static const char *operation_of(const char *const *argv)
{
    static const char *const others[] = { "--target", "--profile", "--container", "--type", "--arguments" };
    for (size_t i = 1; argv[i]; i++) {
        bool other = strncmp(argv[i], "--", 2) != 0;
        for (size_t k = 0; !other && k < sizeof others / sizeof *others; k++)
            other = strcmp(argv[i], others[k]) == 0;
        if (!other)
            return argv[i];
    }
    return "a call";
}

/* Disnix gives each call its target so. */
static int take(void *closure, const struct dydisnix_running *program)
{
    const struct search *search = closure;
    const char *const *word = program->argv;
    while (*word && strcmp(*word, "--target") != 0)
        word++;
    const char *key = *word ? word[1] : NULL,
               *name = key && search->slow ? name_in(search->slow->new, key) : key;
    if (key && !name)
        name = name_in(search->slow->previous, key);
    const json_t *known = name ? json_object_get(search->calls, name) : NULL;
    if (!name || json_integer_value(json_object_get(known, "seconds")) > program->milliseconds / 1000)
        return 0;
    return json_object_set_new(search->calls, name,
                               json_pack("{ss sI sI}", "operation", operation_of(program->argv), "process",
                                         (json_int_t)program->process, "seconds",
                                         (json_int_t)(program->milliseconds / 1000)));
}

json_t *slow_find(const struct slow *slow)
{
    const struct search search = { slow, json_object() };
    json_int_t longest = 0;
    const char *name;
    json_t *call;
    void *next;
    operations->running(take, (void *)&search);
    json_object_foreach(search.calls, name, call) {
        json_int_t seconds = json_integer_value(json_object_get(call, "seconds"));
        longest = seconds > longest ? seconds : longest;
    }
    json_object_foreach_safe(search.calls, next, name, call)
        if (slow && json_integer_value(json_object_get(call, "seconds")) < longest / 2)
            json_object_del(search.calls, name);
    return search.calls;
}

static void say(const json_t *calls, int64_t minutes)
{
    const char *name;
    json_t *call;
    if (json_object_size(calls) == 0)
        log_warning(NULL, "the deployment has run for %lld minutes, and waits for no target",
                    (long long)minutes);
    json_object_foreach((json_t *)calls, name, call)
        log_warning(
            name, "%s has run for %lld minutes, and the deployment waits for it; to end this call: kill %lld",
            text_at(call, "operation"), (long long)json_integer_value(json_object_get(call, "seconds")) / 60,
            (long long)json_integer_value(json_object_get(call, "process")));
}

static bool is_due(int64_t minutes)
{
    return minutes % most_words == 0 || minutes == first_word || minutes == 2 * first_word;
}

static void note_hung(const struct slow *slow, const json_t *calls, int64_t seconds)
{
    const char *name;
    json_t *call;
    json_object_foreach((json_t *)calls, name, call) {
        log_error(name, "%s does not end", text_at(call, "operation"));
        state_hung(slow->recovery->state, name, seconds);
    }
}

void slow_waits(void *closure, int64_t milliseconds, bool late)
{
    const struct slow *slow = closure;
    CLEANUP_JSON json_t *calls = slow_find(slow);
    if (late && SWITCH(ASKED_NO_MORE))
        note_hung(slow, calls, milliseconds / 1000);
    else if (!late && is_due(milliseconds / 60000))
        say(calls, milliseconds / 60000);
}
