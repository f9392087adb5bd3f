/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "manifest.h"

#include "cleanup.h"
#include "manifest-parts.h"

/* libxml2's buffers say when memory ends, but hundreds of single pieces need not ask each time. */
struct writer {
    xmlBufferPtr buffer;
    bool failed;
};

static void put(struct writer *writer, const char *markup)
{
    if (xmlBufferCat(writer->buffer, (const xmlChar *)markup))
        writer->failed = true;
}

/* <element>text</element>, nothing if text is NULL. */
static void put_text(struct writer *writer, const char *element, const char *text)
{
    if (!text)
        return;
    put(writer, "<");
    put(writer, element);
    if (*text) {
        put(writer, ">");
        if (xml_write_text(writer->buffer, text))
            writer->failed = true;
        put(writer, "</");
        put(writer, element);
        put(writer, ">");
    } else {
        put(writer, "/>");
    }
}

/* <element name="name", still open. */
static void put_named(struct writer *writer, const char *element, const char *name)
{
    put(writer, "<");
    put(writer, element);
    put(writer, " name=\"");
    if (xml_write_attribute(writer->buffer, name))
        writer->failed = true;
    put(writer, "\"");
}

static void put_children(struct writer *writer, const struct nix_value *value)
{
    if (nix_value_write_children(writer->buffer, value))
        writer->failed = true;
}

static void put_profiles(struct writer *writer, const struct manifest *manifest)
{
    put(writer, "<profiles>");
    for (size_t i = 0; i < manifest->profile_count; i++) {
        put_named(writer, "profile", manifest->profiles[i].target);
        put(writer, ">");
        if (xml_write_text(writer->buffer, manifest->profiles[i].path))
            writer->failed = true;
        put(writer, "</profile>");
    }
    put(writer, "</profiles>");
}

static void put_dependencies(struct writer *writer, const char *opening,
                             const struct dependencies *dependencies, const char *closing)
{
    put(writer, opening);
    for (size_t i = 0; i < dependencies->count; i++) {
        put(writer, "<mapping>");
        put_text(writer, "container", dependencies->items[i].container);
        put_text(writer, "service", dependencies->items[i].service);
        put_text(writer, "target", dependencies->items[i].target);
        put(writer, "</mapping>");
    }
    put(writer, closing);
}

static void put_containers(struct writer *writer, const struct nix_value *containers)
{
    for (size_t i = 0; i < containers->count; i++) {
        put_named(writer, "container", containers->children[i].name);
        put(writer, " type=\"attrs\">");
        put_children(writer, &containers->children[i].value);
        put(writer, "</container>");
    }
}

static void put_services(struct writer *writer, const struct manifest *manifest)
{
    put(writer, "<services>");
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];

        put_named(writer, "service", service->key);
        put(writer, ">");
        put_text(writer, "name", service->name);
        put_text(writer, "pkg", service->pkg);
        put_text(writer, "type", service->type);
        put_dependencies(writer, "<dependsOn>", &service->depends_on, "</dependsOn>");
        put_dependencies(writer, "<connectsTo>", &service->connects_to, "</connectsTo>");
        put(writer, "<providesContainers>");
        put_containers(writer, &service->provides_containers);
        put(writer, "</providesContainers></service>");
    }
    put(writer, "</services>");
}

static void put_infrastructure(struct writer *writer, const struct infrastructure *infrastructure)
{
    put(writer, "<infrastructure>");
    for (size_t i = 0; i < infrastructure->count; i++) {
        const struct target *target = &infrastructure->targets[i];

        put_named(writer, "target", target->name);
        put(writer, "><properties type=\"attrs\">");
        put_children(writer, &target->properties);
        put(writer, "</properties><containers>");
        put_containers(writer, &target->containers);
        put(writer, "</containers>");
        put_text(writer, "system", target->system);
        put_text(writer, "numOfCores", target->number_of_cores);
        put_text(writer, "clientInterface", target->client_interface);
        put_text(writer, "targetProperty", target->target_property);
        put(writer, "</target>");
    }
    put(writer, "</infrastructure>");
}

static void put_service_mappings(struct writer *writer, const struct manifest *manifest)
{
    put(writer, "<serviceMappings>");
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];

        put(writer, "<mapping>");
        put_text(writer, "container", mapping->container);
        put_text(writer, "containerProvidedByService", mapping->provider);
        put_text(writer, "service", mapping->service);
        put_text(writer, "target", mapping->target);
        put(writer, "</mapping>");
    }
    put(writer, "</serviceMappings>");
}

static void put_snapshot_mappings(struct writer *writer, const struct manifest *manifest)
{
    put(writer, "<snapshotMappings>");
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];

        put(writer, "<mapping>");
        put_text(writer, "component", mapping->component);
        put_text(writer, "container", mapping->container);
        put_text(writer, "containerProvidedByService", mapping->provider);
        put_text(writer, "service", mapping->service);
        put_text(writer, "target", mapping->target);
        put(writer, "</mapping>");
    }
    put(writer, "</snapshotMappings>");
}

xmlBufferPtr manifest_write(struct manifest *manifest)
{
    struct writer writer = { 0 };

    manifest_sort(manifest);
    if (manifest->version == 1)
        return manifest_1_write(manifest);
    writer.buffer = xmlBufferCreate();
    if (!writer.buffer)
        return NULL;
    xmlBufferSetAllocationScheme(writer.buffer, XML_BUFFER_ALLOC_DOUBLEIT);
    put(&writer, "<?xml version=\"1.0\"?>\n\n  <manifest version=\"2\">");
    put_profiles(&writer, manifest);
    put_services(&writer, manifest);
    put_infrastructure(&writer, &manifest->infrastructure);
    put_service_mappings(&writer, manifest);
    put_snapshot_mappings(&writer, manifest);
    put(&writer, "</manifest>\n");
    if (writer.failed) {
        xmlBufferFree(writer.buffer);
        return NULL;
    }
    return writer.buffer;
}
