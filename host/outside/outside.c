/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/outside/outside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/record/journal.h"
#include "host/record/requests.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

int outside_open(struct outside *outside, const struct settings *settings, const struct status *status)
{
    outside->status = status;
    outside->settings = settings;
    notify_open(&outside->notify, operations->now());
    /* A dry run may be beside a loop. */
    const bool wanted = settings->socket && !settings->dry_run;
    int opened = wanted ? control_open(&outside->control, settings->socket) : 0;
    if (opened < 0 && !settings->socket_given) {
        log_warning(NULL, "the loop runs without control socket");
        return 0;
    }
    return opened == 0 ? 0 : -1;
}

void outside_ready(const struct outside *outside)
{
    notify_tell(&outside->notify, "READY=1");
}

void outside_reloaded(const struct outside *outside, bool ready)
{
    struct timespec now;
    if (!ready) /* READY=1 still means something else */
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    notify_tell(&outside->notify, "RELOADING=1\nMONOTONIC_USEC=%lld",
                (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify_tell(&outside->notify, "READY=1");
}

void outside_tell(struct outside *outside, const struct supervisor *supervisor)
{
    if (outside->notify.fd < 0)
        return;
    notify_alive(&outside->notify, operations->now());
    char *words = status_words(outside->status, supervisor);
    if (!words || (outside->told && strcmp(words, outside->told) == 0)) {
        free(words);
        return;
    }
    notify_tell(&outside->notify, "STATUS=%s", words);
    free(outside->told);
    outside->told = words;
}

struct asking {
    struct outside *outside;
    const struct supervisor *supervisor;
    bool wanted; /* a cycle */
};

static json_t *refusal(char *reason)
{
    json_t *document = json_pack("{si ss}", "version", 1, "error", reason ? reason : "out of memory");
    free(reason);
    return document;
}

/* A word of that name, with what the request says that it is about. */
static json_t *make_word(const char *name, const json_t *request)
{
    static const char *const members[] = { "target", "component", "snapshot" };
    json_t *word = json_pack("{ss}", "word", name);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(request, members[i]))
            json_object_set(word, members[i], json_object_get(request, members[i]));
    return word;
}

/* What it asks for of copies of state is judged by the cycle that takes it. */
static json_t *take_word(const struct outside *outside, const char *name, const json_t *request)
{
    CLEANUP_JSON json_t *word = make_word(name, request);
    const char *target = json_string_value(json_object_get(request, "target"));
    if (target && outside->status->targets && !json_object_get(outside->status->targets, target))
        return refusal(string_format("no target is called %s", target));
    if (requests_add(outside->settings->state_directory, word) == 0)
        return json_pack("{si sb}", "version", 1, "done", 1);
    return refusal(errno == EINVAL ? string_format("%s is not said of that", name)
                                   : string_format("%s is not noted: %s", name, strerror(errno)));
}

static json_t *answer(void *closure, const json_t *request)
{
    struct asking *asking = closure;
    struct outside *outside = asking->outside;
    const char *command = json_string_value(json_object_get(request, "command"));
    json_t *document = NULL;
    if (command && strcmp(command, "status") == 0)
        return status_document(outside->status, asking->supervisor, outside->settings, operations->now(),
                               operations->clock());
    if (command && strcmp(command, "trigger") == 0)
        document = json_pack("{si sb}", "version", 1, "done", 1);
    else if (requests_find(command))
        document = take_word(outside, requests_find(command), request);
    if (!document)
        return refusal(string_format("there is no such command"));
    if (!json_object_get(document, "error")) {
        json_t *asked = make_word(command, request);
        json_object_del(asked, "word");
        json_object_update_new(asked, json_pack("{ss ss}", "kind", "asked", "command", command));
        journal_write(outside->settings->state_directory, asked, false);
        asking->wanted = true;
    }
    return document;
}

bool outside_serve(struct outside *outside, const struct supervisor *supervisor)
{
    struct asking asking = { .outside = outside, .supervisor = supervisor };
    control_serve(&outside->control, operations->now(), answer, &asking);
    return asking.wanted;
}

int64_t outside_due(const struct outside *outside)
{
    int64_t alive = notify_due(&outside->notify), served = control_due(&outside->control);
    return alive < 0 || (served >= 0 && served < alive) ? served : alive;
}

void outside_close(struct outside *outside)
{
    notify_tell(&outside->notify, "STOPPING=1");
    control_close(&outside->control);
    outside_leave(outside);
}

void outside_leave(struct outside *outside)
{
    if (outside->notify.fd >= 0)
        close(outside->notify.fd);
    outside->notify.fd = -1;
    control_leave(&outside->control);
    free(outside->told);
    outside->told = NULL;
}
