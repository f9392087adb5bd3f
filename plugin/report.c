/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include <string.h>

#include "cleanup.h"
#include "holding.h"
#include "operations.h"
#include "told.h"

static const char *done_about(const struct captured *captured, const struct options *options)
{
    if (captured->standing == STANDING_HELD)
        return "held";
    if (captured->answer == ANSWER_CAPTURED || captured->answer == ANSWER_EMPTY)
        return NULL;
    return options->unreachable == UNREACHABLE_KEEP ? "kept" : options->unreachable == UNREACHABLE_SKIP ? "skipped"
                                                                                                       : NULL;
}

/* How many service mappings from *next on are on the target; both are sorted by its name. */
static size_t count_services(const struct manifest *manifest, const char *target, size_t *next)
{
    size_t first;
    while (*next < manifest->service_mapping_count && strcmp(manifest->service_mappings[*next].target, target) < 0)
        ++*next;
    for (first = *next; *next < manifest->service_mapping_count; ++*next)
        if (strcmp(manifest->service_mappings[*next].target, target) != 0)
            break;
    return *next - first;
}

/* Nobody can tell what runs there. */
static bool is_unknown(const struct captured *captured, const struct manifest *previous)
{
    bool unusable = captured->answer == ANSWER_INVALID || captured->answer == ANSWER_SILENT;
    return unusable && !(previous && manifest_find_profile(previous, captured->target->name));
}

void report_targets(json_t *report, const struct capture *capture, const struct options *options,
                    const struct manifest *previous, const struct manifest *manifest)
{
    json_t *targets = json_object();
    size_t next = 0;
    for (size_t i = 0; i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        bool unusable = captured->answer == ANSWER_INVALID || captured->answer == ANSWER_SILENT;
        json_t *entry = json_pack("{ss ss* ss* ss* sI}", "status", answer_name(captured->answer), "done",
                                  done_about(captured, options), "reason", unusable ? captured->reason : NULL,
                                  "profile", captured->profile, "milliseconds",
                                  (json_int_t)captured->milliseconds);
        if (manifest && is_unknown(captured, previous))
            json_object_set_new(entry, "unknown", json_true());
        if (manifest)
            json_object_set_new(entry, "services",
                                json_integer((json_int_t)count_services(manifest, captured->target->name, &next)));
        json_object_set_new(targets, captured->target->name, entry);
    }
    json_object_set_new(report, "targets", targets);
}

bool report_difference(json_t *report, const struct previous *previous, const struct manifest *manifest)
{
    const struct manifest *before = previous->known ? &previous->manifest : NULL;
    bool changed = !before || !manifest_equal(before, manifest);
    json_t *difference = manifest_difference(before, manifest, TOLD_MOST);
    CLEANUP_FREE char *path = before ? string_utf8(previous->path) : NULL;
    if (path)
        json_object_set_new(report, "previous", json_string(path));
    json_object_set_new(report, "changed", json_boolean(changed));
    json_object_set_new(report, "manifestVersion", json_integer(manifest->version));
    json_object_set_new(report, "changes", manifest_changes(before, manifest, difference, TOLD_MOST));
    json_object_set_new(report, "difference", difference);
    return changed;
}

static json_t *describe_copy(const struct copy *copy)
{
    return json_pack("{ss ss ss ss ss*}", "component", copy->mapping->component, "container",
                     copy->mapping->container, "target", copy->mapping->target, "reason", copy->reason, "home",
                     copy->home);
}

static void append(json_t *report, const char *list, json_t *value)
{
    json_array_append_new(json_object_get(report, list), value);
}

static json_t *describe_held(const struct copy *copy)
{
    return json_pack("{ss ss ss ss sb}", "component", copy->mapping->component, "container", copy->mapping->container,
                     "target", copy->mapping->target, "reason", copy->reason, "fenced",
                     (int)holding_is_fenced(copy->captured));
}

static bool same_component(const struct copy *a, const struct copy *b)
{
    return strcmp(a->mapping->component, b->mapping->component) == 0
           && strcmp(a->mapping->container, b->mapping->container) == 0;
}

/* One entry for each component in conflict, with all its holders, and the reason why a newcomer is not superseded. */
static void report_conflict(json_t *report, const struct copies *copies, size_t first)
{
    const struct copy *copy = &copies->items[first], *newcomer = NULL;
    json_t *targets = json_array();
    for (size_t i = first; i < copies->count && same_component(&copies->items[i], copy); i++) {
        if (copies->items[i].verdict != COPY_CONFLICT)
            continue;
        json_array_append_new(targets, json_string(copies->items[i].mapping->target));
        if (!newcomer && !copies->items[i].expected)
            newcomer = &copies->items[i];
    }
    for (size_t i = 0; i < copy->home_count; i++) {
        size_t index;
        json_t *target;
        bool there = false;
        json_array_foreach(targets, index, target)
            there = there || strcmp(json_string_value(target), copy->homes[i]) == 0;
        if (!there)
            json_array_append_new(targets, json_string(copy->homes[i]));
    }
    append(report, "conflicts",
           json_pack("{ss ss so ss}", "component", copy->mapping->component, "container", copy->mapping->container,
                     "targets", targets, "reason", newcomer ? newcomer->reason : copy->reason));
}

static bool first_of_component(const struct copies *copies, size_t position)
{
    for (size_t i = position; i-- > 0 && same_component(&copies->items[i], &copies->items[position]);)
        if (copies->items[i].verdict == COPY_CONFLICT)
            return false;
    return true;
}

void report_copies(json_t *report, const struct copies *copies, const json_t *acted)
{
    static const char *const lists[] = { "superseded", "regressed", "leftOut", "conflicts", "held", "rescued", "fenced",
                                         "notSuperseded", NULL };
    for (size_t i = 0; lists[i]; i++)
        json_object_set_new(report, lists[i], json_array());
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *copy = &copies->items[i];
        if (copy->verdict == COPY_SUPERSEDED)
            append(report, "superseded", describe_copy(copy));
        else if (copy->verdict == COPY_REGRESSED)
            append(report, "regressed", describe_copy(copy));
        else if (copy->verdict == COPY_LEFT_OUT)
            append(report, "leftOut", describe_copy(copy));
        else if (copy->verdict == COPY_HELD)
            append(report, "held", describe_held(copy));
        else if ((copy->home_count > 0 && copy_needs_facts(copy)) || copy_is_doubtful(copy))
            append(report, "notSuperseded", describe_copy(copy));
        if (copy->verdict == COPY_CONFLICT && first_of_component(copies, i))
            report_conflict(report, copies, i);
        if (copy->rescue == OUTCOME_DONE)
            append(report, "rescued", describe_copy(copy));
        if (copy->fence == OUTCOME_DONE)
            append(report, "fenced", describe_copy(copy));
    }
    json_array_extend(json_object_get(report, "rescued"), json_object_get(acted, "rescued"));
    json_array_extend(json_object_get(report, "fenced"), json_object_get(acted, "fenced"));
}

void report_acted(json_t *acted, const struct copies *earlier, const struct copies *copies)
{
    for (size_t i = 0; i < earlier->count; i++) {
        const struct copy *copy = &earlier->items[i];
        if ((copy->rescue != OUTCOME_DONE && copy->fence != OUTCOME_DONE) || copies_same(copies, copy))
            continue;
        if (copy->rescue == OUTCOME_DONE)
            append(acted, "rescued", describe_copy(copy));
        if (copy->fence == OUTCOME_DONE)
            append(acted, "fenced", describe_copy(copy));
    }
}

static void warn(json_t *report, const char *target, char *text)
{
    if (!text)
        return;
    log_warning(target, "%s", text);
    append(report, "warnings", json_pack("{ss* ss}", "target", target, "warning", text));
    free(text);
}

static void warn_of_doubtful(json_t *report, const struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        for (const struct copy *copy = capture->targets[i].copies; copy; copy = copy->next)
            if (copy_is_doubtful(copy))
                warn(report, capture->targets[i].target->name,
                     string_format("its copy of %s lives, and the coordinator's newest snapshot is of another one: %s",
                                   copy->mapping->component, copy->reason));
}

void report_names(json_t *report, const struct capture *capture, const struct previous *previous,
                  const char *namesake, int version)
{
    json_object_set_new(report, "warnings", json_array());
    for (size_t i = 0; i < capture->count; i++) {
        const struct captured *captured = &capture->targets[i];
        const char *key = target_connection_key(captured->target);
        if (version == 2 && captured->answer == ANSWER_CAPTURED && captured->manifest.snapshot_mapping_count > 0 && key
            && strcmp(key, captured->target->name) != 0)
            warn(report, captured->target->name,
                 string_format("holds %s, but its name is not its connection key %s: Disnix moves no snapshot",
                               captured->manifest.snapshot_mappings[0].component, key));
    }
    warn_of_doubtful(report, capture);
    if (namesake)
        warn(report, NULL,
             string_format("there is a profile %s beside %s: disnix-env takes its history for this one's", namesake,
                           previous->profile));
}

void report_warn(const json_t *report)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "superseded"), index, entry)
        log_notice(json_string_value(json_object_get(entry, "target")), "its copy of %s is superseded: %s",
                   json_string_value(json_object_get(entry, "component")),
                   json_string_value(json_object_get(entry, "reason")));
    json_array_foreach(json_object_get(report, "regressed"), index, entry)
        log_notice(json_string_value(json_object_get(entry, "target")), "its copy of %s is old: %s",
                   json_string_value(json_object_get(entry, "component")),
                   json_string_value(json_object_get(entry, "reason")));
    json_array_foreach(json_object_get(report, "conflicts"), index, entry)
        log_warning(NULL, "more than one target holds %s in %s and nobody can tell which is the one: %s",
                    json_string_value(json_object_get(entry, "component")),
                    json_string_value(json_object_get(entry, "container")),
                    json_string_value(json_object_get(entry, "reason")));
    json_array_foreach(json_object_get(report, "held"), index, entry)
        log_warning(json_string_value(json_object_get(entry, "target")),
                    "held until somebody accepts or prefers it%s: nobody can tell which copy of %s in %s is the one: %s",
                    json_is_true(json_object_get(entry, "fenced")) ? "" : ", and not all of its services are fenced",
                    json_string_value(json_object_get(entry, "component")),
                    json_string_value(json_object_get(entry, "container")),
                    json_string_value(json_object_get(entry, "reason")));
    json_array_foreach(json_object_get(report, "divergent"), index, entry)
        log_warning(NULL, "targets hold different versions of connectsTo or providesContainers of %s",
                    json_string_value(json_object_get(entry, "name")));
    json_array_foreach(json_object_get(report, "dangling"), index, entry)
        log_warning(NULL, "a dependency of %s on a mapping that is gone is left out: target %s",
                    json_string_value(json_object_get(entry, "name")),
                    json_string_value(json_object_get(json_object_get(entry, "dependency"), "target")));
}
