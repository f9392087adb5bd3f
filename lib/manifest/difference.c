/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/manifest/manifest.h"

#include <stdint.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/bounded-list.h"
#include "lib/manifest/parts.h"
#include "lib/model/xml.h"

/* A step of merging two sorted arrays: the next elements, NULL at the end, and which of them is told now: <0
 * a's alone, >0 b's, 0 both. */
#define AT(array, count, index) ((index) < (count) ? &(array)[index] : NULL)
#define NEXT(one, other, order) (!(one) ? 1 : !(other) ? -1 : (order))

static json_t *path_or_null(const struct profile *profile)
{
    return profile ? json_string(profile->path) : json_null();
}

static json_t *profiles_difference(const struct manifest *a, const struct manifest *b)
{
    json_t *changes = json_object();
    size_t i = 0, j = 0;

    while (i < a->profile_count || j < b->profile_count) {
        const struct profile *one = AT(a->profiles, a->profile_count, i);
        const struct profile *other = AT(b->profiles, b->profile_count, j);
        int order = NEXT(one, other, strcmp(one->target, other->target));

        if (order || strcmp(one->path, other->path))
            json_object_set_new(changes, order <= 0 ? one->target : other->target,
                                json_pack("{s:o, s:o}", "from", path_or_null(order <= 0 ? one : NULL), "to",
                                          path_or_null(order >= 0 ? other : NULL)));
        i += order <= 0;
        j += order >= 0;
    }
    return changes;
}

static json_t *service_shown(const struct service *service)
{
    return json_pack("{s:s, s:s}", "name", service->name, "key", service->key);
}

static json_t *mapping_shown(const struct manifest *manifest, const struct service_mapping *mapping)
{
    const struct service *service = manifest_find_service(manifest, mapping->service);

    return json_pack("{s:s, s:s, s:s, s:s}", "name", service ? service->name : mapping->service, "service",
                     mapping->service, "container", mapping->container, "target", mapping->target);
}

static json_t *snapshot_shown(const struct snapshot_mapping *mapping)
{
    return json_pack("{s:s, s:s, s:s}", "component", mapping->component, "container", mapping->container,
                     "target", mapping->target);
}

/* What is told of one kind of things. */
struct lists {
    struct bounded_lists *told;
    json_t *added, *removed;
    json_int_t more_added, more_removed;
};

static struct lists lists_new(struct bounded_lists *told)
{
    return (struct lists){ .told = told, .added = json_array(), .removed = json_array() };
}

/* Shown only where it is told: there may be a million. */
#define TELL(lists, which, shown)                                                      \
    do {                                                                               \
        if (bounded_list_takes((lists)->told, (lists)->which, &(lists)->more_##which)) \
            json_array_append_new((lists)->which, shown);                              \
    } while (0)

static json_t *lists_end(struct lists *lists)
{
    json_t *object = json_object();

    bounded_list_put(object, "added", lists->added, lists->more_added);
    bounded_list_put(object, "removed", lists->removed, lists->more_removed);
    return object;
}

/* changed: gets the services that both have, with other content, as what was added. */
static json_t *services_difference(const struct manifest *a, const struct manifest *b, struct lists *changed)
{
    struct lists lists = lists_new(changed->told);
    size_t i = 0, j = 0;

    while (i < a->service_count || j < b->service_count) {
        const struct service *one = AT(a->services, a->service_count, i);
        const struct service *other = AT(b->services, b->service_count, j);
        int order = NEXT(one, other, strcmp(one->key, other->key));

        if (order < 0)
            TELL(&lists, removed, service_shown(one));
        else if (order > 0)
            TELL(&lists, added, service_shown(other));
        else if (!service_equal(one, other))
            TELL(changed, added, service_shown(other));
        i += order <= 0;
        j += order >= 0;
    }
    return lists_end(&lists);
}

/* What has the same identity but another content was removed and added. */
static json_t *mappings_difference(const struct manifest *a, const struct manifest *b,
                                   struct bounded_lists *told)
{
    struct lists lists = lists_new(told);
    size_t i = 0, j = 0;

    while (i < a->service_mapping_count || j < b->service_mapping_count) {
        const struct service_mapping *one = AT(a->service_mappings, a->service_mapping_count, i);
        const struct service_mapping *other = AT(b->service_mappings, b->service_mapping_count, j);
        int order = NEXT(one, other, service_mapping_order(one, other));
        bool differs = order || !service_mapping_equal(one, other);

        if (differs && order <= 0)
            TELL(&lists, removed, mapping_shown(a, one));
        if (differs && order >= 0)
            TELL(&lists, added, mapping_shown(b, other));
        i += order <= 0;
        j += order >= 0;
    }
    return lists_end(&lists);
}

static json_t *snapshots_difference(const struct manifest *a, const struct manifest *b,
                                    struct bounded_lists *told)
{
    struct lists lists = lists_new(told);
    size_t i = 0, j = 0;

    while (i < a->snapshot_mapping_count || j < b->snapshot_mapping_count) {
        const struct snapshot_mapping *one = AT(a->snapshot_mappings, a->snapshot_mapping_count, i);
        const struct snapshot_mapping *other = AT(b->snapshot_mappings, b->snapshot_mapping_count, j);
        int order = NEXT(one, other, snapshot_mapping_order(one, other));
        bool differs = order || !snapshot_mapping_equal(one, other);

        if (differs && order <= 0)
            TELL(&lists, removed, snapshot_shown(one));
        if (differs && order >= 0)
            TELL(&lists, added, snapshot_shown(other));
        i += order <= 0;
        j += order >= 0;
    }
    return lists_end(&lists);
}

json_t *manifest_difference(const struct manifest *a, const struct manifest *b, size_t most)
{
    static const struct manifest nothing;
    const struct manifest *from = a ? a : &nothing;
    struct bounded_lists told = { most ? most : SIZE_MAX };
    struct lists changed = lists_new(&told);
    json_t *difference = json_pack("{s:o}", "profiles", profiles_difference(from, b));

    json_object_set_new(difference, "services", services_difference(from, b, &changed));
    json_object_set_new(difference, "mappings", mappings_difference(from, b, &told));
    json_object_set_new(difference, "snapshots", snapshots_difference(from, b, &told));
    bounded_list_put(difference, "changed", changed.added, changed.more_added);
    json_decref(changed.removed);
    json_object_set_new(difference, "targets",
                        infrastructure_difference(&from->infrastructure, &b->infrastructure));
    return difference;
}

static bool written_alike(const struct manifest *a, const struct manifest *b)
{
    CLEANUP_BUFFER xmlBufferPtr one = manifest_1_write(a), other = manifest_1_write(b);

    return one && other
           && !strcmp((const char *)xmlBufferContent(one), (const char *)xmlBufferContent(other));
}

bool manifest_equal(const struct manifest *a, const struct manifest *b)
{
    if (a->version != b->version)
        return false;
    if (a->version == 1)
        return written_alike(a, b);
    if (a->profile_count != b->profile_count || a->service_count != b->service_count
        || a->service_mapping_count != b->service_mapping_count
        || a->snapshot_mapping_count != b->snapshot_mapping_count
        || a->infrastructure.count != b->infrastructure.count)
        return false;
    for (size_t i = 0; i < a->profile_count; i++)
        if (!profile_equal(&a->profiles[i], &b->profiles[i]))
            return false;
    for (size_t i = 0; i < a->service_count; i++)
        if (!service_equal(&a->services[i], &b->services[i]))
            return false;
    for (size_t i = 0; i < a->service_mapping_count; i++)
        if (!service_mapping_equal(&a->service_mappings[i], &b->service_mappings[i]))
            return false;
    for (size_t i = 0; i < a->snapshot_mapping_count; i++)
        if (!snapshot_mapping_equal(&a->snapshot_mappings[i], &b->snapshot_mappings[i]))
            return false;
    for (size_t i = 0; i < a->infrastructure.count; i++)
        if (target_compare(&a->infrastructure.targets[i], &b->infrastructure.targets[i]))
            return false;
    return true;
}
