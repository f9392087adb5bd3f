/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/state/portion.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

static const struct manifest_limits limits = { .bytes = (size_t)1 << 20 };

static int portion_add_service(struct manifest *portion, const struct manifest *manifest, const char *key)
{
    const struct service *service = manifest_find_service(manifest, key);
    if (!service || (!manifest_find_service(portion, key) && !manifest_share_service(portion, service)))
        return -1;
    manifest_sort(portion);
    return 0;
}

static int take_portion(struct manifest *portion, const struct manifest *manifest,
                        const struct snapshot_mapping *mapping)
{
    const struct service_mapping *service =
        manifest_find_service_mapping(manifest, mapping->target, mapping->container, mapping->service);
    if (portion_add_service(portion, manifest, mapping->service) != 0
        || (mapping->provider && portion_add_service(portion, manifest, mapping->provider) != 0)
        || (service && service->provider && portion_add_service(portion, manifest, service->provider) != 0)
        || (service && !manifest_share_service_mapping(portion, service)))
        return -1;
    return manifest_share_snapshot_mapping(portion, mapping) ? 0 : -1;
}

char *portion_write(const struct manifest *manifest, const struct snapshot_mapping *mapping)
{
    struct manifest portion;
    manifest_init(&portion, manifest->strings);
    CLEANUP_BUFFER xmlBufferPtr text =
        take_portion(&portion, manifest, mapping) == 0 ? manifest_write(&portion) : NULL;
    manifest_clear(&portion);
    return text ? strdup((const char *)xmlBufferContent(text)) : NULL;
}

static bool has_provider(const struct manifest *portion, const char *provider)
{
    return !provider || manifest_find_service(portion, provider);
}

/* Nothing in it is of another target, and nothing is missing. */
static bool is_whole(const struct manifest *portion, const char *target, const char *container,
                     const char *component)
{
    const struct snapshot_mapping *snapshot = portion->snapshot_mappings;
    const struct service_mapping *service = portion->service_mappings;
    if (portion->snapshot_mapping_count != 1 || portion->service_mapping_count > 1
        || portion->service_count > 3 || portion->profile_count > 0 || portion->infrastructure.count > 0)
        return false;
    if (!string_equal(snapshot->target, target) || !string_equal(snapshot->container, container)
        || !string_equal(snapshot->component, component) || !manifest_find_service(portion, snapshot->service)
        || !has_provider(portion, snapshot->provider))
        return false;
    return portion->service_mapping_count == 0
           || (string_equal(service->target, target) && string_equal(service->container, container)
               && string_equal(service->service, snapshot->service)
               && has_provider(portion, service->provider));
}

int portion_read(const char *text, const char *target, const char *container, const char *component,
                 struct strings *strings, struct manifest *portion, char **reason)
{
    CLEANUP_FREE char *source =
        string_format("what is kept of %s in %s on target %s", component, container, target);
    *reason = NULL;
    manifest_init(portion, strings);
    if (!source || manifest_parse(text, strlen(text), source, &limits, strings, portion, reason) != 0)
        return -1;
    if (is_whole(portion, target, container, component))
        return 0;
    *reason = string_format("%s: not that component, or not all of it", source);
    manifest_clear(portion);
    return -1;
}
