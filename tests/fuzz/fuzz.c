/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fuzz.h"

void require_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

static void drop_message(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    CLEANUP_FREE char *message = NULL;

    (void)level, (void)target;
    REQUIRE(vasprintf(&message, format, arguments) >= 0);
}

const struct dydisnix_operations no_operations = { .size = sizeof no_operations, .log = drop_message };

void require_reason(char *reason, const char *source)
{
    REQUIRE(reason);
    REQUIRE(is_plain_name(reason));
    REQUIRE(!strncmp(reason, source, strlen(source)) && !strncmp(reason + strlen(source), ": ", 2));
    free(reason);
}

void require_value(const struct nix_value *value, bool typed)
{
    REQUIRE(!typed || value->type != NIX_UNTYPED);
    REQUIRE(value->type == NIX_LIST || value->type == NIX_ATTRS ? !value->text
                                                                : value->text && !value->count);
    for (size_t i = 0; i < value->count; i++) {
        REQUIRE((value->type == NIX_ATTRS) == (value->children[i].name != NULL));
        REQUIRE(value->type == NIX_LIST || !i
                || strcmp(value->children[i - 1].name, value->children[i].name) < 0);
        require_value(&value->children[i].value, typed);
    }
}

void require_target(const struct target *target, bool checked)
{
    const char *field;

    REQUIRE(is_plain_name(target->name) && !strpbrk(target->name, " \t\n\v\f\r"));
    REQUIRE(target->system && target->number_of_cores && target->client_interface && target->target_property);
    REQUIRE(target->properties.type == NIX_ATTRS && target->containers.type == NIX_ATTRS);
    require_value(&target->properties, !checked);
    require_value(&target->containers, !checked);
    for (size_t i = 0; i < target->containers.count; i++)
        REQUIRE(target->containers.children[i].value.type == NIX_ATTRS
                && is_plain_name(target->containers.children[i].name));
    if (!checked)
        return;
    REQUIRE(!target_objection(target, &field));
    REQUIRE(is_connection_key(target_connection_key(target)));
    REQUIRE(is_plain_name(target->system) && is_plain_name(target->client_interface));
}

static void require_dependencies(const struct dependencies *dependencies)
{
    for (size_t i = 0; i < dependencies->count; i++)
        REQUIRE(is_plain_name(dependencies->items[i].service)
                && is_plain_name(dependencies->items[i].container)
                && is_plain_name(dependencies->items[i].target));
}

static void require_services(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];

        REQUIRE(!i || strcmp(service[-1].key, service->key) < 0);
        REQUIRE(is_plain_name(service->key) && is_store_path(service->pkg));
        REQUIRE(!*service->name || is_plain_name(service->name));
        REQUIRE(!*service->type || is_plain_name(service->type));
        require_dependencies(&service->depends_on);
        require_dependencies(&service->connects_to);
        REQUIRE(service->provides_containers.type == NIX_ATTRS);
        require_value(&service->provides_containers, true);
        REQUIRE(manifest_find_service(manifest, service->key) == service);
    }
}

static void require_service_mappings(const struct manifest *manifest, const char *own_target)
{
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];

        REQUIRE(!i || service_mapping_order(mapping - 1, mapping) < 0);
        REQUIRE(is_plain_name(mapping->service) && is_plain_name(mapping->container)
                && is_plain_name(mapping->target)
                && (!mapping->provider || is_plain_name(mapping->provider)));
        if (own_target)
            REQUIRE(!strcmp(mapping->target, own_target)
                    && manifest_find_service(manifest, mapping->service));
    }
}

static void require_file_name(const char *text)
{
    REQUIRE(is_plain_name(text) && !strchr(text, '/') && strcmp(text, ".") && strcmp(text, ".."));
}

static void require_snapshot_mappings(const struct manifest *manifest, const char *own_target)
{
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];

        REQUIRE(!i || snapshot_mapping_order(mapping - 1, mapping) < 0);
        require_file_name(mapping->component);
        require_file_name(mapping->container);
        REQUIRE(is_plain_name(mapping->service) && is_plain_name(mapping->target)
                && (!mapping->provider || is_plain_name(mapping->provider)));
        if (own_target)
            REQUIRE(!strcmp(mapping->target, own_target)
                    && manifest_find_service(manifest, mapping->service));
    }
}

void require_manifest(const struct manifest *manifest, const char *own_target)
{
    for (size_t i = 0; i < manifest->profile_count; i++) {
        REQUIRE(!i || strcmp(manifest->profiles[i - 1].target, manifest->profiles[i].target) < 0);
        REQUIRE(is_plain_name(manifest->profiles[i].target) && is_store_path(manifest->profiles[i].path));
    }
    for (size_t i = 0; i < manifest->infrastructure.count; i++) {
        const struct target *target = &manifest->infrastructure.targets[i];

        REQUIRE(!i || strcmp(target[-1].name, target->name) < 0);
        require_target(target, false);
    }
    require_services(manifest);
    require_service_mappings(manifest, own_target);
    require_snapshot_mappings(manifest, own_target);
    if (own_target)
        REQUIRE(!manifest->profile_count && !manifest->infrastructure.count);
}

void require_empty(const struct manifest *manifest)
{
    REQUIRE(!manifest->profile_count && !manifest->service_count && !manifest->service_mapping_count
            && !manifest->snapshot_mapping_count && !manifest->infrastructure.count);
}

static size_t leaves(const json_t *value)
{
    size_t count = 0, index;
    const char *key;
    json_t *child;

    if (json_is_object(value))
        json_object_foreach((json_t *)value, key, child)
            count += leaves(child);
    else
        json_array_foreach(value, index, child)
            count++;
    return count;
}

static void require_difference(const struct manifest *manifest)
{
    CLEANUP_JSON json_t *none = manifest_difference(manifest, manifest, 0);
    CLEANUP_JSON json_t *all = manifest_difference(NULL, manifest, 0);

    REQUIRE(json_object_size(none) == 6 && !leaves(none));
    REQUIRE(json_array_size(json_object_get(json_object_get(all, "services"), "added"))
            == manifest->service_count);
    REQUIRE(json_array_size(json_object_get(json_object_get(all, "mappings"), "added"))
            == manifest->service_mapping_count);
    REQUIRE(json_array_size(json_object_get(json_object_get(all, "snapshots"), "added"))
            == manifest->snapshot_mapping_count);
    REQUIRE(json_object_size(json_object_get(all, "profiles")) == manifest->profile_count);
}

void require_round_trip(struct manifest *manifest)
{
    CLEANUP_BUFFER xmlBufferPtr once = manifest_write(manifest), twice = NULL;
    struct manifest again;
    char *reason = NULL;

    REQUIRE(once);
    if (manifest_parse((const char *)xmlBufferContent(once), (size_t)xmlBufferLength(once), "WRITTEN", NULL,
                       manifest->strings, &again, &reason))
        require_failed(__FILE__, __LINE__, reason ? reason : "read again");
    require_manifest(&again, NULL);
    REQUIRE(manifest_equal(manifest, &again));
    REQUIRE(manifest->version == again.version && manifest->profile_count == again.profile_count
            && manifest->service_count == again.service_count
            && manifest->service_mapping_count == again.service_mapping_count
            && manifest->snapshot_mapping_count == again.snapshot_mapping_count
            && manifest->infrastructure.count == again.infrastructure.count);
    require_difference(manifest);
    twice = manifest_write(&again);
    REQUIRE(xmlStrEqual(xmlBufferContent(once), xmlBufferContent(twice)));
    manifest_clear(&again);
}
