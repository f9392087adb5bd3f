/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/reconstruct/aggregate.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/set.h"
#include "lib/base/switch.h"
#include "lib/world/operations.h"
#include "plugin/copies/copy.h"
#include "plugin/copies/disputes.h"

_Static_assert(offsetof(struct service_mapping, target) == 0
                   && offsetof(struct snapshot_mapping, target) == 0,
               "mappings are searched by their first member");

struct aggregation {
    const struct infrastructure *infrastructure;
    const struct capture *capture;
    const struct claims *claims;
    const struct copies *copies;
    const struct manifest *previous;
    const json_t *survivors;
    const struct options *options;
    struct manifest *manifest;
    json_t *report;
    struct set needed;  /* keys of services that the manifest's mappings need */
    struct set claimed; /* keys that targets hold */
    struct set mapped;  /* keys of the previous manifest's service mappings */
    struct set previous_mappings;
};

/* All manifests here are of one pool of texts. */
static int fill_mappings(struct set *set, const struct service_mapping *mappings, size_t count)
{
    int status = mapping_set_init(set, count);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = set_add(set, &mappings[i]);
    return status;
}

static int fill_sets(struct aggregation *aggregation)
{
    static const struct manifest nothing;
    const struct manifest *previous = aggregation->previous ? aggregation->previous : &nothing;
    const struct claims *claims = aggregation->claims;
    size_t count = previous->service_mapping_count;
    if (text_set_init(&aggregation->claimed, claims->count) != 0
        || text_set_init(&aggregation->mapped, count) != 0
        || fill_mappings(&aggregation->previous_mappings, previous->service_mappings, count) != 0)
        return -1;
    for (size_t i = 0; i < claims->count; i++)
        if (set_add(&aggregation->claimed, claims->items[i].service->key) != 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (set_add(&aggregation->mapped, previous->service_mappings[i].service) != 0)
            return -1;
    return 0;
}

static void clear_sets(struct aggregation *aggregation)
{
    set_clear(&aggregation->needed);
    set_clear(&aggregation->claimed);
    set_clear(&aggregation->mapped);
    set_clear(&aggregation->previous_mappings);
}

static int add_service_mappings(struct manifest *manifest, const struct service_mapping *mappings,
                                size_t count, const bool *dropped)
{
    for (size_t i = 0; i < count; i++)
        if (!(dropped && dropped[i]) && !manifest_share_service_mapping(manifest, &mappings[i]))
            return -1;
    return 0;
}

static int add_snapshot_mappings(struct manifest *manifest, const struct snapshot_mapping *mappings,
                                 size_t count, const bool *dropped)
{
    for (size_t i = 0; i < count; i++)
        if (!(dropped && dropped[i]) && !manifest_share_snapshot_mapping(manifest, &mappings[i]))
            return -1;
    return 0;
}

/* Whether the previous manifest has a target's present profile without one of its services: then that is not
 * active. Nor is one that could not be started again. */
static bool was_left_out(const struct aggregation *aggregation, const struct captured *captured, size_t index)
{
    const struct service_mapping *mapping = &captured->manifest.service_mappings[index];
    const struct service_mapping before = { captured->known_as, mapping->container, mapping->service, NULL };
    return SWITCH(LEFT_OUT)
           && ((captured->known_as && !set_find(&aggregation->previous_mappings, &before))
               || disputes_have_unstarted(aggregation->survivors, captured, mapping->container,
                                          mapping->service));
}

/* Marks what is left out of one captured target's mappings: what was so before, and is not decided about,
 * stays so. */
static void mark_dropped(const struct aggregation *aggregation, const struct captured *captured,
                         bool *services, bool *snapshots)
{
    const struct manifest *manifest = &captured->manifest;
    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        services[i] = was_left_out(aggregation, captured, i);
    for (const struct copy *copy = captured->copies; copy; copy = copy->next) {
        const struct service_mapping *mapping = manifest_find_service_mapping(
            manifest, copy->mapping->target, copy->mapping->container, copy->mapping->service);
        snapshots[copy->mapping - manifest->snapshot_mappings] = copy_drops_snapshot(copy);
        if (mapping)
            services[mapping - manifest->service_mappings] = copy_drops_service(copy, aggregation->options);
    }
}

static void report_inactive(const struct aggregation *aggregation, const struct captured *captured,
                            const bool *services)
{
    json_t *list = json_object_get(aggregation->report, "inactive");
    for (size_t i = 0; i < captured->manifest.service_mapping_count; i++) {
        const struct service_mapping *mapping = &captured->manifest.service_mappings[i];
        if (services[i])
            json_array_append_new(
                list, json_pack("{ss ss ss ss}", "target", mapping->target, "container", mapping->container,
                                "service", mapping->service, "name",
                                manifest_find_service(&captured->manifest, mapping->service)->name));
    }
}

static int add_captured(struct aggregation *aggregation, const struct captured *captured)
{
    struct manifest *manifest = aggregation->manifest;
    const struct manifest *own = &captured->manifest;
    CLEANUP_FREE bool *services = calloc(own->service_mapping_count + 1, sizeof *services);
    CLEANUP_FREE bool *snapshots = calloc(own->snapshot_mapping_count + 1, sizeof *snapshots);
    if (!services || !snapshots)
        return -1;
    mark_dropped(aggregation, captured, services, snapshots);
    report_inactive(aggregation, captured, services);
    if (manifest_add_target(manifest, captured->target) != 0
        || !manifest_add_profile(manifest, captured->target->name, captured->profile))
        return -1;
    if (add_service_mappings(manifest, own->service_mappings, own->service_mapping_count, services) != 0)
        return -1;
    return add_snapshot_mappings(manifest, own->snapshot_mappings, own->snapshot_mapping_count, snapshots);
}

struct range {
    size_t first, count;
};

/* The first of count sorted mappings whose target is not before name (after it, if beyond). Both kinds of
 * mapping begin with their target. */
static size_t target_bound(const char *mappings, size_t count, size_t size, const char *name, bool beyond)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(*(const char *const *)(const void *)(mappings + middle * size), name);
        if (order < 0 || (beyond && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct range target_range(const void *mappings, size_t count, size_t size, const char *name)
{
    size_t first = target_bound(mappings, count, size, name, false);
    return (struct range){ first, target_bound(mappings, count, size, name, true) - first };
}

/* What the previous manifest says of a target that gave no usable answer. Each version says of properties
 * what the other does not: where it changes, they are the model's. */
static int keep_target(struct aggregation *aggregation, const struct target *target)
{
    const struct manifest *previous = aggregation->previous;
    struct manifest *manifest = aggregation->manifest;
    bool alike = previous && previous->version == manifest->version;
    const struct target *known = alike ? infrastructure_find(&previous->infrastructure, target->name) : NULL;
    const char *field;
    if (known && target_objection(known, &field))
        known = NULL; /* with such an entry the whole manifest could not be used */
    if (manifest_add_target(manifest, known ? known : target) != 0)
        return -1;
    if (!previous)
        return 0;
    const struct profile *profile = manifest_find_profile(previous, target->name);
    if (profile && !manifest_add_profile(manifest, profile->target, profile->path))
        return -1;
    struct range range = target_range(previous->service_mappings, previous->service_mapping_count,
                                      sizeof *previous->service_mappings, target->name);
    if (range.count > 0
        && add_service_mappings(manifest, previous->service_mappings + range.first, range.count, NULL) != 0)
        return -1;
    range = target_range(previous->snapshot_mappings, previous->snapshot_mapping_count,
                         sizeof *previous->snapshot_mappings, target->name);
    if (range.count == 0)
        return 0;
    return add_snapshot_mappings(manifest, previous->snapshot_mappings + range.first, range.count, NULL);
}

static int add_target(struct aggregation *aggregation, const struct captured *captured)
{
    switch (captured->answer) {
    case ANSWER_CAPTURED: return add_captured(aggregation, captured);
    case ANSWER_EMPTY: return manifest_add_target(aggregation->manifest, captured->target);
    default:
        return aggregation->options->unreachable == UNREACHABLE_SKIP
                   ? 0
                   : keep_target(aggregation, captured->target);
    }
}

static int add_targets(struct aggregation *aggregation)
{
    for (size_t i = 0; i < aggregation->capture->count; i++) {
        const struct captured *captured = &aggregation->capture->targets[i];
        bool unusable = captured->answer == ANSWER_INVALID || captured->answer == ANSWER_SILENT;
        if (unusable && aggregation->options->unreachable == UNREACHABLE_FAIL) {
            log_error(captured->target->name, "is %s, and unreachable=fail", answer_name(captured->answer));
            return -1;
        }
        if (add_target(aggregation, captured) != 0)
            return -1;
    }
    manifest_sort(aggregation->manifest);
    return 0;
}

/* Of honest versions that differ in connectsTo or providesContainers: the previous manifest's, else the
 * first. */
static const struct service *choose_version(struct aggregation *aggregation, const struct claim *group,
                                            size_t count)
{
    const struct service *known =
        aggregation->previous ? manifest_find_service(aggregation->previous, group[0].service->key) : NULL;
    const struct service *chosen = group[0].service;
    bool differ = false;
    for (size_t i = count; i-- > 0;) {
        differ = differ || !services_rest_alike(group[0].service, group[i].service);
        if (known && services_rest_alike(known, group[i].service))
            chosen = group[i].service;
    }
    if (differ)
        json_array_append_new(json_object_get(aggregation->report, "divergent"),
                              json_pack("{ss ss}", "service", chosen->key, "name", chosen->name));
    return chosen;
}

static int need(struct set *needed, const char *service, const char *provider)
{
    return set_add(needed, service) != 0 || (provider && set_add(needed, provider) != 0) ? -1 : 0;
}

/* The keys of all services that the manifest's mappings need. */
static int find_needed(struct aggregation *aggregation)
{
    const struct manifest *manifest = aggregation->manifest;
    struct set *needed = &aggregation->needed;
    int status = text_set_init(needed, manifest->service_mapping_count);
    for (size_t i = 0; status == 0 && i < manifest->service_mapping_count; i++)
        status = need(needed, manifest->service_mappings[i].service, manifest->service_mappings[i].provider);
    for (size_t i = 0; status == 0 && i < manifest->snapshot_mapping_count; i++)
        status =
            need(needed, manifest->snapshot_mappings[i].service, manifest->snapshot_mappings[i].provider);
    return status;
}

/* Services of the previous manifest that no mapping names (of type package): no profile manifest holds them.
 * Version 1 has none. */
static int add_previous_services(struct aggregation *aggregation)
{
    const struct manifest *previous = aggregation->previous;
    for (size_t i = 0; i < previous->service_count; i++) {
        const struct service *service = &previous->services[i];
        bool unmapped = previous->version != 1 && !set_find(&aggregation->mapped, service->key);
        bool needed = set_find(&aggregation->needed, service->key);
        if ((!unmapped && !needed) || (needed && set_find(&aggregation->claimed, service->key)))
            continue;
        if (!manifest_share_service(aggregation->manifest, service))
            return -1;
    }
    return 0;
}

/* Where all state is deployed, packages have snapshot mappings too, and these are in no readable profile
 * manifest either. They stay as long as their target answers as before. */
static int add_previous_snapshots(struct aggregation *aggregation)
{
    const struct manifest *previous = aggregation->previous;
    for (size_t i = 0; i < aggregation->capture->count; i++) {
        const struct captured *captured = &aggregation->capture->targets[i];
        const char *name = captured->target->name;
        const struct profile *profile = manifest_find_profile(previous, name);
        if (captured->answer != ANSWER_CAPTURED || !profile || strcmp(profile->path, captured->profile) != 0)
            continue;
        struct range range = target_range(previous->snapshot_mappings, previous->snapshot_mapping_count,
                                          sizeof *previous->snapshot_mappings, name);
        for (size_t j = range.first; j < range.first + range.count; j++)
            if (!set_find(&aggregation->mapped, previous->snapshot_mappings[j].service)
                && manifest_find_service(previous, previous->snapshot_mappings[j].service)
                && !manifest_find_snapshot_mapping(&captured->manifest, name,
                                                   previous->snapshot_mappings[j].container,
                                                   previous->snapshot_mappings[j].component)
                && !manifest_add_snapshot_mapping(aggregation->manifest, &previous->snapshot_mappings[j]))
                return -1;
    }
    return 0;
}

static int add_of_previous(struct aggregation *aggregation)
{
    if (!aggregation->previous)
        return 0;
    return add_previous_services(aggregation) == 0 ? add_previous_snapshots(aggregation) : -1;
}

static int add_services(struct aggregation *aggregation)
{
    const struct claims *claims = aggregation->claims;
    if (find_needed(aggregation) != 0)
        return -1;
    for (size_t i = 0, count; i < claims->count; i += count) {
        count = claims_group(claims, i);
        if (set_find(&aggregation->needed, claims->items[i].service->key)
            && !manifest_share_service(aggregation->manifest,
                                       choose_version(aggregation, &claims->items[i], count)))
            return -1;
    }
    manifest_sort(aggregation->manifest);
    if (add_of_previous(aggregation) != 0)
        return -1;
    manifest_sort(aggregation->manifest);
    return 0;
}

static void report_dangling(struct aggregation *aggregation, const struct service *service,
                            const struct dependency *dependency, const char *kind)
{
    json_array_append_new(json_object_get(aggregation->report, "dangling"),
                          json_pack("{ss ss ss s{ss ss ss}}", "service", service->key, "name", service->name,
                                    "kind", kind, "dependency", "service", dependency->service, "container",
                                    dependency->container, "target", dependency->target));
}

static bool is_there(const struct set *mappings, const struct dependency *dependency)
{
    const struct service_mapping wanted = { dependency->target, dependency->container, dependency->service,
                                            NULL };
    return set_find(mappings, &wanted);
}

/* Leaves out dependencies on mappings that the manifest does not have: Disnix crashes when it rolls back over
 * one. The list is shared with others, that keep it. */
static int drop_dangling(struct aggregation *aggregation, const struct set *mappings,
                         const struct service *service, struct dependencies *dependencies, const char *kind)
{
    struct dependencies kept = { 0 };
    size_t first = 0;
    while (first < dependencies->count && is_there(mappings, &dependencies->items[first]))
        first++;
    if (first == dependencies->count)
        return 0;
    kept.items = strings_allocate(aggregation->manifest->strings, dependencies->count, sizeof *kept.items);
    if (!kept.items)
        return -1;
    for (size_t i = 0; i < dependencies->count; i++) {
        if (i < first || is_there(mappings, &dependencies->items[i]))
            kept.items[kept.count++] = dependencies->items[i];
        else
            report_dangling(aggregation, service, &dependencies->items[i], kind);
    }
    *dependencies = kept;
    return 0;
}

static int drop_all_dangling(struct aggregation *aggregation)
{
    struct manifest *manifest = aggregation->manifest;
    struct set mappings;
    int status = fill_mappings(&mappings, manifest->service_mappings, manifest->service_mapping_count);
    for (size_t i = 0; status == 0 && i < manifest->service_count; i++) {
        struct service *service = &manifest->services[i];
        if (drop_dangling(aggregation, &mappings, service, &service->depends_on, "dependsOn") != 0
            || drop_dangling(aggregation, &mappings, service, &service->connects_to, "connectsTo") != 0)
            status = -1;
    }
    set_clear(&mappings);
    return status;
}

int aggregate(const struct infrastructure *infrastructure, const struct capture *capture,
              const struct claims *claims, const struct copies *copies, const struct manifest *previous,
              const json_t *survivors, const struct options *options, struct manifest *manifest,
              json_t *report)
{
    struct aggregation aggregation = { .infrastructure = infrastructure,
                                       .capture = capture,
                                       .claims = claims,
                                       .copies = copies,
                                       .previous = previous,
                                       .survivors = survivors,
                                       .options = options,
                                       .manifest = manifest,
                                       .report = report };
    json_object_set_new(report, "inactive", json_array());
    json_object_set_new(report, "divergent", json_array());
    json_object_set_new(report, "dangling", json_array());
    int status = fill_sets(&aggregation) == 0 && add_targets(&aggregation) == 0
                         && add_services(&aggregation) == 0 && drop_all_dangling(&aggregation) == 0
                     ? 0
                     : -1;
    if (status != 0)
        log_error(NULL, "the manifest cannot be put together");
    clear_sets(&aggregation);
    return status;
}
