/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/placement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/engine/deployment.h"
#include "lab/engine/engine.h"
#include "lab/engine/options.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static bool containers_are_types(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        if (service && strcmp(service->type, mapping->container) != 0)
            return false;
    }
    return true;
}

/* The array that the targets of a service are collected in; borrowed. */
static json_t *targets_of(json_t *placement, const char *service, bool plain)
{
    json_t *value = json_object_get(placement, service);
    if (value)
        return plain ? value : json_object_get(value, "targets");
    value = plain ? json_array() : json_pack("{s: []}", "targets");
    if (json_object_set_new(placement, service, value) != 0)
        return NULL;
    return plain ? value : json_object_get(value, "targets");
}

static json_t *placement_of(const struct manifest *manifest)
{
    bool plain = containers_are_types(manifest);
    json_t *placement = json_object();
    for (size_t i = 0; placement && i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        json_t *entry =
            plain ? json_string(mapping->target)
                  : json_pack("{s:s, s:s}", "target", mapping->target, "container", mapping->container);
        if (!service || json_array_append_new(targets_of(placement, service->name, plain), entry) != 0) {
            json_decref(placement);
            return NULL;
        }
    }
    return placement;
}

static int save_placement(const json_t *placement, const char *file)
{
    CLEANUP_FREE char *text = placement ? json_dumps(placement, JSON_COMPACT) : NULL;
    if (text && operations->write(file, text, strlen(text), 0600) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, strerror(errno));
    return 1;
}

int placement_save(const char *coordinator_directory, const char *profile, const char *directory, char **file)
{
    struct previous previous;
    struct strings *strings = strings_new();
    int status =
        strings && previous_read(coordinator_directory, profile, NULL, strings, &previous) == 0 ? 0 : 1;
    *file = NULL;
    if (status == 0 && previous.known) {
        CLEANUP_JSON json_t *placement = placement_of(&previous.manifest);
        *file = string_format("%s/previous.json", directory);
        status = *file ? save_placement(placement, *file) : 1;
    }
    if (strings)
        previous_clear(&previous);
    strings_free(strings);
    return status;
}

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || *text == '$')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void print_placed_targets(const json_t *targets)
{
    size_t index;
    json_t *entry;
    json_array_foreach(targets, index, entry) {
        putchar(' ');
        if (json_is_string(entry)) {
            print_quoted(json_string_value(entry));
            continue;
        }
        printf("{ target = ");
        print_quoted(json_string_value(json_object_get(entry, "target")));
        printf("; container = ");
        print_quoted(json_string_value(json_object_get(entry, "container")));
        printf("; }");
    }
}

static void print_nix(json_t *placement)
{
    const char *service;
    json_t *value;
    puts("{");
    json_object_foreach(placement, service, value) {
        const json_t *targets = json_object_get(value, "targets");
        printf("  ");
        print_quoted(service);
        printf(targets ? " = { targets = [" : " = [");
        print_placed_targets(targets ? targets : value);
        puts(targets ? " ]; };" : " ];");
    }
    puts("}");
}

int dydisnix_previous_distribution_main(int count, char **arguments)
{
    struct engine_options options;
    struct deployment deployment = { .strings = NULL };
    int status = engine_options_read(count, arguments, 0, true, &options);
    if (status >= 0)
        return status;
    if (!options.operand) {
        log_error(NULL, "a manifest must be given");
        return 1;
    }
    deployment.strings = strings_new();
    manifest_init(&deployment.manifest, deployment.strings);
    status = deployment_read_manifest(&deployment, options.operand) == 0 ? 0 : 1;
    CLEANUP_JSON json_t *placement = status == 0 ? placement_of(&deployment.manifest) : NULL;
    if (placement)
        print_nix(placement);
    manifest_clear(&deployment.manifest);
    strings_free(deployment.strings);
    return status;
}
