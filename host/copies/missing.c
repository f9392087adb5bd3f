/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/copies/missing.h"

#include <string.h>

#include "host/calls/client-calls.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/manifest/previous.h"
#include "lib/model/client.h"
#include "lib/state/dump.h"
#include "lib/state/generations.h"
#include "lib/world/operations.h"

static bool has(const struct manifest *manifest, const char *target, const struct snapshot_mapping *mapping)
{
    return manifest
           && manifest_find_snapshot_mapping(manifest, target, mapping->container, mapping->component);
}

static bool is_same(const struct snapshot_mapping *one, const struct snapshot_mapping *other)
{
    return string_equal(one->container, other->container) && string_equal(one->component, other->component);
}

static bool is_in(const struct manifest *manifest, const struct snapshot_mapping *mapping)
{
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        if (is_same(&manifest->snapshot_mappings[i], mapping))
            return true;
    return false;
}

/* Where it was live; an empty list: nowhere, or on a target that is asked for its state. */
static json_t *find_lost(const struct manifest *deployed, const struct manifest *previous,
                         const struct manifest *new, const struct snapshot_mapping *mapping)
{
    json_t *lost = json_array();
    for (size_t i = 0; i < deployed->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *home = &deployed->snapshot_mappings[i];
        if (!is_same(home, mapping))
            continue;
        if (string_equal(home->target, mapping->target)
            || (infrastructure_find(&new->infrastructure, home->target)
                && has(previous, home->target, mapping))) {
            json_array_clear(lost);
            break;
        }
        json_list_add(lost, home->target);
    }
    return lost;
}

/* Whether the coordinator has a snapshot that holds something. */
static bool is_kept(const struct snapshot_mapping *mapping)
{
    CLEANUP_GENERATIONS struct generations generations;
    bool kept = false;
    if (generations_read(mapping->container, mapping->component, &generations) != 0)
        return true; /* nobody knows */
    for (size_t i = 0; i < generations.count; i++)
        kept = kept || !is_empty_dump(generations.names[i]);
    return kept;
}

/* Whether the target has one of its own, which is restored then. One that does not tell has none. */
static bool has_own(const struct manifest *new, const struct snapshot_mapping *mapping)
{
    const struct target *target = infrastructure_find(&new->infrastructure, mapping->target);
    CLEANUP_CALLS struct calls calls = { 0 };
    struct call *call = target ? calls_add(&calls, target->name) : NULL;
    if (!call)
        return false;
    client_arguments(&call->arguments, target, "--query-latest-snapshot");
    arguments_option(&call->arguments, "--container", mapping->container);
    arguments_option(&call->arguments, "--component", mapping->component);
    calls_run(&calls, ask_deadline, true);
    return calls.items[0].done && *calls.items[0].output
           && !is_empty_dump(string_base_name(calls.items[0].output));
}

/* Since the newest that was taken where it was; -1: nobody knows. */
static int64_t age_of(const json_t *state, const json_t *from, const struct snapshot_mapping *mapping)
{
    const int64_t now = operations->clock();
    int64_t age = -1;
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)from, index, name) {
        const json_t *containers =
            json_object_get(json_object_get(state, "snapshots"), json_string_value(name));
        const json_t *taken =
            json_object_get(json_object_get(containers, mapping->container), mapping->component);
        int64_t since = now - json_integer_value(taken);
        if (json_is_integer(taken) && since >= 0 && (age < 0 || since < age))
            age = since;
    }
    return age;
}

static json_t *describe(const struct recovery *recovery, const struct manifest *new,
                        const struct snapshot_mapping *mapping, json_t *from)
{
    json_t *entry = json_pack("{ss ss ss sO}", "component", mapping->component, "container",
                              mapping->container, "target", mapping->target, "from", from);
    int64_t age = age_of(recovery->state->root, from, mapping);
    if (!is_kept(mapping) && !has_own(new, mapping))
        json_object_set_new(entry, "empty", json_true());
    else if (age >= 0)
        json_object_set_new(entry, "age", json_integer((json_int_t)age));
    return entry;
}

/* 0: there is none, or it is gone. */
static bool read_deployed(const struct recovery *recovery, struct manifest *deployed)
{
    const char *last = json_string_value(json_object_get(recovery->state->root, "deployed")),
               *path = last ? last : json_string_value(json_object_get(recovery->state->root, "before"));
    CLEANUP_FREE char *reason = NULL;
    return path && manifest_read(path, recovery->strings, deployed, &reason) == MANIFEST_READ;
}

json_t *missing_find(const struct recovery *recovery, const struct manifest *previous,
                     const struct manifest *new)
{
    struct manifest deployed;
    json_t *missing = json_array();
    manifest_init(&deployed, recovery->strings);
    bool known = read_deployed(recovery, &deployed);
    for (size_t i = 0; known && i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        if (has(previous, mapping->target, mapping))
            continue;
        CLEANUP_JSON json_t *from = find_lost(&deployed, previous, new, mapping);
        if (json_array_size(from) > 0)
            json_array_append_new(missing, describe(recovery, new, mapping, from));
    }
    manifest_clear(&deployed);
    return missing;
}

static void tell(const json_t *entry)
{
    const char *target = text_at(entry, "target"), *component = text_at(entry, "component");
    const char *from = json_string_value(json_array_get(json_object_get(entry, "from"), 0));
    const json_t *age = json_object_get(entry, "age");
    if (json_object_get(entry, "empty"))
        log_warning(
            target,
            "%s in %s goes live here without any state: it was on target %s, which cannot be asked, and no "
            "snapshot of it exists; --snapshot takes them",
            component, text_at(entry, "container"), from);
    else if (age)
        log_warning(
            target,
            "%s in %s gets a snapshot that was taken %lld seconds ago: what target %s, which cannot be "
            "asked, has had since is not in it",
            component, text_at(entry, "container"), (long long)json_integer_value(age), from);
    else
        log_warning(
            target,
            "%s in %s gets the newest snapshot that there is: what target %s, which cannot be asked, has "
            "had since is not in it",
            component, text_at(entry, "container"), from);
}

bool missing_tell(const json_t *missing)
{
    bool any = false;
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)missing, index, entry) {
        tell(entry);
        any = any || json_object_get(entry, "empty");
    }
    return any;
}

static bool is_still_so(const json_t *entry, const struct manifest *new)
{
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(entry, "from"), index, name)
        if (infrastructure_find(&new->infrastructure, json_string_value(name)))
            return false;
    return manifest_find_snapshot_mapping(new, text_at(entry, "target"), text_at(entry, "container"),
                                          text_at(entry, "component"))
           != NULL;
}

void missing_remember(json_t *state, const json_t *missing, const struct manifest *new, int64_t now)
{
    json_t *known = json_object_get(state, "missing"), *entry;
    size_t index;
    if (!known)
        json_object_set_new(state, "missing", known = json_array());
    for (size_t i = json_array_size(known); i-- > 0;)
        if (!is_still_so(json_array_get(known, i), new))
            json_array_remove(known, i);
    json_array_foreach((json_t *)missing, index, entry) {
        if (!json_object_get(entry, "empty"))
            continue;
        json_t *copy = json_copy(entry);
        json_object_set_new(copy, "when", json_integer((json_int_t)now));
        json_array_append_new(known, copy);
    }
    if (json_array_size(known) == 0)
        json_object_del(state, "missing");
}

void missing_warn(const struct recovery *recovery, const struct manifest *new)
{
    struct manifest deployed;
    manifest_init(&deployed, recovery->strings);
    bool known = !recovery->first && read_deployed(recovery, &deployed);
    for (size_t i = 0; i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        if (!known || !is_in(&deployed, mapping))
            log_warning(mapping->target,
                        "%s in %s has state, and without --snapshot it is lost with its machine",
                        mapping->component, mapping->container);
    }
    manifest_clear(&deployed);
}
