/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/deploy/check.h"

#include <string.h>

#include "host/copies/homes.h"
#include "host/copies/pins.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

/* What a finding says of a component: each is one line, and names its remedy. */
static void add_finding(json_t *findings, const char *kind, const char *target, const char *component,
                        const char *container, char *words)
{
    CLEANUP_FREE char *option = string_format("--force-%s", kind);
    json_t *finding = json_pack("{ss ss* ss* ss* ss* ss*}", "kind", kind, "target", target, "component",
                                component, "container", container, "text", words, "option", option);
    free(words);
    if (json_array_append_new(findings, finding) != 0)
        json_array_append_new(findings, json_object()); /* something stands against it, even without words */
}

/* What cannot stay, or does not although it is pinned, for its service names its targets itself. */
static void find_pinned(json_t *findings, const struct manifest *previous, const struct manifest *new,
                        const json_t *survivors, const json_t *report)
{
    CLEANUP_JSON json_t *pins = pins_find(previous, new, survivors, report, false);
    size_t index;
    json_t *pin;
    json_array_foreach(pins, index, pin) {
        bool homeless = json_array_size(json_object_get(pin, "targets")) == 0;
        add_finding(
            findings, "conflict", json_string_value(json_object_get(pin, "target")),
            text_at(pin, "component"), text_at(pin, "container"),
            string_format("%s in %s would move, %s, and %s; see 'dydisnix-self-adaptctl disputes' and decide"
                          " by keep-copy or discard-copy, see to it that every target answers, or go on with"
                          " --force-conflict",
                          text_at(pin, "component"), text_at(pin, "container"), text_at(pin, "reason"),
                          homeless ? "no target of the model has it that it could stay on"
                                   : "it cannot be kept where it is, for the services model places it"));
    }
    if (!pins)
        add_finding(findings, "conflict", NULL, NULL, NULL, NULL);
}

/* Anything may run there, also what the new manifest has elsewhere. */
static void find_blind(json_t *findings, const struct manifest *new, const json_t *report)
{
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(report, "blind"), index, name) {
        const char *target = json_string_value(name);
        if (target && infrastructure_find(&new->infrastructure, target))
            add_finding(
                findings, "conflict", target, NULL, NULL,
                string_format("the manifest that told what runs here is lost, and the target does not tell;"
                              " see to it that it does, go on without that by 'dydisnix-self-adaptctl"
                              " accept %s', or go on with --force-conflict",
                              target));
    }
}

/* Disnix compares names with keys when it transfers snapshots: where they differ it transfers nothing. The
 * one that deploys version 1 knows no names. */
static void find_keys(json_t *findings, const struct homes *before, const struct manifest *previous,
                      const struct manifest *new)
{
    for (size_t i = 0; new->version != 1 && i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        if (manifest_find_snapshot_mapping(previous, mapping->target, mapping->container, mapping->component))
            continue;
        const struct snapshot_mapping *source = homes_unmovable(before, previous, new, mapping);
        if (source)
            add_finding(
                findings, "keys", mapping->target, mapping->component, mapping->container,
                string_format("the state of %s would move from target %s to %s, and Disnix moves none where"
                              " a target's name is not its connection key; rename the target, or go on"
                              " with --force-keys",
                              mapping->component, source->target, mapping->target));
    }
}

static void find_providers(json_t *findings, const struct manifest *previous, const struct manifest *new)
{
    for (size_t i = 0; i < previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &previous->snapshot_mappings[i];
        if (mapping->provider && !manifest_find_service(new, mapping->provider))
            add_finding(
                findings, "provider", mapping->target, mapping->component, mapping->container,
                string_format("the snapshot of %s needs the provider of its container %s, which the new"
                              " manifest does not have; deploy with --no-migration once, or go on with"
                              " --force-provider",
                              mapping->component, mapping->container));
    }
}

json_t *check_findings(const struct manifest *previous, const struct manifest *new, const json_t *survivors,
                       const json_t *report, const struct settings *settings)
{
    struct homes before = { 0 };
    json_t *findings = json_array();
    if (homes_list(&before, previous) != 0) {
        json_decref(findings);
        findings = NULL;
    }
    if (findings && !settings->force_conflict)
        find_pinned(findings, previous, new, survivors, report);
    if (findings && report && !settings->force_conflict)
        find_blind(findings, new, report);
    if (findings && previous && !settings->no_migration && !settings->force_keys)
        find_keys(findings, &before, previous, new);
    if (findings && previous && !settings->no_migration && !settings->force_provider)
        find_providers(findings, previous, new);
    homes_clear(&before);
    return findings;
}

int check_deployment(const struct manifest *previous, const struct manifest *new, const json_t *survivors,
                     const json_t *report, const struct settings *settings)
{
    CLEANUP_JSON json_t *findings = check_findings(previous, new, survivors, report, settings);
    size_t index;
    json_t *finding;
    json_array_foreach(findings, index, finding)
        log_error(json_string_value(json_object_get(finding, "target")), "not deployed: %s",
                  text_at(finding, "text"));
    if (!findings)
        log_error(NULL, "not deployed: out of memory");
    return findings && json_array_size(findings) == 0 ? 0 : -1;
}
