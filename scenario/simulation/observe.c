/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is where in a simulated scenario, as scenario-network.h describes it.
 */
#include "scenario/simulation/scenario.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/json-text.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "scenario/format/policy.h"
#include "scenario/simulation/component.h"

/* Oldest first. */
static json_t *lines_of(const struct simulated_value *value)
{
    json_t *lines = json_array();
    for (; value && value != &simulated_nothing; value = value->before)
        json_array_insert_new(lines, 0, json_string(value->text));
    return lines;
}

struct written {
    char *text;
    json_t *entry;
};

static int compare_written(const void *a, const void *b)
{
    return strcmp(((const struct written *)a)->text, ((const struct written *)b)->text);
}

/* A new array, sorted by what the entries are when written; takes the list. */
static json_t *sorted(json_t *list)
{
    size_t count = json_array_size(list);
    CLEANUP_FREE struct written *all = simulated_memory(calloc(count + 1, sizeof *all));
    json_t *result = json_array();
    for (size_t i = 0; i < count; i++) {
        all[i].entry = json_array_get(list, i);
        all[i].text = simulated_memory(json_text(all[i].entry, JSON_ENCODE_ANY | JSON_COMPACT));
    }
    qsort(all, count, sizeof *all, compare_written);
    for (size_t i = 0; i < count; i++) {
        json_array_append(result, all[i].entry);
        free(all[i].text);
    }
    json_decref(list);
    return result;
}

/* The service that a component is, malloc()ed; *version: the rest of its name. */
static char *service_of(const char *component, const char **version)
{
    const char *dash = strrchr(component, '-');
    *version = dash ? dash + 1 : "";
    return simulated_memory(strndup(component, dash ? (size_t)(dash - component) : strlen(component)));
}

static bool has_state(const struct simulated_scenario *scenario, const char *service,
                      const struct simulated_state *state)
{
    return scenario_has_state(json_object_get(scenario->services, service))
           || (state && (state->value || state->snapshot_count > 0));
}

static json_t *describe_active(const struct simulated_scenario *scenario, struct simulated_machine *machine,
                               const struct simulated_active *active)
{
    const char *component = store_path_name(active->package), *version;
    CLEANUP_FREE char *service = service_of(component, &version);
    const struct simulated_state *state = simulated_state(machine, active->container, component, false);
    return json_pack("{ss ss ss ss sb so*}", "service", service, "container", active->container, "component",
                     component, "version", version, "answers", machine->up, "state",
                     has_state(scenario, service, state) ? lines_of(state ? state->value : NULL) : NULL);
}

static json_t *mappings_of(const struct manifest *manifest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        json_array_append_new(list,
                              json_pack("{ss ss ss}", "service", service ? service->name : mapping->service,
                                        "container", mapping->container, "target", mapping->target));
    }
    return sorted(list);
}

static json_t *read_profile(struct simulation *simulation, const struct simulated_object *profile,
                            const char *target)
{
    const struct manifest_limits limits = { 0 };
    struct manifest manifest;
    CLEANUP_FREE char *reason = NULL;
    manifest_init(&manifest, simulation->strings);
    json_t *says = profile_manifest_parse(profile->text, strlen(profile->text), "profile", target, &limits,
                                          simulation->strings, &manifest, &reason)
                           == 0
                       ? mappings_of(&manifest)
                       : json_null();
    manifest_clear(&manifest);
    return says;
}

/* What its profile says that it runs, which is read once; NULL: it has none that can be read. */
static json_t *says_of(const struct simulated_scenario *scenario, const struct simulated_machine *machine)
{
    struct simulation *simulation = scenario->simulation;
    const struct simulated_object *profile =
        machine->profile ? simulation_object(simulation, machine->profile) : NULL;
    if (!profile || !profile->text)
        return NULL;
    if (!json_object_get(profile->says, machine->name))
        json_object_set_new(profile->says, machine->name, read_profile(simulation, profile, machine->name));
    json_t *says = json_object_get(profile->says, machine->name);
    return json_is_null(says) ? NULL : json_deep_copy(says);
}

static void add_stored(json_t *stored, const char *container, const char *component, json_t *lines)
{
    CLEANUP_FREE char *name = simulated_memory(string_format("%s/%s", container, component));
    CLEANUP_JSON json_t *owned = lines;
    json_t *list = json_object_get(stored, name), *known;
    size_t index;
    if (!list) {
        list = json_array();
        json_object_set_new(stored, name, list);
    }
    json_array_foreach(list, index, known)
        if (json_equal(known, owned))
            return;
    json_array_append(list, owned);
}

static json_t *stored_of(const struct simulated_machine *machine)
{
    json_t *stored = json_object();
    for (size_t i = 0; i < machine->state_count; i++) {
        const struct simulated_state *state = &machine->states[i];
        if (state->there && state->value)
            add_stored(stored, state->container, state->component, lines_of(state->value));
        for (size_t j = 0; j < state->snapshot_count; j++)
            if (state->snapshots[j] && state->snapshots[j] != &simulated_nothing)
                add_stored(stored, state->container, state->component, lines_of(state->snapshots[j]));
    }
    return stored;
}

static json_t *sort_stored(json_t *stored)
{
    json_t *result = json_object();
    CLEANUP_FREE const char **names = simulated_memory(json_sorted_names(stored));
    for (size_t i = 0; names[i]; i++)
        json_object_set_new(result, names[i], sorted(json_incref(json_object_get(stored, names[i]))));
    json_decref(stored);
    return result;
}

static json_t *describe_machine(const struct simulated_scenario *scenario, struct simulated_machine *machine,
                                bool listed)
{
    json_t *active = json_array(), *says = says_of(scenario, machine);
    const bool known = says != NULL;
    for (size_t i = 0; i < machine->active_count; i++)
        json_array_append_new(active, describe_active(scenario, machine, &machine->active[i]));
    return json_pack("{ss sb so sb so so sb sb}", "is",
                     !machine->up           ? "crashed"
                     : machine->hung        ? "hung"
                     : machine->partitioned ? "partitioned"
                                            : "up",
                     "listed", listed, "active", sorted(active), "profile", known, "says",
                     known ? says : json_array(), "stored", sort_stored(stored_of(machine)), "locked",
                     machine->locked, "full", machine->full);
}

static json_t *describe_machines(const struct simulated_scenario *scenario)
{
    json_t *targets = json_object();
    CLEANUP_JSON json_t *model = scenario_model(scenario), *names = json_object();
    for (size_t i = 0; i < scenario->simulation->machine_count; i++)
        json_object_set_new(names, scenario->simulation->machines[i]->name, json_null());
    CLEANUP_FREE const char **list = simulated_memory(json_sorted_names(names));
    for (size_t i = 0; list[i]; i++)
        json_object_set_new(targets, list[i],
                            describe_machine(scenario, scenario_machine(scenario, list[i]),
                                             json_object_get(model, list[i]) != NULL));
    return targets;
}

static json_t *describe_services(const struct manifest *manifest)
{
    CLEANUP_JSON json_t *services = json_object();
    json_t *result = json_object();
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];
        CLEANUP_JSON json_t *names = json_object();
        json_t *list = json_array();
        const char *version;
        CLEANUP_FREE char *name = service_of(store_path_name(service->pkg), &version);
        (void)name; /* version points into it */
        for (size_t j = 0; j < service->depends_on.count; j++) {
            const struct service *other =
                manifest_find_service(manifest, service->depends_on.items[j].service);
            if (other)
                json_object_set_new(names, other->name, json_null());
        }
        CLEANUP_FREE const char **sorted_names = simulated_memory(json_sorted_names(names));
        for (size_t j = 0; sorted_names[j]; j++)
            json_array_append_new(list, json_string(sorted_names[j]));
        json_object_set_new(
            services, service->name,
            json_pack("{ss ss so}", "version", version, "type", service->type, "dependsOn", list));
    }
    CLEANUP_FREE const char **all = simulated_memory(json_sorted_names(services));
    for (size_t i = 0; all[i]; i++)
        json_object_set(result, all[i], json_object_get(services, all[i]));
    return result;
}

static json_t *snapshots_of(const struct manifest *manifest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        json_array_append_new(list, json_pack("{ss ss ss}", "component", mapping->component, "container",
                                              mapping->container, "target", mapping->target));
    }
    return sorted(list);
}

static json_t *describe_manifest(const struct simulated_scenario *scenario)
{
    const struct manifest *manifest = scenario_current(scenario, NULL);
    return manifest ? json_pack("{so so so}", "services", describe_services(manifest), "mappings",
                                mappings_of(manifest), "snapshots", snapshots_of(manifest))
                    : json_null();
}

static bool is_here(const struct simulated_scenario *scenario, const char *path)
{
    return simulated_paths_have(&scenario->simulation->paths, path);
}

static bool is_up(const struct simulated_scenario *scenario, const char *target)
{
    const struct simulated_machine *machine = scenario_machine(scenario, target);
    return machine && machine->up && !machine->hung && !machine->partitioned;
}

/* What the manifest names of the targets that are up, and the coordinator's store does not have. */
static json_t *describe_missing(const struct simulated_scenario *scenario)
{
    const struct manifest *manifest = scenario_current(scenario, NULL);
    json_t *missing = json_array();
    for (size_t i = 0; manifest && i < manifest->profile_count; i++)
        if (is_up(scenario, manifest->profiles[i].target) && !is_here(scenario, manifest->profiles[i].path))
            json_array_append_new(missing, json_sprintf("the profile of %s", manifest->profiles[i].target));
    for (size_t i = 0; manifest && i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        if (service && is_up(scenario, mapping->target) && !is_here(scenario, service->pkg))
            json_array_append_new(missing, json_sprintf("the package of %s", service->name));
    }
    return missing;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The coordinator's snapshots, by the paths of the links that are their generations. */
static json_t *describe_snapshots(const struct simulated_scenario *scenario)
{
    static const char directory[] = SCENARIO_DYSNOMIA "/generations/";
    const struct simulation *simulation = scenario->simulation;
    json_t *stored = json_object();
    for (size_t i = 0; i < simulation->files.count; i++) {
        const struct simulated_file *file = &simulation->files.items[i];
        if (!file->link || !begins_with(file->path, directory))
            continue;
        const char *container = file->path + strlen(directory), *component = strchr(container, '/') + 1;
        CLEANUP_FREE char *own = simulated_memory(strndup(container, (size_t)(component - 1 - container)));
        CLEANUP_FREE char *name = simulated_memory(strndup(component, strcspn(component, "/")));
        const struct simulated_value *value = NULL;
        if (simulation_snapshot_value(simulation, file->data, &value) && value && value != &simulated_nothing)
            add_stored(stored, own, name, lines_of(value));
    }
    return sort_stored(stored);
}

/* Where host, plugin and engine have something to write. */
static bool is_ours(const char *path)
{
    static const char *const places[] = {
        SCENARIO_SERVICES, SCENARIO_QOS,         SCENARIO_MODEL, SCENARIO_STATE, SCENARIO_PROFILES,
        SCENARIO_DYSNOMIA, SCENARIO_EXPRESSIONS, "/tmp",         "/foreign-",    NULL
    };
    for (const char *const *place = places; *place; place++)
        if (begins_with(path, *place))
            return true;
    return false;
}

/* What should not be there while nothing runs, and what should never be. */
static json_t *describe_left(const struct simulated_scenario *scenario)
{
    static const char *const odd[] = { SCENARIO_WORK "/",
                                       SCENARIO_STATE "/new",
                                       SCENARIO_STATE "/previous",
                                       SCENARIO_STATE "/undo",
                                       SCENARIO_STATE "/set.xml",
                                       SCENARIO_STATE "/deployment",
                                       SCENARIO_STATE "/snapshot.xml",
                                       "/tmp/",
                                       NULL };
    json_t *left = json_array();
    if (scenario->simulation->stray)
        json_array_append_new(left, json_sprintf("the program %s was run", scenario->simulation->stray));
    for (size_t i = 0; i < scenario->simulation->files.count; i++) {
        const struct simulated_file *file = &scenario->simulation->files.items[i];
        if (!is_ours(file->path) && !file->directory)
            json_array_append_new(left, json_string(file->path));
        for (const char *const *beginning = odd; *beginning && !file->directory; beginning++)
            if (begins_with(file->path, *beginning))
                json_array_append_new(left, json_string(file->path));
    }
    return left;
}

static json_t *held_of(const json_t *state)
{
    json_t *held = json_array();
    const json_t *targets = json_object_get(state, "targets");
    CLEANUP_FREE const char **names = simulated_memory(json_sorted_names(targets));
    for (size_t i = 0; names[i]; i++)
        if (json_object_get(json_object_get(targets, names[i]), "held"))
            json_array_append_new(held, json_string(names[i]));
    return held;
}

/* Who gets nothing new, for it takes no closures. */
static json_t *spared_of(const json_t *state)
{
    json_t *spared = json_array(), *target;
    const char *name;
    json_object_foreach(json_object_get(state, "targets"), name, target)
        if (json_object_get(target, "refuses"))
            json_array_append_new(spared, json_string(name));
    return spared;
}

/* Who counts as silent for a while, for it hung. */
static json_t *hung_of(const json_t *state)
{
    json_t *hung = json_array(), *target;
    const char *name;
    json_object_foreach(json_object_get(state, "targets"), name, target)
        if (json_object_get(target, "hung") && strcmp(text_at(target, "status"), "silent") == 0)
            json_array_append_new(hung, json_string(name));
    return hung;
}

json_t *scenario_observe(struct simulated_scenario *scenario)
{
    const struct simulated_file *file =
        simulated_files_find(&scenario->simulation->files, SCENARIO_STATE "/state.json");
    CLEANUP_JSON json_t *state = file ? json_loadb(file->data, file->length, 0, NULL) : NULL;
    if (scenario->simulation->flooded)
        json_array_append_new(scenario->ledger.misdone,
                              json_sprintf("what services say in %s is kept", scenario->simulation->flooded));
    bool armed = json_array_size(scenario->waiting) + json_array_size(scenario->failures)
                     + json_array_size(scenario->endings) + json_array_size(scenario->prints)
                 > 0;
    return json_pack(
        "{so s{so so so so} so so so sb sb so sO sO so sb sO* sO* sO sO*}", "targets",
        describe_machines(scenario), "coordinator", "stored", describe_snapshots(scenario), "manifest",
        describe_manifest(scenario), "left", describe_left(scenario), "missing", describe_missing(scenario),
        "held", held_of(state), "hung", hung_of(state), "spared", spared_of(state), "paused",
        json_object_get(state, "paused") != NULL, "unfinished", json_object_get(state, "deployment") != NULL,
        "acknowledged", simulated_ledger_writes(&scenario->ledger), "lost", scenario->ledger.lost, "stopped",
        scenario->ledger.stopped, "unsaved",
        simulated_ledger_unsaved(&scenario->ledger, scenario->simulation), "armed", armed, "survivors",
        json_object_get(state, "survivors"), "leftovers", json_object_get(state, "leftovers"), "misdone",
        scenario->ledger.misdone, "placed", scenario->placed);
}
