/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/manifest/manifest.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/manifest/parts.h"

/* Hundreds of thousands of small pieces are gathered here, and need not ask each time whether it worked. */
struct writer {
    int (*put)(void *closure, const char *data, size_t length);
    void *closure;
    bool failed;
    size_t used;
    char gathered[64 * 1024];
};

static void flush(struct writer *writer)
{
    if (writer->used && !writer->failed && writer->put(writer->closure, writer->gathered, writer->used))
        writer->failed = true;
    writer->used = 0;
}

static void put_bytes(struct writer *writer, const char *bytes, size_t length)
{
    if (length > sizeof writer->gathered - writer->used)
        flush(writer);
    if (length > sizeof writer->gathered) {
        if (!writer->failed && writer->put(writer->closure, bytes, length))
            writer->failed = true;
        return;
    }
    memcpy(writer->gathered + writer->used, bytes, length);
    writer->used += length;
}

static void put_markup(struct writer *writer, const char *markup)
{
    put_bytes(writer, markup, strlen(markup));
}

/* What value.h appends to a buffer. */
static void put_appended(struct writer *writer, int (*append)(xmlBufferPtr buffer, const void *what),
                         const void *what)
{
    CLEANUP_BUFFER xmlBufferPtr buffer = xmlBufferCreate();

    if (!buffer || append(buffer, what))
        writer->failed = true;
    else
        put_bytes(writer, (const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
}

static int append_text(xmlBufferPtr buffer, const void *text)
{
    return xml_write_text(buffer, text);
}

static int append_attribute(xmlBufferPtr buffer, const void *text)
{
    return xml_write_attribute(buffer, text);
}

static int append_children(xmlBufferPtr buffer, const void *value)
{
    return nix_value_write_children(buffer, value);
}

/* Mostly there is nothing to escape. */
static void put_escaped(struct writer *writer, const char *text,
                        int (*append)(xmlBufferPtr buffer, const void *what))
{
    size_t plain = strcspn(text, "&<>\"\t\r\n");

    if (text[plain])
        put_appended(writer, append, text);
    else
        put_bytes(writer, text, plain);
}

/* <element>text</element>, nothing if text is NULL. */
static void put_text(struct writer *writer, const char *element, const char *text)
{
    if (!text)
        return;
    put_markup(writer, "<");
    put_markup(writer, element);
    if (*text) {
        put_markup(writer, ">");
        put_escaped(writer, text, append_text);
        put_markup(writer, "</");
        put_markup(writer, element);
        put_markup(writer, ">");
    } else {
        put_markup(writer, "/>");
    }
}

/* <element name="name", still open. */
static void put_named(struct writer *writer, const char *element, const char *name)
{
    put_markup(writer, "<");
    put_markup(writer, element);
    put_markup(writer, " name=\"");
    put_escaped(writer, name, append_attribute);
    put_markup(writer, "\"");
}

static void put_children(struct writer *writer, const struct nix_value *value)
{
    if (value->count)
        put_appended(writer, append_children, value);
}

static void put_profiles(struct writer *writer, const struct manifest *manifest)
{
    put_markup(writer, "<profiles>");
    for (size_t i = 0; i < manifest->profile_count; i++) {
        put_named(writer, "profile", manifest->profiles[i].target);
        put_markup(writer, ">");
        put_escaped(writer, manifest->profiles[i].path, append_text);
        put_markup(writer, "</profile>");
    }
    put_markup(writer, "</profiles>");
}

static void put_dependencies(struct writer *writer, const char *opening,
                             const struct dependencies *dependencies, const char *closing)
{
    put_markup(writer, opening);
    for (size_t i = 0; i < dependencies->count; i++) {
        put_markup(writer, "<mapping>");
        put_text(writer, "container", dependencies->items[i].container);
        put_text(writer, "service", dependencies->items[i].service);
        put_text(writer, "target", dependencies->items[i].target);
        put_markup(writer, "</mapping>");
    }
    put_markup(writer, closing);
}

static void put_containers(struct writer *writer, const struct nix_value *containers)
{
    for (size_t i = 0; i < containers->count; i++) {
        put_named(writer, "container", containers->children[i].name);
        put_markup(writer, " type=\"attrs\">");
        put_children(writer, &containers->children[i].value);
        put_markup(writer, "</container>");
    }
}

static void put_services(struct writer *writer, const struct manifest *manifest)
{
    put_markup(writer, "<services>");
    for (size_t i = 0; i < manifest->service_count; i++) {
        const struct service *service = &manifest->services[i];

        put_named(writer, "service", service->key);
        put_markup(writer, ">");
        put_text(writer, "name", service->name);
        put_text(writer, "pkg", service->pkg);
        put_text(writer, "type", service->type);
        put_dependencies(writer, "<dependsOn>", &service->depends_on, "</dependsOn>");
        put_dependencies(writer, "<connectsTo>", &service->connects_to, "</connectsTo>");
        put_markup(writer, "<providesContainers>");
        put_containers(writer, &service->provides_containers);
        put_markup(writer, "</providesContainers></service>");
    }
    put_markup(writer, "</services>");
}

static void put_infrastructure(struct writer *writer, const struct infrastructure *infrastructure)
{
    put_markup(writer, "<infrastructure>");
    for (size_t i = 0; i < infrastructure->count; i++) {
        const struct target *target = &infrastructure->targets[i];

        put_named(writer, "target", target->name);
        put_markup(writer, "><properties type=\"attrs\">");
        put_children(writer, &target->properties);
        put_markup(writer, "</properties><containers>");
        put_containers(writer, &target->containers);
        put_markup(writer, "</containers>");
        put_text(writer, "system", target->system);
        put_text(writer, "numOfCores", target->number_of_cores);
        put_text(writer, "clientInterface", target->client_interface);
        put_text(writer, "targetProperty", target->target_property);
        put_markup(writer, "</target>");
    }
    put_markup(writer, "</infrastructure>");
}

static void put_service_mappings(struct writer *writer, const struct manifest *manifest)
{
    put_markup(writer, "<serviceMappings>");
    for (size_t i = 0; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];

        put_markup(writer, "<mapping>");
        put_text(writer, "container", mapping->container);
        put_text(writer, "containerProvidedByService", mapping->provider);
        put_text(writer, "service", mapping->service);
        put_text(writer, "target", mapping->target);
        put_markup(writer, "</mapping>");
    }
    put_markup(writer, "</serviceMappings>");
}

static void put_snapshot_mappings(struct writer *writer, const struct manifest *manifest)
{
    put_markup(writer, "<snapshotMappings>");
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];

        put_markup(writer, "<mapping>");
        put_text(writer, "component", mapping->component);
        put_text(writer, "container", mapping->container);
        put_text(writer, "containerProvidedByService", mapping->provider);
        put_text(writer, "service", mapping->service);
        put_text(writer, "target", mapping->target);
        put_markup(writer, "</mapping>");
    }
    put_markup(writer, "</snapshotMappings>");
}

static int put_version_1(const struct manifest *manifest,
                         int (*put_piece)(void *closure, const char *data, size_t length), void *closure)
{
    CLEANUP_BUFFER xmlBufferPtr text = manifest_1_write(manifest);

    return text ? put_piece(closure, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text))
                : -1;
}

int manifest_put(struct manifest *manifest, int (*put_piece)(void *closure, const char *data, size_t length),
                 void *closure)
{
    CLEANUP_FREE struct writer *writer = malloc(sizeof *writer);

    manifest_sort(manifest);
    if (manifest->version == 1)
        return put_version_1(manifest, put_piece, closure);
    if (!writer)
        return -1;
    writer->put = put_piece;
    writer->closure = closure;
    writer->failed = false;
    writer->used = 0;
    put_markup(writer, "<?xml version=\"1.0\"?>\n\n  <manifest version=\"2\">");
    put_profiles(writer, manifest);
    put_services(writer, manifest);
    put_infrastructure(writer, &manifest->infrastructure);
    put_service_mappings(writer, manifest);
    put_snapshot_mappings(writer, manifest);
    put_markup(writer, "</manifest>\n");
    flush(writer);
    return writer->failed ? -1 : 0;
}

static int add_piece(void *buffer, const char *data, size_t length)
{
    return xmlBufferAdd(buffer, (const xmlChar *)data, (int)length) ? -1 : 0;
}

xmlBufferPtr manifest_write(struct manifest *manifest)
{
    xmlBufferPtr buffer = xmlBufferCreate();

    if (!buffer)
        return NULL;
    xmlBufferSetAllocationScheme(buffer, XML_BUFFER_ALLOC_DOUBLEIT);
    if (manifest_put(manifest, add_piece, buffer) == 0)
        return buffer;
    xmlBufferFree(buffer);
    return NULL;
}
