/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include <string.h>

#include "operations.h"

static const char *text(const json_t *entry, const char *key)
{
    const char *value = json_string_value(json_object_get(entry, key));
    return value ? value : "";
}

static bool holds(const struct manifest *manifest, const char *target, const json_t *entry)
{
    return manifest && manifest_find_snapshot_mapping(manifest, target, text(entry, "container"),
                                                      text(entry, "component"));
}

static bool is_of(const struct snapshot_mapping *mapping, const json_t *entry)
{
    return strcmp(mapping->component, text(entry, "component")) == 0
           && strcmp(mapping->container, text(entry, "container")) == 0;
}

/* Whether a has the component on a target on which b has it not. */
static bool differs(const struct manifest *a, const struct manifest *b, const json_t *entry)
{
    for (size_t i = 0; a && i < a->snapshot_mapping_count; i++)
        if (is_of(&a->snapshot_mappings[i], entry) && !holds(b, a->snapshot_mappings[i].target, entry))
            return true;
    return false;
}

static int check_conflicts(const struct manifest *previous, const struct manifest *new, const json_t *report)
{
    size_t index;
    json_t *entry;
    int status = 0;
    json_array_foreach(json_object_get(report, "conflicts"), index, entry) {
        if (!differs(previous, new, entry) && !differs(new, previous, entry))
            continue;
        log_error(
            NULL,
            "not deployed: %s in %s is held by several targets (%s) and would move; leave one of them out of"
            " the infrastructure model, or go on with --force-conflict",
            text(entry, "component"), text(entry, "container"), text(entry, "reason"));
        status = -1;
    }
    return status;
}

static int check_superseded(const struct manifest *new, const json_t *report)
{
    size_t index;
    json_t *entry;
    int status = 0;
    json_array_foreach(json_object_get(report, "superseded"), index, entry) {
        const char *target = text(entry, "target"), *home = text(entry, "home");
        if (!*home || !holds(new, target, entry) || !holds(new, home, entry))
            continue;
        log_error(target,
                  "not deployed: its old copy of %s would go live beside the newer one on target %s; place "
                  "it on one"
                  " of them, or go on with --force-superseded",
                  text(entry, "component"), home);
        status = -1;
    }
    return status;
}

static bool name_is_key(const struct manifest *manifest, const char *name)
{
    const struct target *target = infrastructure_find(&manifest->infrastructure, name);
    const char *key = target ? target_connection_key(target) : NULL;
    return !key || strcmp(key, name) == 0;
}

static const struct snapshot_mapping *find_source(const struct manifest *previous, const struct manifest *new,
                                                  const struct snapshot_mapping *moved)
{
    for (size_t i = 0; i < previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &previous->snapshot_mappings[i];
        if (strcmp(mapping->component, moved->component) == 0
            && strcmp(mapping->container, moved->container) == 0
            && !manifest_find_snapshot_mapping(new, mapping->target, mapping->container, mapping->component))
            return mapping;
    }
    return NULL;
}

/* Disnix compares names with keys when it transfers snapshots: where they differ it transfers nothing. */
static int check_keys(const struct manifest *previous, const struct manifest *new)
{
    int status = 0;
    for (size_t i = 0; i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        if (manifest_find_snapshot_mapping(previous, mapping->target, mapping->container, mapping->component))
            continue;
        const struct snapshot_mapping *source = find_source(previous, new, mapping);
        if (!source || (name_is_key(previous, source->target) && name_is_key(new, mapping->target)))
            continue;
        log_error(
            NULL,
            "not deployed: the state of %s would move from target %s to %s, and Disnix moves none where a"
            " target's name is not its connection key; rename the target, or go on with --force-keys",
            mapping->component, source->target, mapping->target);
        status = -1;
    }
    return status;
}

static int check_providers(const struct manifest *previous, const struct manifest *new)
{
    int status = 0;
    for (size_t i = 0; i < previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &previous->snapshot_mappings[i];
        if (!mapping->provider || manifest_find_service(new, mapping->provider))
            continue;
        log_error(
            mapping->target,
            "not deployed: the snapshot of %s needs the provider of its container %s, which the new manifest"
            " does not have; deploy with --no-migration once, or go on with --force-provider",
            mapping->component, mapping->container);
        status = -1;
    }
    return status;
}

int check_deployment(const struct manifest *previous, const struct manifest *new, const json_t *report,
                     const struct settings *settings)
{
    int status = 0;
    if (report && !settings->force_conflict)
        status |= check_conflicts(previous, new, report);
    if (report && !settings->force_superseded)
        status |= check_superseded(new, report);
    if (previous && !settings->no_migration && !settings->force_keys)
        status |= check_keys(previous, new);
    if (previous && !settings->no_migration && !settings->force_provider)
        status |= check_providers(previous, new);
    return status;
}
