/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What version 1 says in another way than version 2.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/manifest/parts.h"
#include "lib/model/paths.h"

static int compare_services_1(const void *a, const void *b)
{
    return strcmp(((const struct service *)a)->key, ((const struct service *)b)->key);
}

static int compare_places(const void *a, const void *b)
{
    return service_mapping_order(a, b);
}

int manifest_1_unite_services(struct manifest *manifest, const char *source, char **reason)
{
    size_t kept = 0;

    if (manifest->service_count)
        qsort(manifest->services, manifest->service_count, sizeof *manifest->services, compare_services_1);
    if (manifest->service_mapping_count)
        qsort(manifest->service_mappings, manifest->service_mapping_count, sizeof *manifest->service_mappings,
              compare_places);
    for (size_t i = 0; i < manifest->service_count; i++) {
        struct service *service = &manifest->services[i], *last = kept ? &manifest->services[kept - 1] : NULL;

        if (!last || strcmp(last->key, service->key)) {
            manifest->services[kept++] = *service;
            if (kept - 1 < i)
                *service = (struct service){ .provides_containers = { .type = NIX_ATTRS } };
            continue;
        }
        if (!service_equal(last, service))
            return reason_set(reason, source, "service %s (%s): what is said of it differs", service->key,
                              service->name);
        nix_value_clear(&service->provides_containers);
    }
    manifest->service_count = kept;
    return 0;
}

static int compare_packages(const void *a, const void *b)
{
    const struct service *one = *(const struct service *const *)a, *other = *(const struct service *const *)b;
    int order = strcmp(one->pkg, other->pkg);

    return order ? order : strcmp(one->key, other->key);
}

/* The first of the services, sorted by package and key, that has the package. */
static size_t package_first(const struct service *const *services, size_t count, const char *pkg)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(services[middle]->pkg, pkg) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of several services that fit, one that is mapped in the same place is the one, else the first by key. */
static const char *key_of(const struct manifest *manifest, const struct service *const *services,
                          size_t count, const struct snapshot_mapping *snapshot, const char *type)
{
    const char *pkg = snapshot->service, *key = NULL;

    for (size_t i = package_first(services, count, pkg); i < count && !strcmp(services[i]->pkg, pkg); i++) {
        if (type && strcmp(services[i]->type, type))
            continue;
        if (manifest_find_service_mapping(manifest, snapshot->target, snapshot->container, services[i]->key))
            return services[i]->key;
        key = key ? key : services[i]->key;
    }
    return key;
}

static int compare_snapshots(const void *a, const void *b)
{
    const struct snapshot_mapping *one = a, *other = b;
    int order = snapshot_mapping_order(one, other);

    return order ? order : strcmp(one->service, other->service);
}

/* One of each; two packages that claim one component are told from each other later, and refused. */
static void unite_snapshots(struct manifest *manifest)
{
    struct snapshot_mapping *mappings = manifest->snapshot_mappings;
    size_t kept = 0;

    if (manifest->snapshot_mapping_count)
        qsort(mappings, manifest->snapshot_mapping_count, sizeof *mappings, compare_snapshots);
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        if (!kept || compare_snapshots(&mappings[kept - 1], &mappings[i]))
            mappings[kept++] = mappings[i];
    manifest->snapshot_mapping_count = kept;
}

/* first: the number of services that were read; those behind them were added here. */
static const char *add_unmapped(struct manifest *manifest, size_t first,
                                const struct snapshot_mapping *snapshot, const char *type)
{
    const struct service service = { .key = snapshot->service,
                                     .name = snapshot->component,
                                     .pkg = snapshot->service,
                                     .type = type ? type : "",
                                     .provides_containers = { .type = NIX_ATTRS } };

    const struct service *added;

    for (size_t i = first; i < manifest->service_count; i++)
        if (!strcmp(manifest->services[i].key, service.key))
            return manifest->services[i].key;
    added = manifest_add_service(manifest, &service);
    return added ? added->key : NULL;
}

int manifest_1_join_snapshots(struct manifest *manifest, const char *const *types, const char *source,
                              char **reason)
{
    size_t count = manifest->service_count;
    CLEANUP_FREE const char **keys = calloc(manifest->snapshot_mapping_count + 1, sizeof *keys);
    CLEANUP_FREE const struct service **services = calloc(count + 1, sizeof *services);

    if (!keys || !services)
        return reason_set(reason, source, "not enough memory");
    for (size_t i = 0; i < count; i++)
        services[i] = &manifest->services[i];
    qsort(services, count, sizeof *services, compare_packages);
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        keys[i] = key_of(manifest, services, count, &manifest->snapshot_mappings[i], types ? types[i] : NULL);
    /* Services may move in memory from here on. */
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        struct snapshot_mapping *snapshot = &manifest->snapshot_mappings[i];

        snapshot->service =
            keys[i] ? keys[i] : add_unmapped(manifest, count, snapshot, types ? types[i] : NULL);
        if (!snapshot->service)
            return reason_set(reason, source, "not enough memory");
    }
    unite_snapshots(manifest);
    manifest_sort(manifest);
    return 0;
}

/* Calls each() for every text that names a target. */
static int each_target(struct manifest *manifest, int (*each)(const char **name, void *closure),
                       void *closure)
{
    int outcome = 0;

    for (size_t i = 0; !outcome && i < manifest->profile_count; i++)
        outcome = each(&manifest->profiles[i].target, closure);
    for (size_t i = 0; !outcome && i < manifest->service_count; i++)
        for (size_t j = 0; !outcome && j < manifest->services[i].depends_on.count; j++)
            outcome = each(&manifest->services[i].depends_on.items[j].target, closure);
    for (size_t i = 0; !outcome && i < manifest->service_mapping_count; i++)
        outcome = each(&manifest->service_mappings[i].target, closure);
    for (size_t i = 0; !outcome && i < manifest->snapshot_mapping_count; i++)
        outcome = each(&manifest->snapshot_mappings[i].target, closure);
    for (size_t i = 0; !outcome && i < manifest->infrastructure.count; i++)
        outcome = each(&manifest->infrastructure.targets[i].name, closure);
    return outcome;
}

struct naming {
    const struct target_keys *keys;
    struct strings *strings;
    const char *shared;
};

static int give_name(const char **name, void *closure)
{
    const struct naming *naming = closure;

    *name = target_keys_name(naming->keys, *name, naming->strings);
    return *name ? 0 : -1;
}

int manifest_name_targets(struct manifest *manifest, const struct target_keys *keys)
{
    struct naming naming = { .keys = keys, .strings = manifest->strings };

    if (manifest->version != 1)
        return 0;
    if (each_target(manifest, give_name, &naming))
        return -1;
    manifest_sort(manifest);
    return 0;
}

static int find_shared(const char **name, void *closure)
{
    struct naming *naming = closure;

    if (!target_keys_shared(naming->keys, *name))
        return 0;
    naming->shared = *name;
    return 1;
}

const char *manifest_shared_key(const struct manifest *manifest, const struct target_keys *keys)
{
    struct naming naming = { .keys = keys };

    if (manifest->version == 1)
        each_target((struct manifest *)manifest, find_shared, &naming); /* it changes nothing */
    return naming.shared;
}

/* What version 1 has no place for in a service. NULL: nothing. */
static const char *untellable(const struct service *service, const char *provider)
{
    return service->connects_to.count           ? "connectsTo"
           : service->provides_containers.count ? "providesContainers"
           : provider                           ? "containerProvidedByService"
                                                : NULL;
}

static int check_place(const struct manifest *manifest, const char *key, const char *target,
                       const char *provider, char **reason)
{
    const struct service *service = manifest_find_service(manifest, key);
    const char *what = service ? untellable(service, provider) : NULL;

    return what ? reason_set(reason, "manifest version 1",
                             "it cannot tell the %s of service %s (%s) on target %s", what, service->name,
                             key, target)
                : 0;
}

/* A service that is in no place, as one of type package. */
static int check_services(const struct manifest *manifest, char **reason)
{
    size_t count = 0;
    CLEANUP_FREE const char **keys =
        calloc(manifest->service_mapping_count + manifest->snapshot_mapping_count + 1, sizeof *keys);

    if (!keys)
        return reason_set(reason, "manifest version 1", "not enough memory");
    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        keys[count++] = manifest->service_mappings[i].service;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        keys[count++] = manifest->snapshot_mappings[i].service;
    qsort(keys, count, sizeof *keys, string_compare);
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];

        if (!bsearch(&service->key, keys, count, sizeof *keys, string_compare))
            return reason_set(reason, "manifest version 1",
                              "it cannot tell service %s (%s) of type %s, which is mapped to no target",
                              service->name, service->key, service->type);
    }
    return 0;
}

static int check_keys(const struct manifest *manifest, char **reason)
{
    struct target_keys keys;
    int outcome = 0;

    if (target_keys_list(&keys, &manifest->infrastructure))
        return reason_set(reason, "manifest version 1", "not enough memory");
    for (size_t i = 0; !outcome && i < manifest->infrastructure.count; i++) {
        const struct target *target = &manifest->infrastructure.targets[i];
        const char *key = target_connection_key(target);

        if (!key)
            outcome = reason_set(reason, "manifest version 1",
                                 "it cannot tell the connection key of target %s", target->name);
        else if (target_keys_shared(&keys, key))
            outcome =
                reason_set(reason, "manifest version 1",
                           "it knows targets by connection key, and target %s has that of another one, %s",
                           target->name, key);
    }
    target_keys_clear(&keys);
    return outcome;
}

int manifest_check_version_1(const struct manifest *manifest, char **reason)
{
    *reason = NULL;
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];

        if (check_place(manifest, mapping->service, mapping->target, mapping->provider, reason))
            return -1;
    }
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];

        if (check_place(manifest, mapping->service, mapping->target, mapping->provider, reason))
            return -1;
    }
    return check_services(manifest, reason) ? -1 : check_keys(manifest, reason);
}
