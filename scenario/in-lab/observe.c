/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What really is where in a scenario of the lab: read from the disks of the machines, and asked of their
 * services.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/base/questions.h"
#include "lab/base/tree.h"
#include "lab/network/master.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "scenario/in-lab/lab.h"

#define TEXT_LIMIT (64u << 20)

/* A walk over DIRECTORY/CONTAINER/COMPONENT, and for snapshots /ID. */
struct walk {
    const char *machine, *directory;
    const char *container, *component;
    int (*take)(void *walk, const char *component); /* each component of a container */
    json_t *result;
    bool answers; /* whether its services may be asked */
};

static json_t *lines_of(const char *path)
{
    CLEANUP_FREE char *text = file_text(path, TEXT_LIMIT);
    json_t *lines = json_array();
    char *rest = NULL;
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
        json_array_append_new(lines, json_string(line));
    return lines;
}

static int compare_dumps(const void *a, const void *b)
{
    CLEANUP_FREE char *left = json_dumps(*(json_t *const *)a, JSON_ENCODE_ANY | JSON_COMPACT);
    CLEANUP_FREE char *right = json_dumps(*(json_t *const *)b, JSON_ENCODE_ANY | JSON_COMPACT);
    return strcmp(left ? left : "", right ? right : "");
}

/* The same list, sorted, each element once; takes it over. */
static json_t *sorted(json_t *list)
{
    size_t count = json_array_size(list), index;
    CLEANUP_FREE json_t **items = calloc(count + 1, sizeof *items);
    json_t *result = json_array(), *item;
    json_array_foreach(list, index, item)
        if (items)
            items[index] = item;
    if (items)
        qsort(items, count, sizeof *items, compare_dumps);
    for (size_t i = 0; items && i < count; i++)
        if (i == 0 || !json_equal(items[i], items[i - 1]))
            json_array_append(result, items[i]);
    json_decref(list);
    return result;
}

static void add_stored(const struct walk *walk, const char *path)
{
    CLEANUP_FREE char *key = string_format("%s/%s", walk->container, walk->component);
    if (!key || operations->inspect(path, NULL) == DYDISNIX_ABSENT)
        return;
    if (!json_object_get(walk->result, key))
        json_object_set_new(walk->result, key, json_array());
    json_array_append_new(json_object_get(walk->result, key), lines_of(path));
}

static int take_state(void *closure, const char *component)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path = string_format("%s/%s/%s/lines", walk->directory, walk->container, component);
    walk->component = component;
    if (path)
        add_stored(walk, path);
    return 0;
}

static int take_snapshot(void *closure, const char *id)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path =
        string_format("%s/%s/%s/%s/lines", walk->directory, walk->container, walk->component, id);
    if (path)
        add_stored(walk, path);
    return 0;
}

static int take_snapshots(void *closure, const char *component)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path = string_format("%s/%s/%s", walk->directory, walk->container, component);
    walk->component = component;
    if (path)
        directory_each(path, take_snapshot, walk);
    return 0;
}

static int walk_container(void *closure, const char *container)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", walk->directory, container);
    walk->container = container;
    if (path)
        directory_each(path, walk->take, walk);
    return 0;
}

static json_t *stored_on(const char *machine)
{
    CLEANUP_FREE char *states = machine_path(machine, "var/lib/lab/state");
    CLEANUP_FREE char *snapshots = machine_path(machine, "var/state/dysnomia/snapshots");
    CLEANUP_JSON json_t *found = json_object();
    json_t *result = json_object(), *list;
    const char *key;
    if (states)
        directory_each(states, walk_container,
                       &(struct walk){ .directory = states, .take = take_state, .result = found });
    if (snapshots)
        directory_each(snapshots, walk_container,
                       &(struct walk){ .directory = snapshots, .take = take_snapshots, .result = found });
    json_object_foreach(found, key, list)
        json_object_set_new(result, key, sorted(json_incref(list)));
    return result;
}

/* A component's name says SERVICE-VERSION. */
static json_t *describe_active(const char *container, const char *component, bool answers)
{
    const char *dash = strrchr(component, '-');
    CLEANUP_FREE char *service = dash ? strndup(component, (size_t)(dash - component)) : strdup(component);
    return json_pack("{ss ss ss ss sb}", "service", service ? service : "", "container", container, "version",
                     dash ? dash + 1 : "", "component", component, "answers", answers);
}

static void add_state(json_t *entry, const struct walk *walk, const json_t *answer, const char *component)
{
    CLEANUP_FREE char *name = string_format("var/lib/lab/state/%s/%s", walk->container, component);
    CLEANUP_FREE char *path = name ? machine_path(walk->machine, name) : NULL;
    CLEANUP_FREE char *lines = path ? string_format("%s/lines", path) : NULL;
    json_t *state = json_object_get(answer, "state");
    if (state)
        json_object_set(entry, "state", state);
    else if (!answer && lines && operations->inspect(path, NULL) == DYDISNIX_DIRECTORY)
        json_object_set_new(entry, "state", lines_of(lines));
}

static int take_active(void *closure, const char *component)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *name = string_format("run/services/%s/%s", walk->container, component);
    CLEANUP_FREE char *socket = name ? machine_path(walk->machine, name) : NULL;
    CLEANUP_JSON json_t *answer =
        walk->answers && socket ? channel_ask(socket, "ask", ANSWER_DEADLINE) : NULL;
    json_t *entry = describe_active(walk->container, component, answer != NULL);
    add_state(entry, walk, answer, component);
    json_array_append_new(walk->result, entry);
    return 0;
}

static int walk_active(void *closure, const char *container)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", walk->directory, container);
    walk->container = container;
    if (path)
        directory_each(path, take_active, walk);
    return 0;
}

static json_t *active_on(const char *machine, bool answers)
{
    CLEANUP_FREE char *directory = machine_path(machine, "var/lib/lab/active");
    struct walk walk = {
        .machine = machine, .directory = directory, .result = json_array(), .answers = answers
    };
    if (directory)
        directory_each(directory, walk_active, &walk);
    return sorted(walk.result);
}

/* Where a profile of a machine leads, as a path of ours; malloc()ed; NULL: nowhere. */
static char *profile_of(const char *machine, const char *profile)
{
    CLEANUP_FREE char *link = machine_path(machine, profile), *generation = NULL, *path = NULL;
    if (!link || operations->read_link(link, &generation) != 0)
        return NULL;
    CLEANUP_FREE char *second = string_format("%.*s/%s", (int)(strrchr(link, '/') - link), link, generation);
    if (!second || operations->read_link(second, &path) != 0 || !is_store_path(path))
        return NULL;
    return machine_path(machine, path + 1);
}

static json_t *mapping_document(const char *service, const char *container, const char *target)
{
    return json_pack("{ss ss ss}", "service", service, "container", container, "target", target);
}

static json_t *mappings_of(const struct manifest *manifest)
{
    json_t *mappings = json_array();
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        json_array_append_new(mappings, mapping_document(service ? service->name : mapping->service,
                                                         mapping->container, mapping->target));
    }
    return sorted(mappings);
}

/* Reads either kind of manifest; target NULL: a deployment's. False: it cannot be read. */
static bool read_manifest(const char *path, const char *target, struct strings *strings,
                          struct manifest *manifest)
{
    const struct manifest_limits limits = { 0 };
    CLEANUP_FREE char *text = path ? file_text(path, TEXT_LIMIT) : NULL, *reason = NULL;
    if (!text)
        return false;
    int status =
        target ? profile_manifest_parse(text, strlen(text), path, target, &limits, strings, manifest, &reason)
               : manifest_parse(text, strlen(text), path, &limits, strings, manifest, &reason);
    if (status != 0)
        log_warning(target, "%s", reason);
    return status == 0;
}

/* With Disnix it is a link into the machine's store. malloc()ed; NULL: there is none. */
static char *profile_manifest_of(const char *machine)
{
    CLEANUP_FREE char *profile = profile_of(machine, "nix/var/nix/profiles/disnix/default"), *to = NULL;
    char *path = profile ? string_format("%s/profilemanifest.xml", profile) : NULL;
    if (!path || operations->read_link(path, &to) != 0)
        return path;
    free(path);
    return machine_path(machine, to + 1);
}

static void add_profile(json_t *document, const char *target, const char *machine)
{
    CLEANUP_FREE char *path = profile_manifest_of(machine);
    struct strings *strings = strings_new();
    struct manifest manifest;
    bool known = read_manifest(path, target, strings, &manifest);
    json_object_set_new(document, "profile",
                        json_boolean(path && operations->inspect(path, NULL) == DYDISNIX_FILE));
    json_object_set_new(document, "says", known ? mappings_of(&manifest) : json_array());
    if (known)
        manifest_clear(&manifest);
    strings_free(strings);
}

static json_t *observe_target(const char *target, const char *machine, const char *state)
{
    bool up = strcmp(state, "crashed") != 0;
    CLEANUP_FREE char *lock = machine_path(machine, "tmp/disnix-default.lock");
    const char *is = strcmp(state, "up") == 0 && machine_is(machine, "partitioned") ? "partitioned" : state;
    json_t *document =
        json_pack("{ss sb so so sb}", "is", is, "listed", 1, "active", active_on(machine, up), "stored",
                  stored_on(machine), "locked", lock && operations->inspect(lock, NULL) != DYDISNIX_ABSENT);
    add_profile(document, target, machine);
    return document;
}

static json_t *observe_targets(const struct scenario_lab *lab)
{
    CLEANUP_JSON json_t *answer = master_ask("status", NULL, NULL);
    const json_t *states = json_object_get(answer, "machines");
    json_t *targets = json_object(), *value;
    const char *name;
    json_object_foreach(lab->targets, name, value) {
        const char *key = lab_key(lab, name), *state = json_string_value(json_object_get(states, key));
        json_object_set_new(targets, name, observe_target(name, key, state ? state : "crashed"));
    }
    return targets;
}

static json_t *dependencies_of(const struct manifest *manifest, const struct service *service)
{
    json_t *names = json_array();
    for (size_t i = 0; i < service->depends_on.count; i++) {
        const struct service *other = manifest_find_service(manifest, service->depends_on.items[i].service);
        json_array_append_new(names, json_string(other ? other->name : service->depends_on.items[i].service));
    }
    return sorted(names);
}

static json_t *services_of(const struct manifest *manifest)
{
    json_t *services = json_object();
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];
        const char *name = store_path_name(service->pkg), *dash = name ? strrchr(name, '-') : NULL;
        json_object_set_new(services, service->name,
                            json_pack("{ss ss so}", "version", dash ? dash + 1 : "", "type", service->type,
                                      "dependsOn", dependencies_of(manifest, service)));
    }
    return services;
}

static json_t *snapshots_of(const struct manifest *manifest)
{
    json_t *snapshots = json_array();
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        json_array_append_new(snapshots, json_pack("{ss ss ss}", "component", mapping->component, "container",
                                                   mapping->container, "target", mapping->target));
    }
    return sorted(snapshots);
}

static int find_profile(void *closure, const char *user)
{
    char **path = closure;
    CLEANUP_FREE char *profile =
        string_format("nix/var/nix/profiles/per-user/%s/disnix-coordinator/default", user);
    *path = profile ? profile_of(COORDINATOR, profile) : NULL;
    return *path != NULL;
}

static json_t *observe_manifest(void)
{
    CLEANUP_FREE char *users = machine_path(COORDINATOR, "nix/var/nix/profiles/per-user"), *path = NULL;
    struct strings *strings = strings_new();
    struct manifest manifest;
    json_t *document = NULL;
    if (users)
        directory_each(users, find_profile, &path);
    if (read_manifest(path, NULL, strings, &manifest)) {
        document = json_pack("{so so so}", "services", services_of(&manifest), "mappings",
                             mappings_of(&manifest), "snapshots", snapshots_of(&manifest));
        manifest_clear(&manifest);
    }
    strings_free(strings);
    return document ? document : json_null();
}

static int add_line(void *closure, char *line)
{
    json_array_append_new(closure, json_string(line));
    return 0;
}

/* Files of a cycle, GC roots of a deployment, programs, while nothing runs: the loop itself is no such
 * program. */
static json_t *observe_left(const struct scenario_lab *lab)
{
    static const char script[] =
        "cd \"$1\" || exit 0\n"
        "ls -d state/default/work state/default/new* state/default/roots* tmp/* 2> /dev/null | grep -v '^tmp/nix-'\n"
        "ls -d state/default/.* state/default/*.?????? 2> /dev/null | grep -vE '/\\.{1,2}$|\\.(json|jsonl)(\\.1)?$'\n"
        "dydisnix-lab processes | grep -vE '^(dydisnix-self-adapt|sh|grep|dydisnix-lab)$'\n"
        "exit 0\n";
    CLEANUP_FREE char *disk = network_path("scenario/disk"), *text = NULL;
    json_t *left = json_array();
    text = lab_output(lab, "exec", COORDINATOR, "sh", "-c", script, "sh", disk, NULL);
    if (text)
        string_lines(text, add_line, left);
    return sorted(left);
}

/* Who is held, and whether nothing is adapted: as the loop remembers. */
static void add_presence(const struct scenario_lab *lab, json_t *document)
{
    size_t length = 0;
    CLEANUP_FREE char *text = lab_disk_text(lab, "state/default/state.json", 0, &length);
    CLEANUP_JSON json_t *state = text ? json_loadb(text, length, 0, NULL) : NULL;
    json_t *held = json_array(), *target;
    const char *name;
    json_object_foreach(json_object_get(state, "targets"), name, target)
        if (json_object_get(target, "held"))
            json_array_append_new(held, json_string(name));
    json_object_set_new(document, "held", sorted(held));
    json_object_set(document, "acknowledged", lab->acknowledged);
    if (json_object_get(state, "survivors"))
        json_object_set(document, "survivors", json_object_get(state, "survivors"));
    if (json_object_get(state, "leftovers"))
        json_object_set(document, "leftovers", json_object_get(state, "leftovers"));
    json_object_set_new(document, "paused", json_boolean(json_object_get(state, "paused") != NULL));
    json_object_set_new(document, "unfinished", json_boolean(json_object_get(state, "deployment") != NULL));
}

json_t *lab_observe(const struct scenario_lab *lab)
{
    json_t *document =
        json_pack("{so s{so so so}}", "targets", observe_targets(lab), "coordinator", "stored",
                  stored_on(COORDINATOR), "manifest", observe_manifest(), "left", observe_left(lab));
    add_presence(lab, document);
    return document;
}
