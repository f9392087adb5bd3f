/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order and the layout are those in which Disnix 0.7 writes a reconstructed manifest: it compares bytes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/manifest/parts.h"

struct writer {
    xmlBufferPtr buffer;
    const struct manifest *manifest;
    bool failed;
};

/* A profile, a service in a place or a snapshot, with what it is sorted by. */
struct row {
    const char *order[4]; /* NULL: no more */
    const void *element;
    const struct service *service;
    const char *key; /* of its target */
};

static void put_markup_1(struct writer *writer, const char *markup)
{
    if (xmlBufferCat(writer->buffer, (const xmlChar *)markup))
        writer->failed = true;
}

/* <element>text</element> */
static void put_text(struct writer *writer, const char *element, const char *text)
{
    put_markup_1(writer, "<");
    put_markup_1(writer, element);
    put_markup_1(writer, *text ? ">" : "/>");
    if (!*text)
        return;
    if (xml_write_text(writer->buffer, text))
        writer->failed = true;
    put_markup_1(writer, "</");
    put_markup_1(writer, element);
    put_markup_1(writer, ">");
}

/* The beginning of an element that has content, or all of one that has none. */
static bool put_open(struct writer *writer, const char *element, size_t count)
{
    put_markup_1(writer, "<");
    put_markup_1(writer, element);
    put_markup_1(writer, count ? ">" : "/>");
    return count > 0;
}

static void put_close(struct writer *writer, const char *element)
{
    put_markup_1(writer, "</");
    put_markup_1(writer, element);
    put_markup_1(writer, ">");
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    int order = 0;

    for (int i = 0; !order && i < 4 && one->order[i]; i++)
        order = strcmp(one->order[i], other->order[i]);
    return order;
}

static const char *key_of_target(const struct writer *writer, const char *target)
{
    return target_key_of(&writer->manifest->infrastructure, target);
}

/* NULL, and the writer failed: no memory. */
static struct row *new_rows(struct writer *writer, size_t count)
{
    struct row *rows = calloc(count + 1, sizeof *rows);

    if (!rows)
        writer->failed = true;
    return rows;
}

/* All rows in their order; rows: NULL after a failure. */
static void put_rows(struct writer *writer, const char *element, struct row *rows, size_t count,
                     void (*put_row)(struct writer *writer, const struct row *row))
{
    if (!rows || !put_open(writer, element, count))
        return;
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count; i++)
        put_row(writer, &rows[i]);
    put_close(writer, element);
}

static void put_profile(struct writer *writer, const struct row *row)
{
    const struct profile *profile = row->element;

    put_markup_1(writer, "<mapping>");
    put_text(writer, "profile", profile->path);
    put_text(writer, "target", row->key);
    put_markup_1(writer, "</mapping>");
}

static void put_distribution(struct writer *writer)
{
    const struct manifest *manifest = writer->manifest;
    size_t count = manifest->profile_count;
    CLEANUP_FREE struct row *rows = new_rows(writer, count);

    for (size_t i = 0; rows && i < count; i++) {
        const struct profile *profile = &manifest->profiles[i];
        const char *key = key_of_target(writer, profile->target);

        rows[i] = (struct row){ { key, profile->path }, profile, NULL, key };
    }
    put_rows(writer, "distribution", rows, count, put_profile);
}

static void put_dependencies(struct writer *writer, const struct dependencies *dependencies)
{
    if (!put_open(writer, "dependsOn", dependencies->count))
        return;
    for (size_t i = 0; i < dependencies->count; i++) {
        put_markup_1(writer, "<dependency>");
        put_text(writer, "target", key_of_target(writer, dependencies->items[i].target));
        put_text(writer, "container", dependencies->items[i].container);
        put_text(writer, "key", dependencies->items[i].service);
        put_markup_1(writer, "</dependency>");
    }
    put_close(writer, "dependsOn");
}

static void put_service(struct writer *writer, const struct row *row)
{
    const struct service_mapping *mapping = row->element;

    put_markup_1(writer, "<mapping>");
    put_dependencies(writer, &row->service->depends_on);
    put_text(writer, "name", row->service->name);
    put_text(writer, "service", row->service->pkg);
    put_text(writer, "target", row->key);
    put_text(writer, "container", mapping->container);
    put_text(writer, "type", row->service->type);
    put_text(writer, "key", row->service->key);
    put_markup_1(writer, "</mapping>");
}

static void put_activation(struct writer *writer)
{
    const struct manifest *manifest = writer->manifest;
    size_t count = 0;
    CLEANUP_FREE struct row *rows = new_rows(writer, manifest->service_mapping_count);

    for (size_t i = 0; rows && i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        const char *key = key_of_target(writer, mapping->target);

        if (service)
            rows[count++] = (struct row){
                { service->name, mapping->container, key, service->key }, mapping, service, key
            };
    }
    put_rows(writer, "activation", rows, count, put_service);
}

static void put_snapshot(struct writer *writer, const struct row *row)
{
    const struct snapshot_mapping *mapping = row->element;

    put_markup_1(writer, "<mapping>");
    put_text(writer, "component", mapping->component);
    put_text(writer, "container", mapping->container);
    put_text(writer, "target", row->key);
    put_text(writer, "service", row->service->pkg);
    put_text(writer, "type", row->service->type);
    put_markup_1(writer, "</mapping>");
}

static void put_snapshots(struct writer *writer)
{
    const struct manifest *manifest = writer->manifest;
    size_t count = 0;
    CLEANUP_FREE struct row *rows = new_rows(writer, manifest->snapshot_mapping_count);

    for (size_t i = 0; rows && i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        const struct service *service = manifest_find_service(manifest, mapping->service);
        const char *key = key_of_target(writer, mapping->target);

        if (service)
            rows[count++] = (struct row){
                { mapping->component, mapping->container, key, service->pkg }, mapping, service, key
            };
    }
    put_rows(writer, "snapshots", rows, count, put_snapshot);
}

static void put_values(struct writer *writer, const char *element, const struct nix_value *set)
{
    if (!put_open(writer, element, set->count))
        return;
    for (size_t i = 0; i < set->count; i++)
        put_text(writer, set->children[i].name, set->children[i].value.text);
    put_close(writer, element);
}

static void put_target(struct writer *writer, const struct target *target)
{
    put_markup_1(writer, "<target>");
    put_values(writer, "properties", &target->properties);
    if (target->containers.count) { /* as for a model that says nothing of containers */
        put_markup_1(writer, "<containers>");
        for (size_t i = 0; i < target->containers.count; i++)
            put_values(writer, target->containers.children[i].name, &target->containers.children[i].value);
        put_close(writer, "containers");
    }
    put_text(writer, "system", target->system);
    put_text(writer, "numOfCores", target->number_of_cores);
    put_text(writer, "clientInterface", target->client_interface);
    put_text(writer, "targetProperty", target->target_property);
    put_markup_1(writer, "</target>");
}

static void put_targets(struct writer *writer)
{
    const struct infrastructure *infrastructure = &writer->manifest->infrastructure;

    if (!put_open(writer, "targets", infrastructure->count))
        return;
    for (size_t i = 0; i < infrastructure->count; i++)
        put_target(writer, &infrastructure->targets[i]);
    put_close(writer, "targets");
}

xmlBufferPtr manifest_1_write(const struct manifest *manifest)
{
    struct writer writer = { .buffer = xmlBufferCreate(), .manifest = manifest };

    if (!writer.buffer)
        return NULL;
    xmlBufferSetAllocationScheme(writer.buffer, XML_BUFFER_ALLOC_DOUBLEIT);
    put_markup_1(&writer, "<?xml version=\"1.0\"?>\n\n  <manifest version=\"1\">");
    put_distribution(&writer);
    put_activation(&writer);
    put_snapshots(&writer);
    put_targets(&writer);
    put_markup_1(&writer, "</manifest>\n\n");
    if (!writer.failed)
        return writer.buffer;
    xmlBufferFree(writer.buffer);
    return NULL;
}
