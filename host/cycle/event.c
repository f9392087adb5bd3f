/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/presence/presence.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

void event_keep(struct cycle *cycle)
{
    if (!cycle_has_hook(cycle, "cycle_finished"))
        return;
    CLEANUP_FREE char *file = cycle_file(cycle->settings, "event.json");
    CLEANUP_FREE char *text = json_dumps(cycle->event, JSON_COMPACT);
    if (!file || !text || operations->write(file, text, strlen(text), 0600) != 0)
        log_warning(NULL, "%s: %s", file ? file : "event.json", strerror(errno));
}

void event_presence(struct cycle *cycle)
{
    json_t *status = json_object(), *target;
    const char *name;
    json_object_foreach(json_object_get(cycle->state.root, "targets"), name, target)
        json_object_set(status, name, json_object_get(target, "status"));
    json_object_set_new(cycle->event, "presence", status);
}

int event_prepare(struct cycle *cycle)
{
    CLEANUP_FREE char *file = cycle_file(cycle->settings, "infrastructure.xml");
    json_t *history = json_object();
    static const char *const members[] = { "targets", "snapshots", "deployed", "survivors", "leftovers" };
    if (!file || !history || model_save(&cycle->model, file) != 0) {
        json_decref(history);
        return -1;
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(cycle->state.root, members[i]))
            json_object_set(history, members[i], json_object_get(cycle->state.root, members[i]));
    json_object_set_new(history, "accepted", presence_marked(cycle->state.root, "accepted"));
    json_object_set_new(history, "preferred", presence_marked(cycle->state.root, "preferred"));
    json_object_set_new(cycle->event, "history", json_deep_copy(history));
    json_decref(history);
    json_object_set_new(cycle->event, "infrastructureXml", json_string(file));
    json_object_set(cycle->event, "cycle", json_object_get(cycle->state.root, "cycle"));
    return 0;
}
