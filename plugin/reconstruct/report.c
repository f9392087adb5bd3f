/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/reconstruct/report.h"

#include <string.h>

#include "lib/base/bounded-list.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/state/portion.h"
#include "lib/world/operations.h"
#include "plugin/copies/actions.h"
#include "plugin/copies/copy.h"
#include "plugin/copies/evidence.h"

static const char *done_about(const struct captured *captured, const struct options *options)
{
    if (captured->answer == ANSWER_CAPTURED || captured->answer == ANSWER_EMPTY)
        return NULL;
    return options->unreachable == UNREACHABLE_KEEP   ? "kept"
           : options->unreachable == UNREACHABLE_SKIP ? "skipped"
                                                      : NULL;
}

/* How many service mappings from *next on are on the target; both are sorted by its name. */
static size_t count_services(const struct manifest *manifest, const char *target, size_t *next)
{
    size_t first;
    while (*next < manifest->service_mapping_count
           && strcmp(manifest->service_mappings[*next].target, target) < 0)
        ++*next;
    for (first = *next; *next < manifest->service_mapping_count; ++*next)
        if (strcmp(manifest->service_mappings[*next].target, target) != 0)
            break;
    return *next - first;
}

void report_targets(json_t *report, const struct capture *capture, const struct options *options,
                    const struct manifest *manifest)
{
    json_t *targets = json_object();
    size_t next = 0;
    for (size_t i = 0; i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        bool unusable = captured->answer == ANSWER_INVALID || captured->answer == ANSWER_SILENT;
        json_t *entry =
            json_pack("{ss ss* ss* ss* sI}", "status", answer_name(captured->answer), "done",
                      done_about(captured, options), "reason", unusable ? captured->reason : NULL, "profile",
                      captured->profile, "milliseconds", (json_int_t)captured->milliseconds);
        /* Nobody can tell what runs there. */
        if (unusable && manifest && !manifest_find_profile(manifest, captured->target->name))
            json_object_set_new(entry, "unknown", json_true());
        if (manifest)
            json_object_set_new(
                entry, "services",
                json_integer((json_int_t)count_services(manifest, captured->target->name, &next)));
        json_object_set_new(targets, captured->target->name, entry);
    }
    json_object_set_new(report, "targets", targets);
}

bool report_difference(json_t *report, const struct previous *previous, const struct manifest *manifest)
{
    const struct manifest *before = previous->known ? &previous->manifest : NULL;
    bool changed = !before || !manifest_equal(before, manifest);
    json_t *difference = manifest_difference(before, manifest, BOUNDED_MOST);
    CLEANUP_FREE char *path = before ? string_utf8(previous->path) : NULL;
    if (path)
        json_object_set_new(report, "previous", json_string(path));
    json_object_set_new(report, "changed", json_boolean(changed));
    json_object_set_new(report, "manifestVersion", json_integer(manifest->version));
    json_object_set_new(report, "changes", manifest_changes(before, manifest, difference, BOUNDED_MOST));
    json_object_set_new(report, "difference", difference);
    return changed;
}

static json_t *describe_copy(const struct copy *copy)
{
    return json_pack("{ss ss ss ss* ss*}", "component", copy->mapping->component, "container",
                     copy->mapping->container, "target", copy->mapping->target, "reason", copy->reason,
                     "home", copy->by);
}

static void append(json_t *report, const char *list, json_t *value)
{
    json_array_append_new(json_object_get(report, list), value);
}

/* What is done right before services change: of a copy that goes on until then, all of it; of one that could
 * not be fenced, so that Disnix does it, the snapshot. */
static void report_late(json_t *report, const struct copy *copy)
{
    CLEANUP_FREE char *service = portion_write(&copy->captured->manifest, copy->mapping);
    json_t *entry = describe_copy(copy);
    json_object_update_new(entry,
                           json_pack("{ss* sb}", "service", service, "fence", copy->verdict == COPY_OLDER));
    append(report, "late", entry);
}

static bool is_late(const struct copy *copy)
{
    return SWITCH(LATE_LIST) && copy_lives(copy)
           && (copy->verdict == COPY_OLDER
               || (copy->verdict == COPY_OUT && copy->outcomes[FENCE_COPY] == OUTCOME_FAILED));
}

static void report_copy(json_t *report, const struct copy *copy, const struct options *options)
{
    const bool alone = copy->component->count == 1;
    const bool doubtful = !alone || copy->away || copy->captured->away_known || copy->inactive;
    if (copy->verdict == COPY_KEPT && doubtful && !copy->disputed)
        append(report, "kept", describe_copy(copy));
    if (copy->verdict != COPY_KEPT && !copy->disputed)
        append(report, copy->regressed ? "regressed" : "superseded", describe_copy(copy));
    if (options->late && is_late(copy))
        report_late(report, copy);
}

/* With the name that brings the snapshot back. */
static json_t *describe_rescue(const struct copy *copy)
{
    const struct snapshots *after = &copy->facts.after;
    const char *newest = after->answered ? snapshots_newest(after) : NULL;
    CLEANUP_FREE char *snapshot =
        newest ? string_format("%s/%s/%s", copy->mapping->container, copy->mapping->component, newest) : NULL;
    json_t *entry = describe_copy(copy);
    if (snapshot)
        json_object_set_new(entry, "snapshot", json_string(snapshot));
    return entry;
}

static bool is_done(const struct copy *copy, enum action action)
{
    return copy->outcomes[action] == OUTCOME_DONE;
}

static void append_failed(json_t *acted, const struct copy *copy, const char *action)
{
    json_t *entry = describe_copy(copy);
    json_object_set_new(entry, "action", json_string(action));
    append(acted, "failed", entry);
}

void report_acted(json_t *acted, const struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *copy = &copies->items[i];
        if (is_done(copy, ACTIVATE_COPY))
            append(acted, "activated", describe_copy(copy));
        if (is_done(copy, RESCUE_COPY) || is_done(copy, RESCUE_COPY_AGAIN))
            append(acted, "rescued", describe_rescue(copy));
        if (is_done(copy, FENCE_COPY))
            append(acted, "fenced", describe_copy(copy));
        for (enum action action = 0; action < ACTIONS; action++)
            if (copy->outcomes[action] == OUTCOME_FAILED)
                append_failed(acted, copy, action_name(action));
    }
}

void report_copies(json_t *report, const struct copies *copies, const json_t *acted,
                   const struct options *options)
{
    static const char *const lists[] = { "superseded", "regressed", "kept", "late", NULL };
    CLEANUP_JSON json_t *all = json_deep_copy(acted);
    for (size_t i = 0; lists[i]; i++)
        json_object_set_new(report, lists[i], json_array());
    for (size_t i = 0; i < copies->count; i++)
        report_copy(report, &copies->items[i], options);
    report_acted(all, copies);
    for (size_t i = 0; i < copies->count; i++)
        if (copies->items[i].untold)
            append_failed(all, &copies->items[i], "query");
    json_object_update(report, all);
}

/* The names of its snapshots, oldest first, and when the newest that is known of was taken. */
static void describe_snapshots(json_t *entry, const struct copy *copy)
{
    const struct snapshots *snapshots = copy->facts.after.answered ? &copy->facts.after : &copy->facts.here;
    json_t *names = json_array();
    for (size_t i = 0; i < snapshots->count; i++)
        json_array_append_new(names, json_string(snapshots->names[i]));
    json_object_set_new(entry, "snapshots", names);
    json_object_set_new(entry, "newest",
                        copy->facts.snapshotted_known ? json_integer(copy->facts.snapshotted) : json_null());
}

static json_t *describe_disputed_copy(const struct copy *copy)
{
    json_t *live = copy_may_live(copy) ? json_null() : json_boolean(copy_lives(copy));
    json_t *entry = json_pack("{ss so sb sb ss*}", "target", copy->mapping->target, "live", live, "survivor",
                              copy->survivor, "disputed", copy->disputed, "reason", copy->reason);
    describe_snapshots(entry, copy);
    return entry;
}

/* Also where one copy is left of several among which a choice stands: until a word it stays where it is. */
static bool is_in_dispute(const struct component *component)
{
    for (size_t i = 0; i < component->count; i++)
        if (component->copies[i].disputed)
            return true;
    return component->asks || (component->asks_before && !component->settled);
}

/* Why the first of its copies is in dispute. */
static const char *reason_of(const struct component *component)
{
    for (size_t i = 0; i < component->count; i++)
        if (component->copies[i].disputed)
            return component->copies[i].reason;
    return component->reason ? component->reason : "several copies of it were kept, and one of them answers";
}

/* Disputes by container and component, borrowed. */
static json_t *dispute_of(json_t *index, json_t *disputes, const char *container, const char *component,
                          const char *why)
{
    json_t *components = json_object_get(index, container);
    if (!components) {
        components = json_object();
        json_object_set_new(index, container, components);
    }
    json_t *dispute = json_object_get(components, component);
    if (dispute)
        return dispute;
    dispute =
        json_pack("{ss ss ss s[]}", "component", component, "container", container, "reason", why, "copies");
    json_object_set_new(components, component, dispute);
    json_array_append(disputes, dispute);
    return dispute;
}

static bool has_copy(const json_t *dispute, const char *target)
{
    size_t index;
    json_t *copy;
    json_array_foreach(json_object_get(dispute, "copies"), index, copy)
        if (strcmp(json_string_value(json_object_get(copy, "target")), target) == 0)
            return true;
    return false;
}

/* Copies that are in dispute, and in no profile of a target that answered. */
static void report_lost(json_t *index, json_t *disputes, const json_t *survivors)
{
    const char *target, *container, *component;
    json_t *containers, *components, *entry;
    json_object_foreach(json_object_get(survivors, "disputed"), target, containers)
        json_object_foreach(containers, container, components)
            json_object_foreach(components, component, entry) {
                const char *why = json_string_value(json_object_get(entry, "why"));
                json_t *dispute = dispute_of(index, disputes, container, component, why);
                if (!has_copy(dispute, target))
                    append(dispute, "copies",
                           json_pack("{ss sb sb sb ss s[] sn}", "target", target, "live", 0, "survivor", 0,
                                     "disputed", 1, "reason", why, "snapshots", "newest"));
            }
}

/* Which copy lives, where all that are in dispute are in no profile any more. */
static void report_others(json_t *index, const struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *copy = &copies->items[i];
        json_t *dispute =
            json_object_get(json_object_get(index, copy->component->container), copy->component->name);
        if (dispute && !has_copy(dispute, copy->mapping->target))
            append(dispute, "copies", describe_disputed_copy(copy));
    }
}

void report_disputes(json_t *report, const struct copies *copies, json_t *survivors)
{
    json_t *disputes = json_array();
    CLEANUP_JSON json_t *index = json_object();
    for (size_t i = 0; i < copies->component_count; i++) {
        const struct component *component = &copies->components[i];
        if (!is_in_dispute(component))
            continue;
        json_t *dispute =
            dispute_of(index, disputes, component->container, component->name, reason_of(component));
        for (size_t j = 0; j < component->count; j++)
            append(dispute, "copies", describe_disputed_copy(&component->copies[j]));
    }
    report_lost(index, disputes, survivors);
    report_others(index, copies);
    json_object_set_new(report, "disputes", disputes);
    json_object_set_new(report, "survivors", survivors);
}

static void warn(json_t *report, const char *target, char *text)
{
    if (!text)
        return;
    log_warning(target, "%s", text);
    append(report, "warnings", json_pack("{ss* ss}", "target", target, "warning", text));
    free(text);
}

void report_names(json_t *report, const struct capture *capture, const struct previous *previous,
                  const char *namesake, int version)
{
    json_object_set_new(report, "warnings", json_array());
    for (size_t i = 0; i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        const char *key = target_connection_key(captured->target);
        if (version == 2 && captured->answer == ANSWER_CAPTURED
            && captured->manifest.snapshot_mapping_count > 0 && key
            && strcmp(key, captured->target->name) != 0)
            warn(
                report, captured->target->name,
                string_format("holds %s, but its name is not its connection key %s: Disnix moves no snapshot",
                              captured->manifest.snapshot_mappings[0].component, key));
    }
    if (namesake)
        warn(report, NULL,
             string_format("there is a profile %s beside %s: disnix-env takes its history for this one's",
                           namesake, previous->profile));
}

static void warn_of_dispute(const json_t *dispute)
{
    size_t index;
    json_t *copy;
    json_array_foreach(json_object_get(dispute, "copies"), index, copy)
        if (json_is_true(json_object_get(copy, "disputed")))
            log_warning(json_string_value(json_object_get(copy, "target")),
                        "its copy of %s in %s is in dispute%s: %s",
                        json_string_value(json_object_get(dispute, "component")),
                        json_string_value(json_object_get(dispute, "container")),
                        json_is_false(json_object_get(copy, "live"))  ? ", and does not run"
                        : json_is_null(json_object_get(copy, "live")) ? ", and may not run"
                                                                      : "",
                        json_string_value(json_object_get(copy, "reason")));
}

void report_warn(const json_t *report)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "superseded"), index, entry)
        log_notice(json_string_value(json_object_get(entry, "target")), "its copy of %s is given up: %s",
                   json_string_value(json_object_get(entry, "component")),
                   json_string_value(json_object_get(entry, "reason")));
    json_array_foreach(json_object_get(report, "regressed"), index, entry)
        log_notice(json_string_value(json_object_get(entry, "target")), "its copy of %s is old: %s",
                   json_string_value(json_object_get(entry, "component")),
                   json_string_value(json_object_get(entry, "reason")));
    json_array_foreach(json_object_get(report, "disputes"), index, entry)
        warn_of_dispute(entry);
    json_array_foreach(json_object_get(report, "divergent"), index, entry)
        log_warning(NULL, "targets hold different versions of connectsTo or providesContainers of %s",
                    json_string_value(json_object_get(entry, "name")));
    json_array_foreach(json_object_get(report, "dangling"), index, entry)
        log_warning(NULL, "a dependency of %s on a mapping that is gone is left out: target %s",
                    json_string_value(json_object_get(entry, "name")),
                    json_string_value(json_object_get(json_object_get(entry, "dependency"), "target")));
}
