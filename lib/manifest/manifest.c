/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/set.h"
#include "lib/base/strings.h"
#include "lib/manifest/parts.h"
#include "lib/model/xml.h"

void manifest_init(struct manifest *manifest, struct strings *strings)
{
    *manifest = (struct manifest){ .strings = strings, .version = 2 };
}

void service_clear(struct service *service)
{
    free(service->depends_on.items);
    free(service->connects_to.items);
    nix_value_clear(&service->provides_containers);
    *service = (struct service){ .provides_containers = { .type = NIX_ATTRS } };
}

void manifest_clear(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->service_count; i++)
        nix_value_clear(&manifest->services[i].provides_containers);
    free(manifest->services);
    free(manifest->profiles);
    free(manifest->service_mappings);
    free(manifest->snapshot_mappings);
    infrastructure_clear(&manifest->infrastructure);
    manifest_init(manifest, manifest->strings);
}

struct profile *manifest_add_profile(struct manifest *manifest, const char *target, const char *path)
{
    struct profile *profiles = array_grow(manifest->profiles, manifest->profile_count, sizeof *profiles),
                   *profile;

    if (!profiles)
        return NULL;
    manifest->profiles = profiles;
    profile = &profiles[manifest->profile_count];
    profile->target = strings_intern(manifest->strings, target);
    profile->path = strings_intern(manifest->strings, path);
    if (!profile->target || !profile->path)
        return NULL;
    manifest->profile_count++;
    return profile;
}

/* Replaces a text that may be absent by the pool's. */
static bool intern(struct strings *strings, const char **text)
{
    if (*text)
        *text = strings_intern(strings, *text);
    else
        return true;
    return *text != NULL;
}

static int copy_dependencies(struct strings *strings, struct dependencies *to,
                             const struct dependencies *from)
{
    *to = (struct dependencies){ 0 };
    if (!from->count)
        return 0;
    to->items = strings_allocate(strings, from->count, sizeof *to->items);
    if (!to->items)
        return -1;
    memcpy(to->items, from->items, from->count * sizeof *to->items);
    to->count = from->count;
    return 0;
}

static bool intern_dependencies(struct strings *strings, struct dependencies *dependencies)
{
    for (size_t i = 0; i < dependencies->count; i++) {
        struct dependency *item = &dependencies->items[i];

        if (!intern(strings, &item->service) || !intern(strings, &item->container)
            || !intern(strings, &item->target))
            return false;
    }
    return true;
}

struct service *manifest_add_service(struct manifest *manifest, const struct service *service)
{
    struct strings *strings = manifest->strings;
    struct service own = *service;

    if (copy_dependencies(strings, &own.depends_on, &service->depends_on)
        || copy_dependencies(strings, &own.connects_to, &service->connects_to) || !intern(strings, &own.key)
        || !intern(strings, &own.name) || !intern(strings, &own.pkg) || !intern(strings, &own.type)
        || !intern_dependencies(strings, &own.depends_on) || !intern_dependencies(strings, &own.connects_to))
        return NULL;
    return manifest_share_service(manifest, &own);
}

struct service *manifest_share_service(struct manifest *manifest, const struct service *service)
{
    struct service *services = array_grow(manifest->services, manifest->service_count, sizeof *services),
                   *added;

    if (!services)
        return NULL;
    manifest->services = services;
    added = &services[manifest->service_count];
    *added = *service;
    if (nix_value_copy(&added->provides_containers, &service->provides_containers))
        return NULL;
    manifest->service_count++;
    return added;
}

int manifest_take_service(struct manifest *manifest, struct service *service)
{
    struct service *services = array_grow(manifest->services, manifest->service_count, sizeof *services);
    struct service own = *service;

    if (!services)
        return -1;
    manifest->services = services;
    if (copy_dependencies(manifest->strings, &own.depends_on, &service->depends_on)
        || copy_dependencies(manifest->strings, &own.connects_to, &service->connects_to))
        return -1;
    services[manifest->service_count++] = own;
    service->provides_containers = (struct nix_value){ .type = NIX_ATTRS };
    service_clear(service);
    return 0;
}

struct service_mapping *manifest_add_service_mapping(struct manifest *manifest,
                                                     const struct service_mapping *mapping)
{
    struct service_mapping own = *mapping;

    if (!intern(manifest->strings, &own.target) || !intern(manifest->strings, &own.container)
        || !intern(manifest->strings, &own.service) || !intern(manifest->strings, &own.provider))
        return NULL;
    return manifest_share_service_mapping(manifest, &own);
}

struct service_mapping *manifest_share_service_mapping(struct manifest *manifest,
                                                       const struct service_mapping *mapping)
{
    struct service_mapping *mappings =
        array_grow(manifest->service_mappings, manifest->service_mapping_count, sizeof *mappings);

    if (!mappings)
        return NULL;
    manifest->service_mappings = mappings;
    mappings[manifest->service_mapping_count] = *mapping;
    return &mappings[manifest->service_mapping_count++];
}

struct snapshot_mapping *manifest_add_snapshot_mapping(struct manifest *manifest,
                                                       const struct snapshot_mapping *mapping)
{
    struct snapshot_mapping own = *mapping;

    if (!intern(manifest->strings, &own.target) || !intern(manifest->strings, &own.container)
        || !intern(manifest->strings, &own.component) || !intern(manifest->strings, &own.service)
        || !intern(manifest->strings, &own.provider))
        return NULL;
    return manifest_share_snapshot_mapping(manifest, &own);
}

struct snapshot_mapping *manifest_share_snapshot_mapping(struct manifest *manifest,
                                                         const struct snapshot_mapping *mapping)
{
    struct snapshot_mapping *mappings =
        array_grow(manifest->snapshot_mappings, manifest->snapshot_mapping_count, sizeof *mappings);

    if (!mappings)
        return NULL;
    manifest->snapshot_mappings = mappings;
    mappings[manifest->snapshot_mapping_count] = *mapping;
    return &mappings[manifest->snapshot_mapping_count++];
}

int manifest_add_target(struct manifest *manifest, const struct target *target)
{
    struct infrastructure *infrastructure = &manifest->infrastructure;
    struct target *targets = array_grow(infrastructure->targets, infrastructure->count, sizeof *targets),
                  *added;

    if (!targets)
        return -1;
    infrastructure->targets = targets;
    added = &targets[infrastructure->count];
    if (target_copy(added, target) < 0)
        return -1;
    infrastructure->count++;
    if (manifest->version == 1)
        return target_flatten(added, manifest->strings);
    nix_value_drop_untyped(&added->properties, target->name, "properties");
    nix_value_drop_untyped(&added->containers, target->name, "containers");
    return 0;
}

/* Pointers of one pool are equal when the texts are. */
int service_mapping_order(const struct service_mapping *a, const struct service_mapping *b)
{
    int order = string_order(a->target, b->target);

    if (!order)
        order = string_order(a->container, b->container);
    return order ? order : string_order(a->service, b->service);
}

int snapshot_mapping_order(const struct snapshot_mapping *a, const struct snapshot_mapping *b)
{
    int order = string_order(a->target, b->target);

    if (!order)
        order = string_order(a->container, b->container);
    return order ? order : string_order(a->component, b->component);
}

static int compare_profiles(const void *a, const void *b)
{
    return string_order(((const struct profile *)a)->target, ((const struct profile *)b)->target);
}

static int compare_services(const void *a, const void *b)
{
    return string_order(((const struct service *)a)->key, ((const struct service *)b)->key);
}

static int compare_service_mappings(const void *a, const void *b)
{
    return service_mapping_order(a, b);
}

static int compare_snapshot_mappings(const void *a, const void *b)
{
    return snapshot_mapping_order(a, b);
}

static void sort(void *array, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    for (size_t i = 1; i < count; i++)
        if (compare((char *)array + (i - 1) * size, (char *)array + i * size) > 0) {
            qsort(array, count, size, compare);
            return;
        }
}

void manifest_sort(struct manifest *manifest)
{
    sort(manifest->profiles, manifest->profile_count, sizeof *manifest->profiles, compare_profiles);
    sort(manifest->services, manifest->service_count, sizeof *manifest->services, compare_services);
    sort(manifest->service_mappings, manifest->service_mapping_count, sizeof *manifest->service_mappings,
         compare_service_mappings);
    sort(manifest->snapshot_mappings, manifest->snapshot_mapping_count, sizeof *manifest->snapshot_mappings,
         compare_snapshot_mappings);
    infrastructure_sort(&manifest->infrastructure);
}

static const void *find_sorted(const void *wanted, const void *array, size_t count, size_t size,
                               int (*compare)(const void *, const void *))
{
    return count ? bsearch(wanted, array, count, size, compare) : NULL;
}

const struct profile *manifest_find_profile(const struct manifest *manifest, const char *target)
{
    const struct profile wanted = { .target = target };

    return find_sorted(&wanted, manifest->profiles, manifest->profile_count, sizeof wanted, compare_profiles);
}

const struct service *manifest_find_service(const struct manifest *manifest, const char *key)
{
    const struct service wanted = { .key = key };

    return find_sorted(&wanted, manifest->services, manifest->service_count, sizeof wanted, compare_services);
}

const struct service_mapping *manifest_find_service_mapping(const struct manifest *manifest,
                                                            const char *target, const char *container,
                                                            const char *service)
{
    const struct service_mapping wanted = { .target = target, .container = container, .service = service };

    return find_sorted(&wanted, manifest->service_mappings, manifest->service_mapping_count, sizeof wanted,
                       compare_service_mappings);
}

const struct snapshot_mapping *manifest_find_snapshot_mapping(const struct manifest *manifest,
                                                              const char *target, const char *container,
                                                              const char *component)
{
    const struct snapshot_mapping wanted = { .target = target,
                                             .container = container,
                                             .component = component };

    return find_sorted(&wanted, manifest->snapshot_mappings, manifest->snapshot_mapping_count, sizeof wanted,
                       compare_snapshot_mappings);
}

static bool dependencies_equal(const struct dependencies *a, const struct dependencies *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (string_order(a->items[i].service, b->items[i].service)
            || string_order(a->items[i].container, b->items[i].container)
            || string_order(a->items[i].target, b->items[i].target))
            return false;
    return true;
}

bool service_equal(const struct service *a, const struct service *b)
{
    return !string_order(a->key, b->key) && !string_order(a->name, b->name) && !string_order(a->pkg, b->pkg)
           && !string_order(a->type, b->type) && dependencies_equal(&a->depends_on, &b->depends_on)
           && dependencies_equal(&a->connects_to, &b->connects_to)
           && !nix_value_compare(&a->provides_containers, &b->provides_containers);
}

bool profile_equal(const struct profile *a, const struct profile *b)
{
    return !string_order(a->target, b->target) && !string_order(a->path, b->path);
}

bool service_mapping_equal(const struct service_mapping *a, const struct service_mapping *b)
{
    return !service_mapping_order(a, b) && !string_order(a->provider, b->provider);
}

bool snapshot_mapping_equal(const struct snapshot_mapping *a, const struct snapshot_mapping *b)
{
    return !snapshot_mapping_order(a, b) && !string_order(a->service, b->service)
           && !string_order(a->provider, b->provider);
}

/* What mappings may name, to be found by address. */
struct names {
    struct set services, targets;
};

static int names_list(struct names *names, const struct manifest *manifest)
{
    const struct infrastructure *infrastructure = &manifest->infrastructure;

    if (text_set_init(&names->services, manifest->service_count)
        || text_set_init(&names->targets, infrastructure->count))
        return -1;
    for (size_t i = 0; i < manifest->service_count; i++)
        if (set_add(&names->services, manifest->services[i].key))
            return -1;
    for (size_t i = 0; i < infrastructure->count; i++)
        if (set_add(&names->targets, infrastructure->targets[i].name))
            return -1;
    return 0;
}

static int check_mapping(const struct names *names, const char *kind, const char *service, const char *target,
                         char **reason)
{
    if (!set_find(&names->services, service))
        return reason_set(reason, "manifest", "a %s mapping on target %s names the unknown service %s", kind,
                          target, service);
    if (!set_find(&names->targets, target))
        return reason_set(reason, "manifest", "a %s mapping of service %s names the unknown target %s", kind,
                          service, target);
    return 0;
}

static int check_mappings(const struct names *names, const struct manifest *manifest, char **reason)
{
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];

        if (check_mapping(names, "service", mapping->service, mapping->target, reason))
            return -1;
    }
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];

        if (check_mapping(names, "snapshot", mapping->service, mapping->target, reason))
            return -1;
    }
    return 0;
}

int manifest_check(const struct manifest *manifest, char **reason)
{
    struct names names = { 0 };
    const char *field, *objection;
    int outcome;

    *reason = NULL;
    for (size_t i = 0; i < manifest->infrastructure.count; i++) {
        const struct target *target = &manifest->infrastructure.targets[i];

        objection = target_objection(target, &field);
        if (objection)
            return reason_set(reason, "manifest", "target %s: %s: %s", target->name, field, objection);
    }
    outcome = names_list(&names, manifest);
    if (outcome)
        reason_set(reason, "manifest", "not enough memory");
    else
        outcome = check_mappings(&names, manifest, reason);
    set_clear(&names.services);
    set_clear(&names.targets);
    return outcome;
}
