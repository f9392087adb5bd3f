/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/manifest/parts.h"
#include "lib/model/paths.h"

/* Where in the document the reader is: the innermost element that means something. */
enum place {
    OUTSIDE,
    ROOT,
    DISTRIBUTION,
    PROFILE,
    ACTIVATION,
    SERVICE,
    DEPENDS_ON,
    DEPENDENCY,
    SNAPSHOTS,
    SNAPSHOT,
    TARGETS,
    TARGET,
    TEXT
};

/* One document being read. What is not whole yet stands in here, the rest in the manifest. */
struct manifest_reader {
    struct manifest *manifest;
    enum place places[XML_DEPTH_MAX + 1];
    unsigned depth;
    const char **text; /* where the text of the TEXT element goes */
    struct profile profile;
    struct service service;
    struct service_mapping service_mapping;
    struct dependency dependency;
    struct snapshot_mapping snapshot_mapping;
    const char *snapshot_type;
    const char **snapshot_types;  /* of the manifest's snapshot mappings */
    struct value_builder builder; /* within TARGET */
    bool in_containers;
    struct nix_value target;
    struct nix_value targets; /* by connection key */
};

#define TEXT_AT(member) TEXT, offsetof(struct manifest_reader, member)

static const struct rule {
    enum place in;
    const char *element;
    enum place to;
    size_t offset;
} rules[] = {
    { ROOT, "distribution", DISTRIBUTION, 0 },
    { ROOT, "activation", ACTIVATION, 0 },
    { ROOT, "snapshots", SNAPSHOTS, 0 },
    { ROOT, "targets", TARGETS, 0 },
    { DISTRIBUTION, "mapping", PROFILE, 0 },
    { PROFILE, "profile", TEXT_AT(profile.path) },
    { PROFILE, "target", TEXT_AT(profile.target) },
    { ACTIVATION, "mapping", SERVICE, 0 },
    { SERVICE, "dependsOn", DEPENDS_ON, 0 },
    { SERVICE, "name", TEXT_AT(service.name) },
    { SERVICE, "service", TEXT_AT(service.pkg) },
    { SERVICE, "target", TEXT_AT(service_mapping.target) },
    { SERVICE, "container", TEXT_AT(service_mapping.container) },
    { SERVICE, "type", TEXT_AT(service.type) },
    { SERVICE, "key", TEXT_AT(service.key) },
    { DEPENDS_ON, "dependency", DEPENDENCY, 0 },
    { DEPENDENCY, "target", TEXT_AT(dependency.target) },
    { DEPENDENCY, "container", TEXT_AT(dependency.container) },
    { DEPENDENCY, "key", TEXT_AT(dependency.service) },
    { SNAPSHOTS, "mapping", SNAPSHOT, 0 },
    { SNAPSHOT, "component", TEXT_AT(snapshot_mapping.component) },
    { SNAPSHOT, "container", TEXT_AT(snapshot_mapping.container) },
    { SNAPSHOT, "target", TEXT_AT(snapshot_mapping.target) },
    { SNAPSHOT, "service", TEXT_AT(snapshot_mapping.service) },
    { SNAPSHOT, "type", TEXT_AT(snapshot_type) },
    { TARGETS, "target", TARGET, 0 },
};

static const struct rule *rule_for(enum place in, const char *element)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].in == in && !strcmp(rules[i].element, element))
            return &rules[i];
    return NULL;
}

static int start_place(struct manifest_reader *own, struct xml_reader *reader, const char *element,
                       enum place place)
{
    switch (place) {
    case PROFILE: own->profile = (struct profile){ 0 }; return XML_GO_ON;
    case SERVICE:
        service_clear(&own->service);
        own->service_mapping = (struct service_mapping){ 0 };
        return XML_GO_ON;
    case DEPENDENCY: own->dependency = (struct dependency){ 0 }; return XML_GO_ON;
    case SNAPSHOT:
        own->snapshot_mapping = (struct snapshot_mapping){ 0 };
        own->snapshot_type = NULL;
        return XML_GO_ON;
    case TARGET: value_builder_begin(&own->builder, &own->target, NIX_ATTRS); return XML_GO_ON;
    case TEXT: return *own->text ? xml_fail(reader, "%s given twice", element) : XML_GO_ON;
    default: return XML_GO_ON;
    }
}

/* In a target, the elements have the names of the properties, or of containers with properties; their text is
 * all there is of a value. */
static int start_in_target(struct manifest_reader *own, struct xml_reader *reader, const char *element)
{
    static const char *const texts[] = { "system", "numOfCores", "clientInterface", "targetProperty", NULL };
    struct value_builder *builder = &own->builder;
    const char *name = strings_intern(own->manifest->strings, element);
    bool is_set = builder->depth == 2 && own->in_containers, known = builder->depth > 1;

    if (!name)
        return xml_no_memory(reader);
    if (builder->open[builder->depth - 1]->type != NIX_ATTRS)
        return XML_SKIP;
    for (int i = 0; !known && texts[i]; i++)
        known = !strcmp(element, texts[i]);
    if (!known) {
        own->in_containers = !strcmp(element, "containers");
        is_set = own->in_containers || !strcmp(element, "properties");
        if (!is_set)
            return XML_SKIP;
    }
    return value_builder_open(builder, reader, name, is_set ? NIX_ATTRS : NIX_STRING, NULL);
}

static int manifest_start(void *closure, struct xml_reader *reader, const char *element)
{
    struct manifest_reader *own = closure;
    const struct rule *rule;

    if (own->builder.depth)
        return start_in_target(own, reader, element);
    if (own->places[own->depth] == OUTSIDE) { /* it was looked at before */
        own->places[++own->depth] = ROOT;
        return XML_GO_ON;
    }
    rule = rule_for(own->places[own->depth], element);
    if (!rule)
        return XML_SKIP;
    own->places[++own->depth] = rule->to;
    own->text = (const char **)(void *)((char *)own + rule->offset);
    return start_place(own, reader, element, rule->to);
}

/* Targets are known by their connection keys. */
static int check_target(struct xml_reader *reader, const char *element, const char *target)
{
    if (xml_check_text(reader, element, "target", target))
        return XML_FAILED;
    return is_connection_key(target) ? XML_GO_ON
                                     : xml_fail(reader, "%s: target %s: no connection key", element, target);
}

static int end_profile(struct manifest_reader *own, struct xml_reader *reader)
{
    const struct profile *profile = &own->profile;

    if (check_target(reader, "distribution mapping", profile->target)
        || xml_check_text(reader, "distribution mapping", "profile", profile->path))
        return XML_FAILED;
    if (!is_store_path(profile->path))
        return xml_fail(reader, "distribution mapping of target %s: %s is no store path", profile->target,
                        profile->path);
    return manifest_add_profile(own->manifest, profile->target, profile->path) ? XML_GO_ON
                                                                               : xml_no_memory(reader);
}

static int end_dependency(struct manifest_reader *own, struct xml_reader *reader)
{
    struct dependencies *list = &own->service.depends_on;
    struct dependency *items;

    if (xml_check_text(reader, "dependency", "key", own->dependency.service)
        || xml_check_text(reader, "dependency", "container", own->dependency.container)
        || check_target(reader, "dependency", own->dependency.target))
        return XML_FAILED;
    items = array_grow(list->items, list->count, sizeof *items);
    if (!items)
        return xml_no_memory(reader);
    list->items = items;
    items[list->count++] = own->dependency;
    return XML_GO_ON;
}

static int end_service(struct manifest_reader *own, struct xml_reader *reader)
{
    static const char element[] = "activation mapping";
    struct service *service = &own->service;
    struct service_mapping *mapping = &own->service_mapping;

    if (xml_check_text(reader, element, "key", service->key)
        || xml_check_text(reader, element, "service", service->pkg)
        || xml_check_text(reader, element, "container", mapping->container)
        || check_target(reader, element, mapping->target))
        return XML_FAILED;
    if (!service->name || !service->type)
        return xml_fail(reader, "%s of service %s: without %s", element, service->key,
                        service->name ? "type" : "name");
    if ((*service->name && !is_plain_name(service->name))
        || (*service->type && !is_plain_name(service->type)))
        return xml_fail(reader, "%s of service %s: control characters in name or type", element,
                        service->key);
    if (!is_store_path(service->pkg))
        return xml_fail(reader, "%s of service %s: %s is no store path", element, service->key, service->pkg);
    mapping->service = service->key;
    if (manifest_take_service(own->manifest, service)
        || !manifest_add_service_mapping(own->manifest, mapping))
        return xml_no_memory(reader);
    return XML_GO_ON;
}

static int end_snapshot(struct manifest_reader *own, struct xml_reader *reader)
{
    static const char element[] = "snapshot mapping";
    const struct snapshot_mapping *mapping = &own->snapshot_mapping;
    const char **types;

    if (xml_check_text(reader, element, "component", mapping->component)
        || xml_check_text(reader, element, "container", mapping->container)
        || check_target(reader, element, mapping->target)
        || xml_check_text(reader, element, "service", mapping->service))
        return XML_FAILED;
    if (own->snapshot_type && *own->snapshot_type && !is_plain_name(own->snapshot_type))
        return xml_fail(reader, "%s of component %s: control characters in its type", element,
                        mapping->component);
    if (!is_store_path(mapping->service))
        return xml_fail(reader, "%s of component %s: %s is no store path", element, mapping->component,
                        mapping->service);
    if (!is_file_name(mapping->component) || !is_file_name(mapping->container))
        return xml_fail(reader, "%s: component %s in container %s: no file names", element,
                        mapping->component, mapping->container);
    types = array_grow(own->snapshot_types, own->manifest->snapshot_mapping_count, sizeof *types);
    if (!types)
        return xml_no_memory(reader);
    own->snapshot_types = types;
    types[own->manifest->snapshot_mapping_count] = own->snapshot_type;
    return manifest_add_snapshot_mapping(own->manifest, mapping) ? XML_GO_ON : xml_no_memory(reader);
}

/* A target has no name; its connection key is what mappings know it by. */
static int end_target(struct manifest_reader *own, struct xml_reader *reader)
{
    struct nix_value *targets = &own->targets;
    const struct nix_value *properties, *property, *key = NULL;
    struct nix_attribute *children;

    if (value_builder_close(&own->builder, reader))
        return XML_FAILED;
    properties = nix_value_get(&own->target, "properties");
    property = nix_value_get(&own->target, "targetProperty");
    if (properties && property)
        key = nix_value_get(properties, property->text);
    if (!key || !is_connection_key(key->text))
        return xml_fail(reader, "target number %zu: without a connection key", targets->count + 1);
    children = array_grow(targets->children, targets->count, sizeof *children);
    if (!children)
        return xml_no_memory(reader);
    targets->children = children;
    children[targets->count++] = (struct nix_attribute){ .name = key->text, .value = own->target };
    own->target = (struct nix_value){ .type = NIX_ATTRS };
    return XML_GO_ON;
}

static int manifest_end(void *closure, struct xml_reader *reader, const char *text, size_t length)
{
    struct manifest_reader *own = closure;

    if (own->builder.depth > 1)
        return value_builder_end(&own->builder, reader, own->manifest->strings, text, length);
    switch (own->places[own->depth--]) {
    case TEXT:
        *own->text = strings_intern_length(own->manifest->strings, text, length);
        return *own->text ? XML_GO_ON : xml_no_memory(reader);
    case PROFILE: return end_profile(own, reader);
    case DEPENDENCY: return end_dependency(own, reader);
    case SERVICE: return end_service(own, reader);
    case SNAPSHOT: return end_snapshot(own, reader);
    case TARGET: return end_target(own, reader);
    default: return XML_GO_ON;
    }
}

static int compare_attributes(const void *a, const void *b)
{
    return strcmp(((const struct nix_attribute *)a)->name, ((const struct nix_attribute *)b)->name);
}

static int take_targets(struct manifest_reader *own, const char *source, char **reason)
{
    struct nix_value *targets = &own->targets;

    if (targets->count)
        qsort(targets->children, targets->count, sizeof *targets->children, compare_attributes);
    for (size_t i = 1; i < targets->count; i++)
        if (!strcmp(targets->children[i - 1].name, targets->children[i].name))
            return reason_set(reason, source, "target %s: given twice", targets->children[i].name);
    return infrastructure_take(targets, source, own->manifest->strings, NULL, &own->manifest->infrastructure,
                               reason);
}

static int finish_manifest_1(struct manifest_reader *own, const char *source, char **reason)
{
    struct manifest *manifest = own->manifest;

    if (manifest_1_unite_services(manifest, source, reason))
        return -1;
    /* The types are in the order in which the snapshot mappings came. */
    if (manifest_1_join_snapshots(manifest, own->snapshot_types, source, reason))
        return -1;
    return manifest_refuse_twice(manifest, source, reason) ? -1 : take_targets(own, source, reason);
}

int manifest_1_read(const struct xml_source *xml_source, struct manifest *manifest, char **reason)
{
    static const struct xml_events events = { manifest_start, manifest_end };
    struct manifest_reader own = { .manifest = manifest,
                                   .target = { .type = NIX_ATTRS },
                                   .targets = { .type = NIX_ATTRS } };
    int outcome;

    manifest_init(manifest, xml_source->strings);
    manifest->version = 1;
    service_clear(&own.service);
    outcome = xml_read(xml_source, &events, &own, reason);
    if (!outcome)
        outcome = finish_manifest_1(&own, xml_source->name, reason);
    service_clear(&own.service);
    nix_value_clear(&own.target);
    nix_value_clear(&own.targets);
    free(own.snapshot_types);
    if (outcome)
        manifest_clear(manifest);
    return outcome;
}
