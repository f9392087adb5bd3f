/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Back to the previous deployment. Where it is not known what disnix-activate has done, that is done again
 * which may be done twice: what is new is stopped, what is old is started, each by one call, so that it is
 * known of each whether it went well.
 */
#include "host/unfinished/settle.h"

#include <stdlib.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/copies/survivors.h"
#include "host/unfinished/leftovers.h"
#include "lib/base/cleanup.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

enum { LEVELS_MOST = 1000 }; /* of dependencies that are kept in order */

/* Service mappings of one manifest that are to be started or stopped. */
struct change {
    const struct unfinished *unfinished;
    const struct manifest *manifest;
    const char *operation;
    bool starts;
    unsigned *levels; /* of each mapping; 0: it stays as it is. What it depends on has a lower one */
};

/* Whether Disnix has done so itself: what is to be stopped once more may never have been active. */
static bool went_back(const struct change *change)
{
    return change->unfinished->activation == ACTIVATION_ROLLED_BACK;
}

static bool has(const struct manifest *manifest, const struct service_mapping *mapping)
{
    return manifest
           && manifest_find_service_mapping(manifest, mapping->target, mapping->container, mapping->service);
}

/* The place of a dependency among the mappings; SIZE_MAX: nowhere. */
static size_t place_of(const struct manifest *manifest, const struct dependency *dependency)
{
    const struct service_mapping *mapping = manifest_find_service_mapping(
        manifest, dependency->target, dependency->container, dependency->service);
    return mapping ? (size_t)(mapping - manifest->service_mappings) : SIZE_MAX;
}

static const struct service *service_of(const struct manifest *manifest,
                                        const struct service_mapping *mapping)
{
    return manifest_find_service(manifest, mapping->service);
}

/* Whether the service, as one of the manifests has it, depends on something that is changed. */
static bool depends_on_change(const struct change *old, const struct manifest *new,
                              const struct service *service)
{
    for (size_t i = 0; service && i < service->depends_on.count; i++) {
        size_t place = place_of(old->manifest, &service->depends_on.items[i]);
        if (place != SIZE_MAX ? old->levels[place] > 0
                              : place_of(new, &service->depends_on.items[i]) != SIZE_MAX)
            return true;
    }
    return false;
}

/* Disnix stops what depends on something that it stops, also where both manifests have it. */
static void mark_dependents(const struct change *old, const struct manifest *new)
{
    bool more = true;
    for (unsigned pass = 0; more && pass < LEVELS_MOST; pass++) {
        more = false;
        for (size_t i = 0; i < old->manifest->service_mapping_count; i++) {
            const struct service_mapping *mapping = &old->manifest->service_mappings[i];
            if (old->levels[i] > 0
                || !(depends_on_change(old, new, service_of(old->manifest, mapping))
                     || depends_on_change(old, new, service_of(new, mapping))))
                continue;
            old->levels[i] = 1;
            more = true;
        }
    }
}

static unsigned highest_level(const struct change *change)
{
    unsigned highest = 0;
    for (size_t i = 0; i < change->manifest->service_mapping_count; i++)
        if (change->levels[i] > highest)
            highest = change->levels[i];
    return highest;
}

static void order(const struct change *change)
{
    const struct manifest *manifest = change->manifest;
    bool more = true;
    for (unsigned pass = 0; more && pass < LEVELS_MOST; pass++) {
        more = false;
        for (size_t i = 0; i < manifest->service_mapping_count; i++) {
            const struct service *service = service_of(manifest, &manifest->service_mappings[i]);
            for (size_t k = 0; change->levels[i] > 0 && service && k < service->depends_on.count; k++) {
                size_t place = place_of(manifest, &service->depends_on.items[k]);
                if (place == SIZE_MAX || change->levels[place] < change->levels[i]
                    || change->levels[place] >= LEVELS_MOST)
                    continue;
                change->levels[i] = change->levels[place] + 1;
                more = true;
            }
        }
    }
}

static void component_arguments(const struct change *change, const struct service_mapping *mapping,
                                struct arguments *arguments)
{
    const struct target *target = unfinished_target(change->unfinished, mapping->target);
    recovery_component_arguments(arguments, target, change->operation, change->manifest, mapping->container,
                                 mapping->service, mapping->provider);
}

static void leave(const struct change *change, const struct service_mapping *mapping)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    component_arguments(change, mapping, &arguments);
    leftovers_leave(
        change->unfinished, unfinished_target(change->unfinished, mapping->target),
        &(struct leftover){ .what = change->starts ? "activate" : "deactivate",
                            .component = store_path_name(service_of(change->manifest, mapping)->pkg),
                            .container = mapping->container,
                            .service = mapping->service,
                            .arguments = &arguments });
}

/* What cannot be started again may run all the same. The next manifest does not have it, so that the next
 * deployment starts it where it is wanted; where it is not, nothing else would stop it. */
static void note_unstarted(const struct change *change, const struct service_mapping *mapping)
{
    const struct unfinished *unfinished = change->unfinished;
    const struct target *target = unfinished_target(unfinished, mapping->target);
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    survivors_unstarted(unfinished->recovery->state->root, mapping->target, mapping->container,
                        mapping->service, store_path_name(service_of(change->manifest, mapping)->pkg));
    recovery_component_arguments(&arguments, target, "--deactivate", change->manifest, mapping->container,
                                 mapping->service, mapping->provider);
    leftovers_leave(unfinished, target,
                    &(struct leftover){ .what = "deactivate if unwanted", .arguments = &arguments });
}

/* Those of a level on targets that have come to be silent. */
static void leave_silent(const struct change *change, const struct service_mapping **level, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (level[i] && !unfinished_answers(change->unfinished, level[i]->target)) {
            leave(change, level[i]);
            level[i] = NULL;
        }
}

/* The next ones of a level, one on each target that answers; NULL in place of those that are begun. How many
 * there are. */
static size_t add_calls(const struct change *change, const struct service_mapping **level, size_t count,
                        struct calls *calls)
{
    CLEANUP_JSON json_t *busy = json_object();
    for (size_t i = 0; i < count; i++) {
        const struct service_mapping *mapping = level[i];
        bool waits = !mapping || json_object_get(busy, mapping->target)
                     || !unfinished_answers(change->unfinished, mapping->target);
        struct call *call = waits ? NULL : calls_add(calls, mapping->target);
        if (!call)
            continue;
        json_object_set_new(busy, mapping->target, json_true());
        component_arguments(change, mapping, &call->arguments);
        call->closure = (void *)mapping;
        level[i] = NULL;
    }
    return calls->count;
}

static bool is_stateful(const struct manifest *manifest, const struct service_mapping *mapping)
{
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *other = &manifest->snapshot_mappings[i];
        if (strcmp(other->target, mapping->target) == 0 && strcmp(other->container, mapping->container) == 0
            && strcmp(other->service, mapping->service) == 0)
            return true;
    }
    return false;
}

/* That an old one cannot be started is no reason not to go on: the next deployment starts it. That a new one
 * with state cannot be stopped is: it would be live twice. */
static bool take_results(const struct change *change, const struct calls *calls)
{
    bool done = true;
    for (size_t i = 0; i < calls->count; i++) {
        const struct service_mapping *mapping = calls->items[i].closure;
        const struct service *service = service_of(change->manifest, mapping);
        const char *name = service ? service->name : mapping->service;
        if (calls->items[i].done && change->starts)
            survivors_started(change->unfinished->recovery->state->root, mapping->target, mapping->container,
                              mapping->service);
        if (calls->items[i].done)
            continue;
        if (!unfinished_answers(change->unfinished, mapping->target)) {
            leave(change, mapping);
            continue;
        }
        if (went_back(change))
            continue;
        if (change->starts || !is_stateful(change->manifest, mapping)) {
            log_warning(mapping->target, "%s in %s cannot be %s", name, mapping->container,
                        change->starts ? "activated again" : "deactivated");
            if (change->starts)
                note_unstarted(change, mapping);
            continue;
        }
        log_error(mapping->target,
                  "%s in %s cannot be deactivated, and would be live twice, so nothing is deployed", name,
                  mapping->container);
        done = false;
    }
    return done;
}

/* What is interrupted is done again in the next cycle. */
static int run_level(const struct change *change, const struct service_mapping **level, size_t count)
{
    CLEANUP_FREE char *running = recovery_path(change->unfinished->recovery, RUNNING);
    bool done = running != NULL, more = done;
    while (more) {
        CLEANUP_CALLS struct calls calls = { .running = running };
        leave_silent(change, level, count);
        more = add_calls(change, level, count, &calls) > 0;
        if (change->starts || went_back(change))
            calls_run(&calls, call_deadline, false);
        else
            calls_stop(&calls);
        unfinished_note_hung(change->unfinished, &calls);
        done = take_results(change, &calls) && done && !*change->unfinished->recovery->stop;
    }
    return done ? 0 : -1;
}

/* The mappings of a level that can be changed now; others are left to when they can, or to whom they belong
 * to. */
static size_t list_level(const struct change *change, unsigned number, const struct service_mapping **level)
{
    size_t count = 0;
    for (size_t i = 0; i < change->manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &change->manifest->service_mappings[i];
        if (change->levels[i] != number || !service_of(change->manifest, mapping)
            || !unfinished_target(change->unfinished, mapping->target))
            continue;
        if (!unfinished_answers(change->unfinished, mapping->target))
            leave(change, mapping);
        else if (unfinished_is_ours(change->unfinished, mapping->target))
            level[count++] = mapping;
    }
    return count;
}

static int run_change(const struct change *change)
{
    CLEANUP_FREE const struct service_mapping **level =
        calloc(change->manifest->service_mapping_count + 1, sizeof *level);
    int status = level ? 0 : -1;
    order(change);
    unsigned highest = highest_level(change);
    for (unsigned i = 1; level && i <= highest; i++) {
        size_t count = list_level(change, change->starts ? i : highest + 1 - i, level);
        if (run_level(change, level, count) != 0)
            status = -1;
    }
    return status;
}

/* Starts or stops the mappings of manifest that other has not. */
static int change_services(const struct unfinished *unfinished, const struct manifest *manifest,
                           const struct manifest *other, bool starts)
{
    CLEANUP_FREE unsigned *levels = calloc(manifest->service_mapping_count + 1, sizeof *levels);
    const struct change change = { unfinished, manifest, starts ? "--activate" : "--deactivate", starts,
                                   levels };
    if (!levels)
        return -1;
    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        levels[i] = !has(other, &manifest->service_mappings[i]);
    if (starts)
        mark_dependents(&change, other);
    int status = run_change(&change);
    return status == 0 && !starts ? unfinished_rescue(unfinished, true) : status;
}

int unfinished_undo(const struct unfinished *unfinished)
{
    int status = 0;
    log_notice(NULL, "Undoing the last deployment...");
    if (unfinished->activation != ACTIVATION_OLD_LOST)
        status = change_services(unfinished, &unfinished->new, unfinished->old, false);
    if (status == 0 && unfinished->old)
        status = change_services(unfinished, unfinished->old, &unfinished->new, true);
    if (status == 0)
        json_object_set_new(unfinished->report, "action", json_string("undone"));
    return status;
}

/* Of what was to be stopped, or of that what has state, where that can be asked for now. What is started, and
 * cannot be yet, is left to when it can. */
static size_t list_obsolete(const struct change *change, const struct service_mapping **list)
{
    const struct unfinished *unfinished = change->unfinished;
    size_t count = 0;
    for (size_t i = 0; i < change->manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &change->manifest->service_mappings[i];
        if (has(&unfinished->new, mapping) || !(change->starts || is_stateful(change->manifest, mapping))
            || !service_of(change->manifest, mapping) || !unfinished_target(unfinished, mapping->target))
            continue;
        if (unfinished_answers(unfinished, mapping->target)) {
            if (unfinished_is_ours(unfinished, mapping->target))
                list[count++] = mapping;
        } else if (change->starts) {
            leave(change, mapping);
        }
    }
    return count;
}

static void call_obsolete(const struct unfinished *unfinished, const char *operation, bool starts)
{
    const struct change change = {
        .unfinished = unfinished, .manifest = unfinished->old, .operation = operation, .starts = starts
    };
    CLEANUP_FREE const struct service_mapping **list =
        calloc(unfinished->old->service_mapping_count + 1, sizeof *list);
    CLEANUP_FREE char *running = recovery_path(unfinished->recovery, RUNNING);
    size_t count = list && running ? list_obsolete(&change, list) : 0;
    for (bool more = count > 0; more;) {
        CLEANUP_CALLS struct calls calls = { .running = running };
        more = add_calls(&change, list, count, &calls) > 0;
        calls_run(&calls, call_deadline, true);
        unfinished_note_hung(unfinished, &calls);
        for (size_t i = 0; starts && i < calls.count; i++)
            if (!calls.items[i].done && !unfinished_answers(unfinished, calls.items[i].target))
                leave(&change, calls.items[i].closure);
        if (starts)
            leave_silent(&change, list, count);
    }
}

int unfinished_go_back_again(const struct unfinished *unfinished)
{
    if (unfinished->previous_lost)
        return 0;
    int status = change_services(unfinished, &unfinished->new, unfinished->old, false);
    if (unfinished->old) {
        call_obsolete(unfinished, "--snapshot", false);
        call_obsolete(unfinished, "--activate", true);
    }
    return status;
}
