/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/manifest/manifest.h"

#include "lib/base/cleanup.h"

static char *identity(const char *target, const char *container, const char *service)
{
    return string_format("%s\n%s\n%s", target, container, service);
}

/* By identity of the service mapping: the component whose state it has. */
static json_t *components_of(const struct manifest *manifest)
{
    json_t *components = json_object();
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        CLEANUP_FREE char *key = identity(mapping->target, mapping->container, mapping->service);
        if (key)
            json_object_set_new(components, key, json_string(mapping->component));
    }
    return components;
}

json_t *manifest_running(const struct manifest *manifest)
{
    CLEANUP_JSON json_t *components = components_of(manifest);
    json_t *targets = json_object();
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        CLEANUP_FREE char *key = identity(mapping->target, mapping->container, mapping->service);
        if (!json_object_get(targets, mapping->target))
            json_object_set_new(targets, mapping->target, json_array());
        json_array_append_new(json_object_get(targets, mapping->target),
                              json_pack("{ss ss ss sO*}", "service",
                                        service ? service->name : mapping->service, "container",
                                        mapping->container, "key", mapping->service, "component",
                                        key ? json_object_get(components, key) : NULL));
    }
    return targets;
}
