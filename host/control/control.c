/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/control.h"

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

int control_open(struct control *control, const struct settings *settings, const struct status *status)
{
    control->status = status;
    control->settings = settings;
    notify_open(&control->notify, operations->now());
    /* A dry run may be beside a loop. */
    const bool wanted = settings->socket && !settings->dry_run;
    int opened = wanted ? control_socket_open(&control->socket, settings->socket) : 0;
    if (opened < 0 && !settings->socket_given) {
        log_warning(NULL, "the loop runs without control socket");
        return 0;
    }
    return opened == 0 ? 0 : -1;
}

void control_ready(const struct control *control)
{
    notify_tell(&control->notify, "READY=1");
}

void control_reloaded(const struct control *control, bool ready)
{
    struct timespec now;
    if (!ready) /* READY=1 still means something else */
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    notify_tell(&control->notify, "RELOADING=1\nMONOTONIC_USEC=%lld",
                (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify_tell(&control->notify, "READY=1");
}

void control_tell(struct control *control, const struct supervisor *supervisor)
{
    if (control->notify.fd < 0)
        return;
    notify_alive(&control->notify, operations->now());
    char *words = status_words(control->status, supervisor);
    if (!words || (control->told && strcmp(words, control->told) == 0)) {
        free(words);
        return;
    }
    notify_tell(&control->notify, "STATUS=%s", words);
    free(control->told);
    control->told = words;
}

struct asking {
    struct control *control;
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
static json_t *take_word(const struct control *control, const char *name, const json_t *request)
{
    CLEANUP_JSON json_t *word = make_word(name, request);
    const char *target = json_string_value(json_object_get(request, "target"));
    if (target && control->status->targets && !json_object_get(control->status->targets, target))
        return refusal(string_format("no target is called %s", target));
    if (requests_add(control->settings->state_directory, word) == 0)
        return json_pack("{si sb}", "version", 1, "done", 1);
    return refusal(errno == EINVAL ? string_format("%s is not said of that", name)
                                   : string_format("%s is not noted: %s", name, strerror(errno)));
}

static json_t *answer(void *closure, const json_t *request)
{
    struct asking *asking = closure;
    struct control *control = asking->control;
    const char *command = json_string_value(json_object_get(request, "command"));
    json_t *document = NULL;
    if (command && strcmp(command, "status") == 0)
        return status_document(control->status, asking->supervisor, control->settings, operations->now(),
                               operations->clock());
    if (command && strcmp(command, "trigger") == 0)
        document = json_pack("{si sb}", "version", 1, "done", 1);
    else if (requests_find(command))
        document = take_word(control, requests_find(command), request);
    if (!document)
        return refusal(string_format("there is no such command"));
    if (!json_object_get(document, "error")) {
        json_t *asked = make_word(command, request);
        json_object_del(asked, "word");
        json_object_update_new(asked, json_pack("{ss ss}", "kind", "asked", "command", command));
        journal_write(control->settings->state_directory, asked, false);
        asking->wanted = true;
    }
    return document;
}

bool control_serve(struct control *control, const struct supervisor *supervisor)
{
    struct asking asking = { .control = control, .supervisor = supervisor };
    control_socket_serve(&control->socket, operations->now(), answer, &asking);
    return asking.wanted;
}

int64_t control_due(const struct control *control)
{
    int64_t alive = notify_due(&control->notify), served = control_socket_due(&control->socket);
    return alive < 0 || (served >= 0 && served < alive) ? served : alive;
}

void control_close(struct control *control)
{
    notify_tell(&control->notify, "STOPPING=1");
    control_socket_close(&control->socket);
    control_leave(control);
}

void control_leave(struct control *control)
{
    if (control->notify.fd >= 0)
        close(control->notify.fd);
    control->notify.fd = -1;
    control_socket_leave(&control->socket);
    free(control->told);
    control->told = NULL;
}
