/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/restore.h"

#include <stdlib.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/copies/homes.h"
#include "host/record/again.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/manifest/previous.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/state/dump.h"
#include "lib/world/operations.h"

#define OLDER "older" /* { SNAPSHOT: when its restoration was tried, see again.h } */

/* Once, though a cycle that was killed may have taken the same word. */
void restore_note(json_t *state, const char *snapshot)
{
    json_t *restores = json_object_get(state, "restores");
    if (!restores)
        json_object_set_new(state, "restores", restores = json_array());
    json_list_add(restores, snapshot);
}

void restore_note_older(json_t *state, const char *snapshot)
{
    again_note(json_object_at(state, OLDER), snapshot, true, 0, operations->clock());
}

int64_t restore_due(const json_t *state)
{
    json_t *older = json_object_get(state, OLDER), *entry;
    const char *snapshot;
    int64_t due = json_array_size(json_object_get(state, "restores")) > 0 ? 0 : -1;
    json_object_foreach(older, snapshot, entry) {
        const int64_t seconds = again_due(older, snapshot, operations->clock());
        due = due < 0 || seconds < due ? seconds : due;
    }
    return due;
}

/* One snapshot on its way back. */
struct restoring {
    const struct infrastructure *model;
    const struct manifest *manifest;
    const char *snapshot;
    const struct snapshot_mapping *mapping; /* where its component lives */
    const struct target *home;
    bool undeployed; /* its component belongs nowhere */
    json_t *entry;   /* of the report */
};

/* One call that takes these words at its end; its output, malloc()ed, NULL: it failed. */
static char *call(const struct restoring *restoring, const struct target *target, const char *operation,
                  const char *const *words)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    struct call *added = calls_add(&calls, target->name);
    if (!added)
        return NULL;
    client_arguments(&added->arguments, target, operation);
    if (!words)
        client_component_arguments(&added->arguments, target, restoring->mapping->container,
                                   manifest_find_service(restoring->manifest, restoring->mapping->service),
                                   restoring->mapping->provider ? manifest_find_service(
                                       restoring->manifest, restoring->mapping->provider)
                                                                : NULL);
    for (size_t i = 0; words && words[i]; i++)
        arguments_add(&added->arguments, words[i]);
    calls_run(&calls, call_deadline, false);
    char *output = calls.items[0].output;
    calls.items[0].output = NULL;
    return output;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The one target on which the component lives, or why there is none. */
static char *find_home(struct restoring *restoring)
{
    CLEANUP_FREE char *copy = strdup(restoring->snapshot);
    char *rest = copy, *container = strsep(&rest, "/"), *component = strsep(&rest, "/");
    const struct snapshot_mapping wanted = { .container = container, .component = component };
    struct homes all = { 0 };
    size_t count = 0;
    if (homes_list(&all, restoring->manifest) != 0)
        return string_format("out of memory");
    const struct homes homes = homes_of(&all, &wanted);
    restoring->undeployed = restoring->manifest && homes.count == 0;
    for (size_t i = 0; i < homes.count; i++) {
        const struct target *target = infrastructure_find(restoring->model, homes.items[i]->target);
        if (!target || !manifest_find_service(restoring->manifest, homes.items[i]->service))
            continue;
        restoring->mapping = homes.items[i];
        restoring->home = target;
        count++;
    }
    homes_clear(&all);
    if (count == 1)
        return NULL;
    return count == 0 ? string_format("%s in %s lives on no target of the model", component, container)
                      : string_format("%s in %s lives on %zu targets", component, container, count);
}

/* Who has the snapshot: its home, if it does, or another target. NULL: none. */
static const struct target *find_holder(const struct restoring *restoring)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    const struct target *holder = NULL;
    for (size_t i = 0; i < restoring->model->count; i++) {
        struct call *asked = calls_add(&calls, restoring->model->targets[i].name);
        if (!asked)
            return NULL;
        client_arguments(&asked->arguments, &restoring->model->targets[i], "--print-missing-snapshots");
        arguments_add(&asked->arguments, restoring->snapshot);
    }
    calls_run(&calls, ask_deadline, true);
    for (size_t i = 0; i < calls.count; i++)
        if (calls.items[i].done && !*calls.items[i].output
            && (!holder || &restoring->model->targets[i] == restoring->home))
            holder = &restoring->model->targets[i];
    return holder;
}

/* Where the target keeps it; malloc()ed, NULL: it does not tell. */
static char *resolve(const struct restoring *restoring, const struct target *target)
{
    char *path = call(restoring, target, "--resolve-snapshots", WORDS(restoring->snapshot));
    if (path && is_snapshot_path(path, restoring->snapshot))
        return path;
    free(path);
    return NULL;
}

/* A copy of the holder's snapshot on the coordinator, in the directory for the temporary files of the cycle,
 * with which it goes; malloc()ed. */
static char *fetch(const struct restoring *restoring, const struct target *holder)
{
    CLEANUP_FREE char *path = resolve(restoring, holder);
    CLEANUP_FREE char *output = path ? call(restoring, holder, "--export-snapshots", WORDS(path)) : NULL;
    const char *directory = output ? string_last_line(output) : NULL, *temporary = getenv("TMPDIR");
    CLEANUP_FREE char *inside = string_format("%s/", temporary && *temporary ? temporary : "/tmp");
    if (!directory || !inside || strncmp(directory, inside, strlen(inside)) != 0
        || !is_plain_name(directory + strlen(inside)) || !is_file_name(directory + strlen(inside)))
        return NULL;
    return string_format("%s%s", directory, strrchr(restoring->snapshot, '/'));
}

/* The coordinator's own copy; malloc()ed, NULL: there is none. */
static char *find_here(const struct restoring *restoring)
{
    const char *state = getenv("DYSNOMIA_STATEDIR");
    char *path = string_format("%s/snapshots/%s", state && *state ? state : "/var/state/dysnomia",
                               restoring->snapshot);
    if (path && operations->inspect(path, NULL) != DYDISNIX_ABSENT)
        return path;
    free(path);
    return NULL;
}

/* Makes it the newest snapshot of its home. */
static char *bring(const struct restoring *restoring)
{
    const struct target *holder = find_holder(restoring);
    CLEANUP_FREE char *path = NULL, *imported = NULL;
    if (holder == restoring->home)
        path = resolve(restoring, holder);
    else
        path = holder ? fetch(restoring, holder) : find_here(restoring);
    if (!path)
        return holder ? string_format("target %s does not give it out", holder->name)
                      : string_format("no target that answers has it, nor has the coordinator");
    imported = call(restoring, restoring->home, "--import-snapshots",
                    WORDS(holder == restoring->home ? "--remotefile" : "--localfile", "--container",
                          restoring->mapping->container, "--component", restoring->mapping->component, path));
    return imported ? NULL : string_format("target %s does not take it", restoring->home->name);
}

/* Saves what is there. */
static char *save(const struct restoring *restoring)
{
    CLEANUP_FREE char *done = call(restoring, restoring->home, "--snapshot", NULL);
    CLEANUP_FREE char *name = done ? call(restoring, restoring->home, "--query-latest-snapshot",
                                          WORDS("--container", restoring->mapping->container, "--component",
                                                restoring->mapping->component))
                                   : NULL;
    if (!name || !*name || is_empty_dump(name))
        return string_format("what lives on target %s cannot be saved", restoring->home->name);
    json_object_set_new(restoring->entry, "saved", json_string(name));
    return NULL;
}

static char *replace(const struct restoring *restoring)
{
    CLEANUP_FREE char *done = call(restoring, restoring->home, "--restore", NULL);
    return done ? NULL : string_format("it cannot be restored on target %s", restoring->home->name);
}

static void tell_restored(const struct restoring *restoring)
{
    log_notice(restoring->home->name, "%s in %s has the state of %s; what it had before is in %s",
               restoring->mapping->component, restoring->mapping->container, restoring->snapshot,
               json_string_value(json_object_get(restoring->entry, "saved")));
}

static bool restore_one(struct restoring *restoring)
{
    CLEANUP_FREE char *reason = find_home(restoring);
    if (!reason) {
        json_object_set_new(restoring->entry, "target", json_string(restoring->home->name));
        reason = save(restoring);
    }
    if (!reason)
        reason = bring(restoring);
    if (!reason)
        reason = replace(restoring);
    if (!reason) {
        tell_restored(restoring);
        return true;
    }
    log_error(restoring->home ? restoring->home->name : NULL, "the snapshot %s is not restored: %s",
              restoring->snapshot, reason);
    json_object_set_new(restoring->entry, "reason", json_string(reason));
    return false;
}

/* Whether both are of the same component. */
static bool same_component(const char *one, const char *other)
{
    const size_t length = (size_t)(strrchr(one, '/') - one) + 1;
    return strncmp(one, other, length) == 0 && !strchr(other + length, '/');
}

/* What an older disk has lost is brought back until that is done, or there is nothing to bring it to: whatever
 * its component was given since, an operator has said so. */
static void note_older(json_t *state, const struct restoring *restoring, bool done)
{
    json_t *older = json_object_get(state, OLDER), *entry;
    const char *snapshot;
    void *next;
    if (!done && !restoring->undeployed) {
        if (json_object_get(older, restoring->snapshot))
            again_note(older, restoring->snapshot, true, 10, operations->clock());
        return;
    }
    json_object_foreach_safe(older, next, snapshot, entry)
        if (same_component(restoring->snapshot, snapshot))
            json_object_del(older, snapshot);
}

/* Those of operators, and those of older disks for which it is time; a new reference. */
static json_t *list_due(const json_t *state)
{
    json_t *due = json_array(), *older = json_object_get(state, OLDER), *entry;
    const char *snapshot;
    json_object_foreach(older, snapshot, entry)
        if (again_due(older, snapshot, operations->clock()) == 0)
            json_list_add(due, snapshot);
    json_array_extend(due, json_object_get(state, "restores"));
    return due;
}

static int restore_all(const struct recovery *recovery, const struct infrastructure *model,
                       const struct manifest *manifest, json_t *report)
{
    struct state *state = recovery->state;
    CLEANUP_JSON json_t *snapshots = list_due(state->root);
    size_t index;
    json_t *snapshot;
    json_object_del(state->root, "restores");
    int status = state_save(state);
    json_array_foreach(snapshots, index, snapshot) {
        if (status != 0 || !json_is_string(snapshot))
            continue;
        if (!is_snapshot_name(json_string_value(snapshot))) {
            json_object_del(json_object_get(state->root, OLDER), json_string_value(snapshot));
            continue;
        }
        json_t *entry = json_pack("{sO}", "snapshot", snapshot);
        struct restoring restoring = {
            .model = model, .manifest = manifest, .snapshot = json_string_value(snapshot), .entry = entry
        };
        json_array_append_new(json_object_get(report, "restored"), entry);
        note_older(state->root, &restoring, restore_one(&restoring));
        status = state_save(state);
    }
    return status;
}

int restore(const struct recovery *recovery, const struct infrastructure *model, json_t **report)
{
    const struct settings *settings = recovery->settings;
    struct previous previous = { 0 };
    struct target_keys keys = { 0 };
    *report = json_pack("{s[]}", "restored");
    int status = target_keys_list(&keys, model);
    if (status == 0)
        status = previous_read(settings->coordinator_profile_path, settings->profile, NULL, recovery->strings,
                               &previous);
    if (status == 0)
        status = previous_name_targets(&previous, &keys);
    if (status == 0)
        status = restore_all(recovery, model, previous.known ? &previous.manifest : NULL, *report);
    previous_clear(&previous);
    target_keys_clear(&keys);
    return status;
}

int restore_arriving(const struct manifest *manifest, const struct snapshot_mapping *mapping,
                     const char *snapshot)
{
    const struct restoring restoring = { .model = &manifest->infrastructure,
                                         .manifest = manifest,
                                         .snapshot = snapshot,
                                         .mapping = mapping,
                                         .home = infrastructure_find(&manifest->infrastructure,
                                                                     mapping->target) };
    CLEANUP_FREE char *reason = bring(&restoring);
    if (!reason)
        reason = replace(&restoring);
    if (reason)
        log_error(mapping->target, "the snapshot %s is not restored: %s", snapshot, reason);
    return reason ? -1 : 0;
}
