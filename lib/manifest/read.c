/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/manifest/parts.h"
#include "lib/model/paths.h"
#include "lib/model/xml.h"

/* Where in the document the reader is: the innermost element that means something. */
enum place {
    OUTSIDE,
    ROOT,
    PROFILES,
    PROFILE,
    SERVICES,
    SERVICE,
    DEPENDS_ON,
    CONNECTS_TO,
    DEPENDENCY,
    PROVIDES_CONTAINERS,
    SERVICE_MAPPINGS,
    SERVICE_MAPPING,
    SNAPSHOT_MAPPINGS,
    SNAPSHOT_MAPPING,
    INFRASTRUCTURE,
    TEXT
};

/* One document being read. What is not whole yet stands in here, the rest in the manifest. */
struct manifest_reader {
    struct manifest *manifest;
    const char *own_target; /* of a profile manifest; NULL: a deployment manifest */
    bool is_version_1;      /* it is for the other reader */
    enum place places[XML_DEPTH_MAX + 1];
    unsigned depth;
    const char **text; /* where the text of the TEXT element goes */
    struct profile profile;
    struct service service;
    struct dependency dependency;
    struct service_mapping service_mapping;
    struct snapshot_mapping snapshot_mapping;
    bool provides_seen, infrastructure_seen;
    struct value_builder builder; /* within PROVIDES_CONTAINERS and INFRASTRUCTURE */
    struct nix_value infrastructure;
};

#define TEXT_AT(member) TEXT, offsetof(struct manifest_reader, member)

static const struct rule {
    enum place in;
    const char *element;
    enum place to;
    size_t offset;
} rules[] = {
    { ROOT, "profiles", PROFILES, 0 },
    { ROOT, "services", SERVICES, 0 },
    { ROOT, "infrastructure", INFRASTRUCTURE, 0 },
    { ROOT, "serviceMappings", SERVICE_MAPPINGS, 0 },
    { ROOT, "snapshotMappings", SNAPSHOT_MAPPINGS, 0 },
    { PROFILES, "profile", PROFILE, 0 },
    { SERVICES, "service", SERVICE, 0 },
    { SERVICE, "name", TEXT_AT(service.name) },
    { SERVICE, "pkg", TEXT_AT(service.pkg) },
    { SERVICE, "type", TEXT_AT(service.type) },
    { SERVICE, "dependsOn", DEPENDS_ON, 0 },
    { SERVICE, "connectsTo", CONNECTS_TO, 0 },
    { SERVICE, "providesContainers", PROVIDES_CONTAINERS, 0 },
    { DEPENDS_ON, "mapping", DEPENDENCY, 0 },
    { CONNECTS_TO, "mapping", DEPENDENCY, 0 },
    { DEPENDENCY, "service", TEXT_AT(dependency.service) },
    { DEPENDENCY, "container", TEXT_AT(dependency.container) },
    { DEPENDENCY, "target", TEXT_AT(dependency.target) },
    { SERVICE_MAPPINGS, "mapping", SERVICE_MAPPING, 0 },
    { SERVICE_MAPPING, "service", TEXT_AT(service_mapping.service) },
    { SERVICE_MAPPING, "container", TEXT_AT(service_mapping.container) },
    { SERVICE_MAPPING, "target", TEXT_AT(service_mapping.target) },
    { SERVICE_MAPPING, "containerProvidedByService", TEXT_AT(service_mapping.provider) },
    { SNAPSHOT_MAPPINGS, "mapping", SNAPSHOT_MAPPING, 0 },
    { SNAPSHOT_MAPPING, "component", TEXT_AT(snapshot_mapping.component) },
    { SNAPSHOT_MAPPING, "container", TEXT_AT(snapshot_mapping.container) },
    { SNAPSHOT_MAPPING, "service", TEXT_AT(snapshot_mapping.service) },
    { SNAPSHOT_MAPPING, "target", TEXT_AT(snapshot_mapping.target) },
    { SNAPSHOT_MAPPING, "containerProvidedByService", TEXT_AT(snapshot_mapping.provider) },
};

static const struct rule *rule_for(enum place in, const char *element)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].in == in && !strcmp(rules[i].element, element))
            return &rules[i];
    return NULL;
}

static int start_root(struct manifest_reader *own, struct xml_reader *reader, const char *element)
{
    const char *root = own->own_target ? "profilemanifest" : "manifest", *version;

    if (strcmp(element, root))
        return xml_fail(reader, "the root element is %s, not %s", element, root);
    version = xml_attribute(reader, "version");
    own->is_version_1 = version && !own->own_target && !strcmp(version, "1");
    if (version ? strcmp(version, "2") != 0 : !own->own_target)
        return xml_fail(reader, "%s of version %s, which cannot be read", root, version ? version : "none");
    own->places[++own->depth] = ROOT;
    return XML_GO_ON;
}

static int start_named(struct xml_reader *reader, const char *element, const char **name)
{
    *name = xml_attribute(reader, "name");
    if (!*name)
        return xml_fail(reader, "%s without name", element);
    if (!is_plain_name(*name))
        return xml_fail(reader, "%s %s: a name that is empty or has control characters", element, *name);
    return XML_GO_ON;
}

static int start_value(struct xml_reader *reader, const char *element, bool *seen,
                       struct value_builder *builder, struct nix_value *value)
{
    if (*seen)
        return xml_fail(reader, "%s given twice", element);
    *seen = true;
    value_builder_begin(builder, value, NIX_ATTRS);
    return XML_GO_ON;
}

static int start_place(struct manifest_reader *own, struct xml_reader *reader, const char *element,
                       enum place place)
{
    switch (place) {
    case PROFILE: return start_named(reader, element, &own->profile.target);
    case SERVICE:
        service_clear(&own->service);
        own->provides_seen = false;
        return start_named(reader, element, &own->service.key);
    case DEPENDENCY: own->dependency = (struct dependency){ 0 }; return XML_GO_ON;
    case SERVICE_MAPPING: own->service_mapping = (struct service_mapping){ 0 }; return XML_GO_ON;
    case SNAPSHOT_MAPPING: own->snapshot_mapping = (struct snapshot_mapping){ 0 }; return XML_GO_ON;
    case PROVIDES_CONTAINERS:
        return start_value(reader, element, &own->provides_seen, &own->builder,
                           &own->service.provides_containers);
    case INFRASTRUCTURE:
        return start_value(reader, element, &own->infrastructure_seen, &own->builder, &own->infrastructure);
    case TEXT: return *own->text ? xml_fail(reader, "%s given twice", element) : XML_GO_ON;
    default: return XML_GO_ON;
    }
}

static int manifest_start(void *closure, struct xml_reader *reader, const char *element)
{
    struct manifest_reader *own = closure;
    enum place place = own->places[own->depth];
    const struct rule *rule;

    if (own->builder.depth)
        return place == INFRASTRUCTURE ? infrastructure_start(&own->builder, reader, element)
                                       : value_builder_start(&own->builder, reader, element);
    if (place == OUTSIDE)
        return start_root(own, reader, element);
    rule = rule_for(place, element);
    if (!rule || (own->own_target && (rule->to == PROFILES || rule->to == INFRASTRUCTURE)))
        return XML_SKIP;
    own->places[++own->depth] = rule->to;
    own->text = (const char **)(void *)((char *)own + rule->offset);
    return start_place(own, reader, element, rule->to);
}

static int end_profile(struct manifest_reader *own, struct xml_reader *reader, const char *text,
                       size_t length)
{
    const char *path = strings_intern_length(own->manifest->strings, text, length);

    if (!path)
        return xml_no_memory(reader);
    if (!is_store_path(path))
        return xml_fail(reader, "profile %s: %s is no store path", own->profile.target, path);
    return manifest_add_profile(own->manifest, own->profile.target, path) ? XML_GO_ON : xml_no_memory(reader);
}

static int end_dependency(struct manifest_reader *own, struct xml_reader *reader)
{
    bool depends = own->places[own->depth] == DEPENDS_ON;
    struct dependencies *list = depends ? &own->service.depends_on : &own->service.connects_to;
    struct dependency *dependency = &own->dependency, *items;
    const char *element = depends ? "dependsOn mapping" : "connectsTo mapping";

    if (!dependency->target)
        dependency->target = own->own_target;
    if (xml_check_text(reader, element, "service", dependency->service)
        || xml_check_text(reader, element, "container", dependency->container)
        || xml_check_text(reader, element, "target", dependency->target))
        return XML_FAILED;
    items = array_grow(list->items, list->count, sizeof *items);
    if (!items)
        return xml_no_memory(reader);
    list->items = items;
    items[list->count++] = *dependency;
    return XML_GO_ON;
}

static int end_provides(struct manifest_reader *own, struct xml_reader *reader)
{
    struct nix_value *provided = &own->service.provides_containers;

    if (value_builder_close(&own->builder, reader))
        return XML_FAILED;
    nix_value_drop_untyped(provided, NULL, NULL);
    for (size_t i = 0; i < provided->count; i++) {
        if (!is_plain_name(provided->children[i].name))
            return xml_fail(reader, "service %s: a container whose name is empty or has control characters",
                            own->service.key);
        if (provided->children[i].value.type != NIX_ATTRS)
            return xml_fail(reader, "service %s: container %s: not a set", own->service.key,
                            provided->children[i].name);
    }
    return XML_GO_ON;
}

static int end_service(struct manifest_reader *own, struct xml_reader *reader)
{
    struct service *service = &own->service;

    if (!service->name || !service->pkg || !service->type)
        return xml_fail(reader, "service %s: without %s", service->key,
                        !service->name  ? "name"
                        : !service->pkg ? "pkg"
                                        : "type");
    if ((*service->name && !is_plain_name(service->name))
        || (*service->type && !is_plain_name(service->type)))
        return xml_fail(reader, "service %s: control characters in name or type", service->key);
    if (!is_store_path(service->pkg))
        return xml_fail(reader, "service %s: pkg %s is no store path", service->key, service->pkg);
    return manifest_take_service(own->manifest, service) ? xml_no_memory(reader) : XML_GO_ON;
}

static int mapping_check(struct manifest_reader *own, struct xml_reader *reader, const char *element,
                         const char *service, const char *container, const char **target,
                         const char *provider)
{
    if (!*target)
        *target = own->own_target;
    if (xml_check_text(reader, element, "service", service)
        || xml_check_text(reader, element, "container", container)
        || xml_check_text(reader, element, "target", *target)
        || (provider && xml_check_text(reader, element, "containerProvidedByService", provider)))
        return XML_FAILED;
    if (own->own_target && strcmp(*target, own->own_target))
        return xml_fail(reader, "%s of service %s is on target %s, but this is the profile of %s", element,
                        service, *target, own->own_target);
    return XML_GO_ON;
}

static int end_service_mapping(struct manifest_reader *own, struct xml_reader *reader)
{
    struct service_mapping *mapping = &own->service_mapping;

    if (mapping_check(own, reader, "service mapping", mapping->service, mapping->container, &mapping->target,
                      mapping->provider))
        return XML_FAILED;
    return manifest_share_service_mapping(own->manifest, mapping) ? XML_GO_ON : xml_no_memory(reader);
}

static int end_snapshot_mapping(struct manifest_reader *own, struct xml_reader *reader)
{
    struct snapshot_mapping *mapping = &own->snapshot_mapping;

    if (xml_check_text(reader, "snapshot mapping", "component", mapping->component)
        || mapping_check(own, reader, "snapshot mapping", mapping->service, mapping->container,
                         &mapping->target, mapping->provider))
        return XML_FAILED;
    if (!is_file_name(mapping->component) || !is_file_name(mapping->container))
        return xml_fail(reader, "snapshot mapping of service %s: component %s in container %s: no file names",
                        mapping->service, mapping->component, mapping->container);
    return manifest_share_snapshot_mapping(own->manifest, mapping) ? XML_GO_ON : xml_no_memory(reader);
}

static int end_text(struct manifest_reader *own, struct xml_reader *reader, const char *text, size_t length)
{
    *own->text = strings_intern_length(own->manifest->strings, text, length);
    return *own->text ? XML_GO_ON : xml_no_memory(reader);
}

static int manifest_end(void *closure, struct xml_reader *reader, const char *text, size_t length)
{
    struct manifest_reader *own = closure;

    if (own->builder.depth > 1)
        return value_builder_end(&own->builder, reader, own->manifest->strings, text, length);
    switch (own->places[own->depth--]) {
    case TEXT: return end_text(own, reader, text, length);
    case PROFILE: return end_profile(own, reader, text, length);
    case SERVICE: return end_service(own, reader);
    case DEPENDENCY: return end_dependency(own, reader);
    case PROVIDES_CONTAINERS: return end_provides(own, reader);
    case INFRASTRUCTURE: return value_builder_close(&own->builder, reader);
    case SERVICE_MAPPING: return end_service_mapping(own, reader);
    case SNAPSHOT_MAPPING: return end_snapshot_mapping(own, reader);
    default: return XML_GO_ON;
    }
}

/* A profile manifest holds the services that it maps. */
static int services_held(struct manifest *manifest, const char *source, char **reason)
{
    size_t kept = 0;

    for (size_t i = 0; i < manifest->service_mapping_count; i++)
        if (!manifest_find_service(manifest, manifest->service_mappings[i].service))
            return reason_set(reason, source, "service mapping in %s: it does not hold the service %s",
                              manifest->service_mappings[i].container, manifest->service_mappings[i].service);
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        if (manifest_find_service(manifest, manifest->snapshot_mappings[i].service))
            manifest->snapshot_mappings[kept++] = manifest->snapshot_mappings[i];
    manifest->snapshot_mapping_count = kept;
    return 0;
}

static int infrastructure_finish(struct manifest_reader *own, const char *source, char **reason)
{
    struct infrastructure *infrastructure = &own->manifest->infrastructure;

    if (!own->infrastructure_seen)
        return 0;
    nix_value_drop_untyped(&own->infrastructure, NULL, NULL);
    return infrastructure_take(&own->infrastructure, source, own->manifest->strings, NULL, infrastructure,
                               reason);
}

static int document_read(const struct xml_source *source, const char *own_target, struct manifest *manifest,
                         char **reason)
{
    static const struct xml_events events = { manifest_start, manifest_end };
    struct manifest_reader own = { .manifest = manifest,
                                   .own_target = own_target,
                                   .infrastructure = { .type = NIX_ATTRS } };
    int outcome;

    manifest_init(manifest, source->strings);
    service_clear(&own.service);
    outcome = xml_read(source, &events, &own, reason);
    if (own.is_version_1) {
        free(*reason);
        return manifest_1_read(source, manifest, reason);
    }
    if (!outcome)
        outcome = infrastructure_finish(&own, source->name, reason);
    if (!outcome) {
        manifest_sort(manifest);
        outcome = manifest_refuse_twice(manifest, source->name, reason);
    }
    if (!outcome && own_target)
        outcome = services_held(manifest, source->name, reason);
    service_clear(&own.service);
    nix_value_clear(&own.infrastructure);
    if (outcome)
        manifest_clear(manifest);
    return outcome;
}

static struct xml_source source_of(const char *xml, size_t length, const char *source,
                                   const struct manifest_limits *limits, struct strings *strings)
{
    return (struct xml_source){ .xml = xml,
                                .length = length,
                                .name = source,
                                .limit = limits ? limits->bytes : 0,
                                .depth = limits ? limits->depth : 0,
                                .depth_option = limits ? limits->depth_option : NULL,
                                .strings = strings };
}

int manifest_parse(const char *xml, size_t length, const char *source, const struct manifest_limits *limits,
                   struct strings *strings, struct manifest *manifest, char **reason)
{
    const struct xml_source xml_source = source_of(xml, length, source, limits, strings);

    return document_read(&xml_source, NULL, manifest, reason);
}

int profile_manifest_parse(const char *xml, size_t length, const char *source, const char *target,
                           const struct manifest_limits *limits, struct strings *strings,
                           struct manifest *manifest, char **reason)
{
    const struct xml_source xml_source = source_of(xml, length, source, limits, strings);
    const char *own_target = strings_intern(strings, target);

    if (!own_target) {
        manifest_init(manifest, strings);
        return reason_set(reason, source, "not enough memory");
    }
    return document_read(&xml_source, own_target, manifest, reason);
}
