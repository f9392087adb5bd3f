/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cycle/outage.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/manifest/previous.h"
#include "lib/model/target-keys.h"
#include "lib/world/operations.h"

static bool is_here(const json_t *state, const char *name)
{
    const json_t *target = json_object_get(json_object_get(state, "targets"), name);
    return target && !json_object_get(target, "missing");
}

static bool all_are_here(const json_t *state)
{
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(state, "effective"), index, name)
        if (!json_is_string(name) || !is_here(state, json_string_value(name)))
            return false;
    return true;
}

/* By name: a service that is on several targets is down when it is on none of them. */
static json_t *services_up(const json_t *state, const struct manifest *manifest)
{
    json_t *services = json_object();
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        const char *name = service ? service->name : mapping->service;
        if (is_here(state, mapping->target))
            json_object_set_new(services, name, json_true());
        else if (!json_object_get(services, name))
            json_object_set_new(services, name, json_false());
    }
    return services;
}

/* Those that were down before are down since then. */
static json_t *services_down(const json_t *services, const json_t *before, int64_t now)
{
    json_t *down = json_object(), *up;
    const char *name;
    json_object_foreach((json_t *)services, name, up) {
        json_t *since = json_object_get(before, name);
        if (json_is_false(up))
            json_object_set_new(down, name, json_is_integer(since) ? json_incref(since) : json_integer(now));
    }
    return down;
}

static json_t *components_of(const struct manifest *manifest)
{
    json_t *components = json_object();
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        json_object_set_new(json_object_at(components, mapping->container), mapping->component, json_true());
    }
    return components;
}

static int read_deployed(const struct cycle *cycle, const char *path, struct manifest *manifest)
{
    CLEANUP_FREE char *reason = NULL;
    struct target_keys keys = { 0 };
    int status = manifest_read(path, cycle->strings, manifest, &reason) == MANIFEST_READ ? 0 : -1;
    if (status == 0 && manifest->version == 1)
        status = target_keys_list(&keys, &cycle->model.infrastructure) == 0
                     ? manifest_name_targets(manifest, &keys)
                     : -1;
    target_keys_clear(&keys);
    return status;
}

void outage_note(struct cycle *cycle)
{
    json_t *state = cycle->state.root, *known = json_object_get(state, "services");
    json_t *before = json_object_get(known, "down");
    const char *deployed = json_string_value(json_object_get(state, "deployed"));
    struct manifest manifest;
    if (!deployed
        || (text_at_is(known, "manifest", deployed) && json_object_size(before) == 0 && all_are_here(state)))
        return;
    manifest_init(&manifest, cycle->strings);
    if (read_deployed(cycle, deployed, &manifest) == 0) {
        json_t *services = services_up(state, &manifest);
        json_object_set_new(state, "services",
                            json_pack("{ss sI so so}", "manifest", deployed, "count",
                                      (json_int_t)json_object_size(services), "down",
                                      services_down(services, before, operations->clock()), "components",
                                      components_of(&manifest)));
        json_decref(services);
    }
    manifest_clear(&manifest);
}
