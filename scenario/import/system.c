/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/import/system.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"
#include "scenario/format/policy.h"
#include "scenario/import/names.h"

struct importing {
    const struct manifest *manifest;
    json_t *targets, *services, *distribution;
    json_t *target_names, *service_names; /* as import_name() has them */
    json_t *places;                       /* { SERVICE: [TARGET] }, where they are */
};

static const char *name_of_target(struct importing *importing, const char *target)
{
    return import_name(importing->target_names, target, "target");
}

/* NULL: the manifest has no such service. */
static const char *name_of_service(struct importing *importing, const char *key)
{
    const struct service *service = manifest_find_service(importing->manifest, key);
    return service ? import_name(importing->service_names, service->name, "service") : NULL;
}

/* Targets. */

/* Texts of one line stay what they are, and numbers and booleans become their texts. */
static void add_property(json_t *properties, const char *target, const struct nix_attribute *property)
{
    const enum nix_type type = property->value.type;
    const bool scalar = type == NIX_STRING || type == NIX_INT || type == NIX_FLOAT || type == NIX_BOOL;
    if (scalar && is_plain_name(property->value.text))
        json_object_set_new(properties, property->name, json_string(property->value.text));
    else
        log_notice(target, "the property %s is not taken over: it is no text of one line", property->name);
}

static void add_target(struct importing *importing, const struct target *target)
{
    const char *name = name_of_target(importing, target->name), *key = target_connection_key(target);
    json_t *document = json_object(), *properties = json_object();
    for (size_t i = 0; i < target->properties.count; i++)
        if (strcmp(target->properties.children[i].name, target->target_property) != 0)
            add_property(properties, name, &target->properties.children[i]);
    if (key && strcmp(key, name) != 0)
        json_object_set_new(document, "key", json_string(key));
    if (json_object_size(properties) > 0)
        json_object_set(document, "properties", properties);
    json_decref(properties);
    json_object_set_new(importing->targets, name, document);
}

static bool has_attributes(const struct nix_value *containers)
{
    for (size_t i = 0; i < containers->count; i++)
        if (containers->children[i].value.count > 0)
            return true;
    return false;
}

static void tell_untaken(const struct manifest *manifest)
{
    bool properties = false;
    for (size_t i = 0; i < manifest->infrastructure.count; i++)
        properties |= has_attributes(&manifest->infrastructure.targets[i].containers);
    for (size_t i = 0; i < manifest->service_count; i++)
        properties |= has_attributes(&manifest->services[i].provides_containers);
    log_notice(NULL, "not taken over: client interfaces, systems, numbers of cores%s",
               properties ? ", properties of containers" : "");
}

/* Services. */

/* A component is called NAME-VERSION in most packages; else its version begins with a digit. */
static const char *version_of(const char *name, const char *pkg)
{
    const char *component = store_path_name(pkg);
    size_t length = strlen(name);
    if (component && strncmp(component, name, length) == 0 && component[length] == '-')
        return component[length + 1] ? component + length + 1 : "1";
    for (; component && *component; component++)
        if (*component == '-' && isdigit((unsigned char)component[1]))
            return component + 1;
    return "1";
}

static void add_provided(json_t *document, const char *name, const struct nix_value *containers)
{
    for (size_t i = 0; i < containers->count; i++)
        if (i == 0)
            json_object_set_new(document, "provides", json_string(containers->children[i].name));
        else
            log_notice(NULL, "%s: the container %s, which it provides, is not taken over: a service has one",
                       name, containers->children[i].name);
}

static void add_service(struct importing *importing, const struct service *service)
{
    const char *name = name_of_service(importing, service->key);
    const char *version = version_of(service->name, service->pkg);
    json_t *document;
    if (json_object_get(importing->services, name)) {
        log_notice(NULL, "%s: there are several services of this name; they become one", name);
        return;
    }
    document = json_object();
    if (is_plain_name(service->type) && strcmp(service->type, "process") != 0)
        json_object_set_new(document, "type", json_string(service->type));
    if (strcmp(version, "1") != 0)
        json_object_set_new(document, "version", json_string(version));
    add_provided(document, name, &service->provides_containers);
    json_object_set_new(importing->services, name, document);
}

static void add_mapping(struct importing *importing, const struct service_mapping *mapping)
{
    const char *name = name_of_service(importing, mapping->service);
    const char *target = name_of_target(importing, mapping->target);
    json_t *document = json_object_get(importing->services, name);
    if (!document || !json_object_get(importing->targets, target)) {
        log_notice(NULL, "what is mapped on %s in the container %s is not taken over: there is no such %s",
                   target, mapping->container, document ? "target" : "service");
        return;
    }
    if (!json_object_get(importing->places, name)) {
        json_object_set_new(importing->places, name, json_array());
        if (strcmp(mapping->container, scenario_type(document)) != 0)
            json_object_set_new(document, "container", json_string(mapping->container));
    }
    if (strcmp(mapping->container, scenario_container(document)) != 0)
        log_notice(target, "%s is in the container %s; in the scenario it is in %s, as on other targets",
                   name, mapping->container, scenario_container(document));
    json_list_add(json_object_get(importing->places, name), target);
}

/* That a container is on its provider's target follows from what the provider provides. */
static bool is_provider(const json_t *document, const json_t *other)
{
    const char *provides = json_string_value(json_object_get(other, "provides"));
    return provides && strcmp(provides, scenario_container(document)) == 0;
}

static void add_dependencies(struct importing *importing, json_t *document, const char *member,
                             const struct dependencies *dependencies)
{
    CLEANUP_JSON json_t *names = json_incref(json_object_get(document, member));
    if (!names)
        names = json_array();
    for (size_t i = 0; i < dependencies->count; i++) {
        const char *name = name_of_service(importing, dependencies->items[i].service);
        const json_t *other = name ? json_object_get(importing->services, name) : NULL;
        if (!other)
            log_notice(NULL, "a dependency on %s is not taken over: there is no such service",
                       dependencies->items[i].service);
        else if (!is_provider(document, other))
            json_list_add(names, name);
    }
    if (json_array_size(names) > 0)
        json_object_set(document, member, names);
}

/* A database whose state is not deployed has none that would move. */
static void add_state(struct importing *importing)
{
    const struct manifest *manifest = importing->manifest;
    const char *name;
    json_t *document;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        name = name_of_service(importing, manifest->snapshot_mappings[i].service);
        if (name)
            json_object_set_new(json_object_get(importing->services, name), "state", json_true());
    }
    json_object_foreach(importing->services, name, document)
        if (!json_object_get(document, "state") && scenario_has_state(document))
            json_object_set_new(document, "state", json_false());
}

/* Placement. */

static bool has_container(const struct target *target, const char *container)
{
    return nix_value_get(&target->containers, container) != NULL;
}

/* A service that provides the container; NULL: targets have it. */
static const char *provider_of(const struct importing *importing, const char *container)
{
    const char *name;
    json_t *document;
    json_object_foreach(importing->services, name, document)
        if (strcmp(text_at(document, "provides"), container) == 0 && *container)
            return name;
    return NULL;
}

static void add_all(json_t *list, const json_t *more)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)more, index, name)
        json_list_add(list, json_string_value(name));
}

/* Where it may be, in order: where it is, where what provides its container is, and wherever there is such a
 * container. */
static void add_candidates(struct importing *importing, const char *name, json_t *list, unsigned depth)
{
    const char *container = scenario_container(json_object_get(importing->services, name));
    const char *provider = provider_of(importing, container);
    const struct infrastructure *infrastructure = &importing->manifest->infrastructure;
    add_all(list, json_object_get(importing->places, name));
    if (provider && depth > 0)
        add_candidates(importing, provider, list, depth - 1);
    for (size_t i = 0; i < infrastructure->count; i++)
        if (has_container(&infrastructure->targets[i], container))
            json_list_add(list, name_of_target(importing, infrastructure->targets[i].name));
}

static void add_policy(struct importing *importing, const char *name)
{
    enum { CONTAINERS_IN_CONTAINERS = 8 };
    size_t copies = json_array_size(json_object_get(importing->places, name));
    json_t *on = json_array(), *policy = json_pack("{so}", "on", on);
    if (copies > 0)
        add_candidates(importing, name, on, CONTAINERS_IN_CONTAINERS);
    if (copies > 1)
        json_object_set_new(policy, "copies", json_integer((json_int_t)copies));
    json_object_set_new(importing->distribution, name, policy);
}

static void import_all(struct importing *importing)
{
    const struct manifest *manifest = importing->manifest;
    const char *name;
    json_t *document;
    for (size_t i = 0; i < manifest->infrastructure.count; i++)
        add_target(importing, &manifest->infrastructure.targets[i]);
    for (size_t i = 0; i < manifest->service_count; i++)
        add_service(importing, &manifest->services[i]);
    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        add_mapping(importing, &manifest->service_mappings[i]);
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];
        document = json_object_get(importing->services, name_of_service(importing, service->key));
        add_dependencies(importing, document, "dependsOn", &service->depends_on);
        add_dependencies(importing, document, "connectsTo", &service->connects_to);
    }
    add_state(importing);
    json_object_foreach(importing->services, name, document)
        add_policy(importing, name);
    tell_untaken(manifest);
}

json_t *import_system(const struct manifest *manifest)
{
    struct importing importing = { .manifest = manifest,
                                   .targets = json_object(),
                                   .services = json_object(),
                                   .distribution = json_object(),
                                   .target_names = json_object(),
                                   .service_names = json_object(),
                                   .places = json_object() };
    import_all(&importing);
    return json_pack("{so so so s{so} s{so so}}", "targets", importing.targets, "services",
                     importing.services, "distribution", importing.distribution, "expect", "answers",
                     importing.places, "names", "targets", importing.target_names, "services",
                     importing.service_names);
}
