/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/older.h"

#include <stddef.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/copies/homes.h"
#include "host/copies/restore.h"
#include "host/copies/survivors.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/state/dump.h"
#include "lib/state/generations.h"
#include "lib/world/operations.h"

#define NEWEST "newest" /* { TARGET: { CONTAINER: { COMPONENT: its newest snapshot } } } */

static const char *recorded(const struct state *state, const struct snapshot_mapping *mapping)
{
    const json_t *containers = json_object_get(json_object_get(state->root, NEWEST), mapping->target);
    return json_string_value(
        json_object_get(json_object_get(containers, mapping->container), mapping->component));
}

static void record(struct state *state, const struct snapshot_mapping *mapping, const char *name)
{
    json_t *containers = json_object_at(json_object_at(state->root, NEWEST), mapping->target);
    json_object_set_new(json_object_at(containers, mapping->container), mapping->component,
                        json_string(name));
}

static int add_query(struct calls *calls, const struct infrastructure *model,
                     const struct snapshot_mapping *mapping, const char *query)
{
    struct call *call = calls_add(calls, mapping->target);
    if (!call)
        return -1;
    call->closure = (void *)mapping;
    client_arguments(&call->arguments, infrastructure_find(model, mapping->target), query);
    arguments_option(&call->arguments, "--container", mapping->container);
    arguments_option(&call->arguments, "--component", mapping->component);
    return 0;
}

/* One that is on a target of the model, alone, and of which nobody has to say which copy lives. */
static bool is_single(const struct state *state, const struct homes *homes,
                      const struct infrastructure *model)
{
    const struct snapshot_mapping *mapping = homes->items[0];
    return homes->count == 1 && infrastructure_find(model, mapping->target)
           && !survivors_doubt(state->root, mapping->container, mapping->component);
}

static bool names_have(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *end; *names; names = *end ? end + 1 : end) {
        end = names + strcspn(names, "\n");
        if ((size_t)(end - names) >= length && strncmp(end - length, name, length) == 0
            && (end - length == names || end[-(ptrdiff_t)length - 1] == '/'))
            return true;
    }
    return false;
}

/* Whether the target, with these snapshots, has lost the one that the coordinator got from it, but not all
 * from before that. */
static bool went_back(const char *names, const struct generations *generations, const char *newest)
{
    size_t place = generations->count;
    while (place > 0 && strcmp(generations->names[place - 1], newest) != 0)
        place--;
    for (size_t i = 0; i + 1 < place; i++)
        if (!names_have(names, newest) && names_have(names, generations->names[i]))
            return true;
    return false;
}

static void judge(struct state *state, const struct snapshot_mapping *mapping, const char *names)
{
    CLEANUP_GENERATIONS struct generations generations;
    const char *newest = recorded(state, mapping);
    if (generations_read(mapping->container, mapping->component, &generations) != 0
        || !went_back(names, &generations, newest) || !SWITCH(OLDER_DISK))
        return;
    CLEANUP_FREE char *snapshot = string_format("%s/%s/%s", mapping->container, mapping->component, newest);
    log_warning(mapping->target,
                "has an older disk, though it was never missed: of %s in %s it has lost the newest snapshot, "
                "which is restored",
                mapping->component, mapping->container);
    restore_note_older(state->root, snapshot);
}

/* Asks those whose newest snapshot is another one than before which ones they have. */
static int look_closer(struct state *state, const struct infrastructure *model, const struct calls *newest)
{
    CLEANUP_CALLS struct calls all = { 0 };
    for (size_t i = 0; i < newest->count; i++) {
        const struct call *call = &newest->items[i];
        const char *before = recorded(state, call->closure);
        if (call->done && before && strcmp(before, string_base_name(call->output)) != 0
            && add_query(&all, model, call->closure, "--query-all-snapshots") != 0)
            return -1;
    }
    calls_run(&all, call_deadline, true);
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].done)
            judge(state, all.items[i].closure, all.items[i].output);
    return 0;
}

int older_find(struct state *state, const struct manifest *manifest, const struct infrastructure *model)
{
    CLEANUP_CALLS struct calls newest = { 0 };
    struct homes all = { 0 };
    int status = homes_list(&all, manifest);
    for (size_t i = 0; status == 0 && i < all.count;) {
        const struct homes homes = homes_of(&all, all.items[i]);
        if (is_single(state, &homes, model))
            status = add_query(&newest, model, homes.items[0], "--query-latest-snapshot");
        i += homes.count;
    }
    calls_run(&newest, call_deadline, true);
    if (status == 0)
        status = look_closer(state, model, &newest);
    for (size_t i = 0; status == 0 && i < newest.count; i++) {
        const char *name = newest.items[i].done ? string_base_name(newest.items[i].output) : "";
        if (is_file_name(name) && !is_empty_dump(name))
            record(state, newest.items[i].closure, name);
    }
    homes_clear(&all);
    return status;
}
