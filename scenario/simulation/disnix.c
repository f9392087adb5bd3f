/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/simulation/disnix.h"

#include <string.h>

#include <dydisnix/plugin.h>

#include "lib/base/cleanup.h"
#include "scenario/simulation/component.h"

/* Models to a manifest. */
struct making {
    struct simulation *simulation;
    const struct simulated_system *system;
    const struct infrastructure *infrastructure;
    struct manifest manifest;
    const char **keys; /* of the services, once they are known */
};

static size_t find_service(const struct simulated_system *system, const char *name)
{
    for (size_t i = 0; i < system->service_count; i++)
        if (strcmp(system->services[i].name, name) == 0)
            return i;
    simulated_broken("a service that is not in the model");
}

static bool is_placed(const struct making *making, const char *service, const char *target)
{
    for (size_t i = 0; i < making->system->place_count; i++)
        if (strcmp(making->system->places[i].service, service) == 0
            && strcmp(making->system->places[i].target, target) == 0)
            return true;
    return false;
}

/* The service that provides container on target; NULL: the target itself. */
static const struct simulated_service *provider_of(const struct making *making, const char *container,
                                                   const char *target)
{
    for (size_t i = 0; i < making->system->service_count; i++) {
        const struct simulated_service *service = &making->system->services[i];
        if (service->provides && strcmp(service->provides, container) == 0
            && is_placed(making, service->name, target))
            return service;
    }
    return NULL;
}

static const char *key_of(struct making *making, size_t index);

static void add_dependencies(struct making *making, const char *name, json_t *dependencies)
{
    size_t index = find_service(making->system, name);
    for (size_t i = 0; i < making->system->place_count; i++) {
        const struct simulated_place *place = &making->system->places[i];
        if (strcmp(place->service, name) == 0 && infrastructure_find(making->infrastructure, place->target))
            json_array_append_new(
                dependencies, json_pack("{ss ss ss}", "service", key_of(making, index), "container",
                                        making->system->services[index].container, "target", place->target));
    }
}

static void add_all_dependencies(struct making *making, const json_t *names, json_t *dependencies)
{
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)names, i, name)
        add_dependencies(making, json_string_value(name), dependencies);
}

static json_t *document_of(struct making *making, size_t index)
{
    const struct simulated_service *service = &making->system->services[index];
    json_t *dependencies = json_array();
    if (service->depends_on)
        add_dependencies(making, service->depends_on, dependencies);
    add_all_dependencies(making, service->dependencies, dependencies);
    for (size_t i = 0; i < making->system->service_count; i++)
        if (making->system->services[i].provides
            && strcmp(making->system->services[i].provides, service->container) == 0)
            add_dependencies(making, making->system->services[i].name, dependencies);
    return json_pack("{ss ss ss so}", "name", service->name, "type",
                     service->type ? service->type : service->container, "pkg",
                     simulation_package(making->simulation, service->package, service->nature), "dependsOn",
                     dependencies);
}

/* The same hash as the store's, of the same document as a reconstruction makes. */
static const char *key_of(struct making *making, size_t index)
{
    char hash[65];
    if (making->keys[index])
        return making->keys[index];
    CLEANUP_JSON json_t *document = document_of(making, index);
    CLEANUP_FREE char *text = simulated_memory(json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS));
    simulated_hash(text, hash);
    return making->keys[index] = strings_intern(making->simulation->strings, hash);
}

/* They borrow their texts from the list. */
static struct dependency *read_dependencies(const json_t *list)
{
    size_t count = json_array_size(list);
    struct dependency *dependencies = simulated_memory(calloc(count + 1, sizeof *dependencies));
    for (size_t i = 0; i < count; i++)
        json_unpack(json_array_get(list, i), "{ss ss ss}", "service", &dependencies[i].service, "container",
                    &dependencies[i].container, "target", &dependencies[i].target);
    return dependencies;
}

static void add_service(struct making *making, size_t index)
{
    const struct simulated_service *model = &making->system->services[index];
    CLEANUP_JSON json_t *document = document_of(making, index);
    const json_t *list = json_object_get(document, "dependsOn");
    CLEANUP_JSON json_t *connections = json_array();
    add_all_dependencies(making, model->connections, connections);
    CLEANUP_FREE struct dependency *dependencies = read_dependencies(list);
    CLEANUP_FREE struct dependency *connected = read_dependencies(connections);
    struct nix_attribute container = { .name = model->provides, .value = { .type = NIX_ATTRS } };
    const struct service service = {
        .key = key_of(making, index),
        .name = model->name,
        .pkg = simulation_package(making->simulation, model->package, model->nature),
        .type = model->type ? model->type : model->container,
        .depends_on = { dependencies, json_array_size(list) },
        .connects_to = { connected, json_array_size(connections) },
        .provides_containers = { .type = NIX_ATTRS,
                                 .children = &container,
                                 .count = model->provides ? 1 : 0 },
    };
    simulated_memory(manifest_add_service(&making->manifest, &service));
}

static void add_place(struct making *making, const struct simulated_place *place)
{
    size_t index = find_service(making->system, place->service);
    const struct simulated_service *service = &making->system->services[index];
    const struct simulated_service *provider = provider_of(making, service->container, place->target);
    const char *key = key_of(making, index);
    const char *provider_key = provider ? key_of(making, find_service(making->system, provider->name)) : NULL;
    simulated_memory(manifest_add_service_mapping(
        &making->manifest,
        &(struct service_mapping){ place->target, service->container, key, provider_key }));
    if (service->stateful)
        simulated_memory(manifest_add_snapshot_mapping(
            &making->manifest, &(struct snapshot_mapping){ place->target, service->container,
                                                           service->package, key, provider_key }));
}

/* Takes out every occurrence of part. */
static void cut(char *text, const char *part)
{
    size_t length = strlen(part);
    char *to = text;
    for (const char *from = text; *from;) {
        if (strncmp(from, part, length) == 0)
            from += length;
        else
            *to++ = *from++;
    }
    *to = '\0';
}

/* The text of a manifest, put into the store; with target as its profile manifest, which does not name its
 * own target. */
static const char *store_manifest(struct simulation *simulation, struct manifest *manifest,
                                  const char *target, const char *const *references, size_t count)
{
    CLEANUP_BUFFER xmlBufferPtr text = simulated_memory(manifest_write(manifest));
    const char *whole = (const char *)xmlBufferContent(text);
    if (!target)
        return simulation_store(simulation, "manifest.xml", whole, references, count);
    const char *begin = strstr(whole, "<manifest") + strlen("<manifest"), *end = strrchr(whole, '/');
    CLEANUP_FREE char *profile =
        simulated_memory(string_format("<profilemanifest%.*s/profilemanifest>\n", (int)(end - begin), begin));
    CLEANUP_FREE char *own = simulated_memory(string_format("<target>%s</target>", target));
    cut(profile, own);
    return simulation_store(simulation, target, profile, references, count);
}

/* The part of target of the whole manifest. */
static const char *make_profile(struct making *making, const char *target)
{
    const struct manifest *whole = &making->manifest;
    struct manifest part;
    CLEANUP_FREE const char **packages = simulated_memory(calloc(whole->service_count + 1, sizeof *packages));
    size_t count = 0;
    manifest_init(&part, making->simulation->strings);
    for (size_t i = 0; i < whole->service_count; i++) {
        bool here = false;
        for (size_t j = 0; j < whole->service_mapping_count; j++)
            here = here
                   || (strcmp(whole->service_mappings[j].target, target) == 0
                       && strcmp(whole->service_mappings[j].service, whole->services[i].key) == 0);
        if (here) {
            simulated_memory(manifest_add_service(&part, &whole->services[i]));
            packages[count++] = whole->services[i].pkg;
        }
    }
    for (size_t i = 0; i < whole->service_mapping_count; i++)
        if (strcmp(whole->service_mappings[i].target, target) == 0)
            simulated_memory(manifest_add_service_mapping(&part, &whole->service_mappings[i]));
    for (size_t i = 0; i < whole->snapshot_mapping_count; i++)
        if (strcmp(whole->snapshot_mappings[i].target, target) == 0)
            simulated_memory(manifest_add_snapshot_mapping(&part, &whole->snapshot_mappings[i]));
    const char *path = store_manifest(making->simulation, &part, target, packages, count);
    manifest_clear(&part);
    return path;
}

/* What is nowhere is not in a manifest, but for packages, which the user of a model may want all the same. */
static bool is_wanted(const struct making *making, size_t index)
{
    const struct simulated_service *service = &making->system->services[index];
    for (size_t i = 0; i < making->system->place_count; i++)
        if (strcmp(making->system->places[i].service, service->name) == 0
            && infrastructure_find(making->infrastructure, making->system->places[i].target))
            return true;
    return service->type && strcmp(service->type, "package") == 0;
}

const char *simulation_manifest(struct simulation *simulation, const struct simulated_system *system,
                                const struct infrastructure *infrastructure)
{
    struct making making = { .simulation = simulation, .system = system, .infrastructure = infrastructure };
    CLEANUP_FREE const char **profiles =
        simulated_memory(calloc(infrastructure->count + 1, sizeof *profiles));
    making.keys = simulated_memory(calloc(system->service_count + 1, sizeof *making.keys));
    manifest_init(&making.manifest, simulation->strings);
    for (size_t i = 0; i < system->service_count; i++)
        if (is_wanted(&making, i))
            add_service(&making, i);
    for (size_t i = 0; i < system->place_count; i++)
        if (infrastructure_find(infrastructure, system->places[i].target))
            add_place(&making, &system->places[i]);
    manifest_sort(&making.manifest);
    for (size_t i = 0; i < infrastructure->count; i++) {
        profiles[i] = make_profile(&making, infrastructure->targets[i].name);
        simulated_memory(
            manifest_add_profile(&making.manifest, infrastructure->targets[i].name, profiles[i]));
        if (manifest_add_target(&making.manifest, &infrastructure->targets[i]) != 0)
            simulated_broken("out of memory");
    }
    const char *path = store_manifest(simulation, &making.manifest, NULL, profiles, infrastructure->count);
    simulated_paths_add_closure(simulation, &simulation->paths, path);
    manifest_clear(&making.manifest);
    free(making.keys);
    return path;
}
