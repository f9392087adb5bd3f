/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "journal.h"
#include "operations.h"
#include "paths.h"
#include "strings.h"
#include "words.h"

int outside_open(struct outside *outside, const struct settings *settings)
{
    outside->settings = settings;
    notify_open(&outside->notify, operations->now());
    /* A dry run may be beside a loop. */
    const bool wanted = settings->socket && !settings->dry_run;
    int status = wanted ? control_open(&outside->control, settings->socket) : 0;
    if (status < 0 && !settings->socket_given) {
        log_warning(NULL, "the loop runs without control socket");
        return 0;
    }
    return status == 0 ? 0 : -1;
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
    char *words = status_words(&outside->status, supervisor);
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

/* Why a word about a target makes no sense, malloc()ed; NULL: it does. */
static char *check_target(const struct outside *outside, const char *word, const char *target)
{
    if (!target || !is_plain_name(target))
        return string_format("%s needs a target", word);
    const json_t *known = json_object_get(outside->status.targets, target);
    const char *status = json_string_value(json_object_get(known, "status"));
    if (outside->status.targets && !known)
        return string_format("no target is called %s", target);
    if (status && strcmp(status, "held") != 0 && strcmp(status, "flapping") != 0)
        return string_format("target %s is not held", target);
    return NULL;
}

static json_t *take_word(struct asking *asking, const char *word, const char *target)
{
    const char *directory = asking->outside->settings->state_directory;
    bool needs_target = strcmp(word, "accept") == 0 || strcmp(word, "prefer") == 0;
    char *reason = needs_target ? check_target(asking->outside, word, target) : NULL;
    if (reason)
        return refusal(reason);
    if (words_add(directory, word, needs_target ? target : NULL) != 0)
        return refusal(string_format("%s is not noted: %s", word, strerror(errno)));
    return json_pack("{si sb}", "version", 1, "done", 1);
}

static json_t *answer(void *closure, const json_t *request)
{
    static const char *const words[] = { "pause", "resume", "accept", "prefer", NULL };
    struct asking *asking = closure;
    struct outside *outside = asking->outside;
    const char *command = json_string_value(json_object_get(request, "command"));
    const char *target = json_string_value(json_object_get(request, "target"));
    json_t *document = NULL;
    if (command && strcmp(command, "status") == 0)
        return status_document(&outside->status, asking->supervisor, outside->settings, operations->now(),
                               operations->clock());
    if (command && strcmp(command, "trigger") == 0)
        document = json_pack("{si sb}", "version", 1, "done", 1);
    for (const char *const *word = words; command && *word; word++)
        if (strcmp(command, *word) == 0)
            document = take_word(asking, command, target);
    if (!document)
        return refusal(string_format("there is no such command"));
    if (!json_object_get(document, "error")) {
        asking->wanted = true;
        journal_write(outside->settings->state_directory,
                      json_pack("{ss ss ss*}", "kind", "asked", "command", command, "target", target), false);
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
    status_clear(&outside->status);
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
