/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/phases/late.h"

#include <stdlib.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/copies/homes.h"
#include "host/copies/survivors.h"
#include "host/record/recovery-report.h"
#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/state/dump.h"
#include "lib/state/portion.h"
#include "lib/world/operations.h"

/* What is done with a copy: saved, stopped and saved once more, or saved because Disnix is about to restore
 * over it. Of one on a target that does not answer nothing is. One that has had nothing but empty dumps may
 * be empty; one that moved away in a deployment may have nothing to save any more, for its state may have
 * been deleted since; one that an undo was to stop may run still. Whether there is one at all only its target
 * knows where nothing else tells of it. */
enum {
    SAVED = 1,
    STOPPED = 2,
    RESTORED = 4,
    SILENT = 8,
    MAY_BE_EMPTY = 16,
    MAY_BE_GONE = 32,
    UNSAVED = 64,
    UNSTOPPED = 128,
    UNKNOWN = 256
};

/* One component on a target, and all that its operations need. */
struct copy {
    const struct target *target;
    const struct manifest *manifest; /* the new one, or portion */
    const struct snapshot_mapping *mapping;
    struct manifest *portion; /* owned; NULL: it is of the new manifest */
    int what;                 /* 0: nothing */
};

struct copies {
    struct copy *items;
    size_t count;
    json_t *report; /* in whose "hung" targets stand that do not answer; NULL: that is told nowhere */
};

static void copies_clear(struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        if (copies->items[i].portion)
            manifest_clear(copies->items[i].portion);
        free(copies->items[i].portion);
    }
    free(copies->items);
    *copies = (struct copies){ 0 };
}

#define CLEANUP_COPIES __attribute__((cleanup(copies_clear)))

static struct copy *copies_add(struct copies *copies, const struct target *target)
{
    struct copy *grown = array_grow(copies->items, copies->count, sizeof *grown);
    if (!grown)
        return NULL;
    copies->items = grown;
    copies->items[copies->count] = (struct copy){ .target = target };
    return &copies->items[copies->count++];
}

/* One of the list "late" of a report or a record. */
static int copies_take(struct copies *copies, const json_t *entry, const struct infrastructure *model,
                       struct strings *strings)
{
    const char *name = text_at(entry, "target"), *component = text_at(entry, "component"),
               *container = text_at(entry, "container");
    const struct target *target = infrastructure_find(model, name);
    struct copy *copy = target ? copies_add(copies, target) : NULL;
    CLEANUP_FREE char *reason = NULL;
    if (!target)
        log_warning(name, "%s in %s is left alone, for the target has left the model", component, container);
    if (!target)
        return 0;
    struct manifest *portion = copy ? calloc(1, sizeof *portion) : NULL;
    if (portion
        && portion_read(text_at(entry, "service"), name, container, component, strings, portion, &reason)
               == 0) {
        *copy = (struct copy){ target, portion, &portion->snapshot_mappings[0], portion,
                               json_is_false(json_object_get(entry, "fence")) ? SAVED : STOPPED };
        return 0;
    }
    free(portion);
    log_error(name, "%s in %s cannot be stopped: %s", component, container,
              reason ? reason : "out of memory");
    return -1;
}

static int copies_read(struct copies *copies, const json_t *list, const struct infrastructure *model,
                       struct strings *strings)
{
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)list, index, entry)
        if (copies_take(copies, entry, model, strings) != 0)
            return -1;
    return 0;
}

static void copy_arguments(struct arguments *arguments, const struct copy *copy, const char *operation)
{
    const struct snapshot_mapping *mapping = copy->mapping;
    client_arguments(arguments, copy->target, operation);
    client_component_arguments(
        arguments, copy->target, mapping->container, manifest_find_service(copy->manifest, mapping->service),
        mapping->provider ? manifest_find_service(copy->manifest, mapping->provider) : NULL);
}

static void name_arguments(struct arguments *arguments, const struct copy *copy, const char *query)
{
    client_arguments(arguments, copy->target, query);
    arguments_option(arguments, "--container", copy->mapping->container);
    arguments_option(arguments, "--component", copy->mapping->component);
}

static const char latest[] = "--query-latest-snapshot", all[] = "--query-all-snapshots";

/* Where nothing was changed yet, the next deployments are tried without them. */
static void note_silent(const struct copies *copies, const struct calls *calls)
{
    for (size_t i = 0; copies->report && i < calls->count; i++) {
        if (!call_is_unanswered(&calls->items[i]))
            continue;
        if (!json_object_get(copies->report, "hung"))
            json_object_set_new(copies->report, "hung", json_array());
        json_list_add(json_object_get(copies->report, "hung"), calls->items[i].target);
    }
}

/* The calls of an operation, or one of these queries, for those copies with which one of what is done, in
 * their order. -1: no memory. */
static int run_calls(const struct copies *copies, int what, const char *operation, struct calls *calls)
{
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        struct call *call = copy->what & what ? calls_add(calls, copy->target->name) : NULL;
        if (!(copy->what & what))
            continue;
        if (!call)
            return -1;
        call->closure = copy;
        if (operation == latest || operation == all)
            name_arguments(&call->arguments, copy, operation);
        else
            copy_arguments(&call->arguments, copy, operation);
    }
    calls_run(calls, operation == latest || operation == all ? ask_deadline : call_deadline, false);
    note_silent(copies, calls);
    return 0;
}

/* Saves their state. What is empty is not saved. */
static int rescue(const struct copies *copies, int what, json_t *report)
{
    CLEANUP_CALLS struct calls snapshots = { 0 }, names = { 0 };
    int status = 0;
    if (run_calls(copies, what, "--snapshot", &snapshots) != 0
        || run_calls(copies, what, latest, &names) != 0)
        return -1;
    if (snapshots.count > 0 && !json_object_get(report, "rescued"))
        json_object_set_new(report, "rescued", json_array());
    for (size_t i = 0; i < snapshots.count; i++) {
        struct copy *copy = snapshots.items[i].closure;
        const struct snapshot_mapping *mapping = copy->mapping;
        const char *name = names.items[i].done ? names.items[i].output : "";
        if (snapshots.items[i].done && *name && (!is_empty_dump(name) || copy->what & MAY_BE_EMPTY)) {
            if (!is_empty_dump(name))
                recovery_report_rescued(report, mapping->target, mapping->component, mapping->container,
                                        name);
            continue;
        }
        if (copy->what & MAY_BE_GONE) {
            log_warning(mapping->target,
                        "%s in %s is not saved before newer state comes: it cannot be, or has none",
                        mapping->component, mapping->container);
            continue;
        }
        log_error(mapping->target,
                  copy->what & UNKNOWN
                      ? "it is not known whether there is state of %s in %s here, and none can be "
                        "saved, so nothing is deployed"
                      : "%s in %s cannot be saved, so nothing is deployed",
                  mapping->component, mapping->container);
        copy->what |= UNSAVED;
        status = -1;
    }
    return status;
}

static int stop(const struct copies *copies)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    int status = run_calls(copies, STOPPED, "--deactivate", &calls);
    for (size_t i = 0; i < calls.count; i++) {
        const struct snapshot_mapping *mapping = ((struct copy *)calls.items[i].closure)->mapping;
        if (calls.items[i].done) {
            log_notice(mapping->target, "%s in %s stops, for it is to have newer state", mapping->component,
                       mapping->container);
            continue;
        }
        log_error(mapping->target, "%s in %s cannot be stopped, so nothing is deployed", mapping->component,
                  mapping->container);
        status = -1;
    }
    return status;
}

/* What is older than what it is to have is stopped only now, when all else that can fail has succeeded. */
static int stop_old(const struct late *late)
{
    CLEANUP_COPIES struct copies copies = { .report = late->report };
    const json_t *list = json_object_get(late->reconstructed, "late");
    if (copies_read(&copies, list, &late->new->infrastructure, late->recovery->strings) != 0)
        return -1;
    if (copies.count == 0)
        return 0;
    if (rescue(&copies, SAVED | STOPPED, late->report) != 0)
        return -1;
    json_object_set_new(json_object_get(late->recovery->state->root, "deployment"), "late",
                        json_deep_copy(list));
    if (state_save(late->recovery->state) != 0 || stop(&copies) != 0)
        return -1;
    return rescue(&copies, STOPPED, late->report);
}

/* Whether who provides the container of a component in the new manifest is there already. */
static bool is_provided(const struct late *late, const struct snapshot_mapping *mapping)
{
    const struct service *provider =
        mapping->provider ? manifest_find_service(late->new, mapping->provider) : NULL;
    const struct manifest *previous = late->previous;
    for (size_t i = 0; provider && previous && i < previous->service_mapping_count; i++) {
        const struct service_mapping *running = &previous->service_mappings[i];
        const struct service *service = manifest_find_service(previous, running->service);
        if (service && strcmp(service->name, provider->name) == 0
            && strcmp(running->target, mapping->target) == 0)
            return true;
    }
    return !mapping->provider;
}

static bool are_empty_dumps(char *names)
{
    for (char *rest = names, *name; (name = strsep(&rest, "\n"));)
        if (*name && !is_empty_dump(name))
            return false;
    return true;
}

/* Whether it was stopped for another one: where a fence does not really stop it, only a snapshot tells of
 * later writes. */
static bool was_stopped(const struct late *late, const struct snapshot_mapping *mapping)
{
    static const char *const members[] = { "disputed", "fenced" };
    const json_t *survivors = json_object_get(late->recovery->state->root, "survivors");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *containers = json_object_get(json_object_get(survivors, members[i]), mapping->target);
        if (json_object_get(json_object_get(containers, mapping->container), mapping->component))
            return true;
    }
    return false;
}

/* Those that have had snapshots. */
static int look_at_snapshots(const struct late *late, const struct copies *copies)
{
    CLEANUP_CALLS struct calls names = { 0 };
    if (run_calls(copies, RESTORED, all, &names) != 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct copy *copy = names.items[i].closure;
        const bool stopped = was_stopped(late, copy->mapping) || copy->what & UNSTOPPED;
        if (!names.items[i].done) {
            copy->what |= stopped ? 0 : UNKNOWN;
            continue;
        }
        if (!*names.items[i].output && !stopped)
            copy->what = 0;
        else if (!*names.items[i].output || !stopped)
            copy->what |= MAY_BE_GONE;
        else if (are_empty_dumps(names.items[i].output))
            copy->what |= MAY_BE_EMPTY;
    }
    return 0;
}

static bool is_stop_of(const json_t *call, const struct snapshot_mapping *mapping)
{
    return strcmp(text_at(call, "what"), "deactivate") == 0
           && strcmp(text_at(call, "component"), mapping->component) == 0
           && strcmp(text_at(call, "container"), mapping->container) == 0;
}

/* Whether an undo was to stop it there and could not, for its target hung: until then clients may write to
 * it. forget: it is stopped now. */
static bool is_to_be_stopped(const struct late *late, const struct snapshot_mapping *mapping, bool forget)
{
    size_t index, i;
    json_t *entry, *call;
    json_array_foreach(json_object_get(late->recovery->state->root, "leftovers"), index, entry) {
        json_t *calls = json_object_get(entry, "calls");
        json_array_foreach(calls, i, call) {
            if (strcmp(text_at(entry, "target"), mapping->target) != 0 || !is_stop_of(call, mapping))
                continue;
            if (forget)
                json_array_remove(calls, i);
            return true;
        }
    }
    return false;
}

/* Those that Disnix will restore over something. */
static int list_restored(const struct late *late, struct copies *copies)
{
    for (size_t i = 0; i < late->new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &late->new->snapshot_mappings[i];
        const struct target *target = infrastructure_find(&late->new->infrastructure, mapping->target);
        if (!target || !manifest_find_service(late->new, mapping->service)
            || (late->previous
                && manifest_find_snapshot_mapping(late->previous, mapping->target, mapping->container,
                                                  mapping->component))
            || !is_provided(late, mapping))
            continue;
        struct copy *copy = copies_add(copies, target);
        if (!copy)
            return -1;
        *copy = (struct copy){ target, late->new, mapping, NULL,
                               RESTORED | (is_to_be_stopped(late, mapping, false) ? UNSTOPPED : 0) };
    }
    return look_at_snapshots(late, copies);
}

/* One that does not stop may not run; who hangs is asked again by a later deployment. */
static int stop_unstopped(const struct late *late, const struct copies *copies)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    int status = run_calls(copies, UNSTOPPED, "--deactivate", &calls);
    for (size_t i = 0; i < calls.count; i++) {
        const struct call *call = &calls.items[i];
        const struct snapshot_mapping *mapping = ((struct copy *)call->closure)->mapping;
        if (call->done)
            is_to_be_stopped(late, mapping, true);
        else
            log_warning(mapping->target, "%s in %s cannot be stopped before newer state comes",
                        mapping->component, mapping->container);
        if (call->hung)
            status = -1;
    }
    return status;
}

static bool is_known(const struct late *late, const struct copy *copy)
{
    const struct recovery *recovery = late->recovery;
    return !(copy->what & UNKNOWN) || homes_were(recovery->settings, copy->mapping, recovery->strings);
}

/* What may have been written to since it was saved last, and is lost with the restore. What cannot be saved
 * is in dispute from now on: it stays as it is until it can, and all else is deployed. Where nobody knows of a
 * copy there is none to be in dispute: its target is asked again. */
static int save_restored(const struct late *late)
{
    CLEANUP_COPIES struct copies copies = { .report = late->report };
    if (late->recovery->settings->no_migration || !SWITCH(SAVE_RESTORED))
        return 0;
    if (list_restored(late, &copies) != 0)
        return -1;
    int status = rescue(&copies, RESTORED, late->report);
    if (status == 0 && stop_unstopped(late, &copies) != 0)
        return -1;
    if (status == 0)
        status = rescue(&copies, UNSTOPPED, late->report);
    for (size_t i = 0; i < copies.count; i++)
        if (copies.items[i].what & UNSAVED && is_known(late, &copies.items[i]))
            survivors_unsaved(late->recovery->state->root, late->new, copies.items[i].mapping);
    return status;
}

/* Those that run again; the next reconstruction decides on the others, and must not take them for active. */
static void start_again(const struct unfinished *unfinished, const struct copies *copies)
{
    CLEANUP_CALLS struct calls calls = { 0 };
    run_calls(copies, STOPPED, "--activate", &calls);
    for (size_t i = 0; i < calls.count; i++) {
        struct copy *copy = calls.items[i].closure;
        if (calls.items[i].done)
            log_notice(copy->target->name, "%s in %s runs again", copy->mapping->component,
                       copy->mapping->container);
        copy->what = calls.items[i].done ? 0 : STOPPED;
    }
    for (size_t i = 0; i < copies->count; i++) {
        const struct snapshot_mapping *mapping = copies->items[i].mapping;
        if (copies->items[i].what == 0)
            continue;
        log_warning(mapping->target, "%s in %s does not run again yet", mapping->component,
                    mapping->container);
        survivors_stopped(unfinished->recovery->state->root, mapping->target, mapping->container,
                          mapping->component);
    }
}

/* What the next undo does not stop again need not be started twice. */
static void forget_started(const struct unfinished *unfinished, bool undone)
{
    json_t *deployment = json_object_get(unfinished->recovery->state->root, "deployment");
    json_t *list = json_object_get(deployment, "late");
    for (size_t i = json_array_size(list); i-- > 0;) {
        const json_t *entry = json_array_get(list, i);
        if (undone
            || !manifest_find_snapshot_mapping(&unfinished->new, text_at(entry, "target"),
                                               text_at(entry, "container"), text_at(entry, "component")))
            json_array_remove(list, i);
    }
    if (json_array_size(list) == 0)
        json_object_del(deployment, "late");
}

int late_undo(const struct unfinished *unfinished, const json_t *record, bool undone)
{
    CLEANUP_COPIES struct copies copies = { 0 };
    if (copies_read(&copies, json_object_get(record, "late"), &unfinished->new.infrastructure,
                    unfinished->recovery->strings)
        != 0)
        return -1;
    for (size_t i = 0; i < copies.count; i++)
        if (copies.items[i].what != STOPPED)
            copies.items[i].what = 0;
        else if (!unfinished_answers(unfinished, copies.items[i].target->name))
            copies.items[i].what = SILENT;
    for (size_t i = 0; i < copies.count; i++)
        if (copies.items[i].what != 0)
            survivors_older(unfinished->recovery->state->root, copies.items[i].mapping->target,
                            copies.items[i].mapping->container, copies.items[i].mapping->component);
    start_again(unfinished, &copies);
    forget_started(unfinished, undone);
    return state_save(unfinished->recovery->state);
}

int late_begin(const struct late *late)
{
    return stop_old(late) == 0 ? save_restored(late) : -1;
}

int64_t late_left(const struct late *late)
{
    int64_t left = late->until - operations->now();
    return late->until == 0 ? 0 : left > 1000 ? left : 1000;
}

struct slow late_slow(const struct late *late)
{
    return (struct slow){ late->recovery, late->previous, late->new };
}
