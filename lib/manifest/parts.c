/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/manifest/parts.h"

#include <string.h>

#include "lib/model/paths.h"

int xml_check_text(struct xml_reader *reader, const char *element, const char *name, const char *text)
{
    if (!text)
        return xml_fail(reader, "%s without %s", element, name);
    if (!is_plain_name(text))
        return xml_fail(reader, "%s: %s %s: empty, or with control characters", element, name, text);
    return XML_GO_ON;
}

int manifest_refuse_twice(const struct manifest *manifest, const char *source, char **reason)
{
    for (size_t i = 1; i < manifest->profile_count; i++)
        if (!strcmp(manifest->profiles[i - 1].target, manifest->profiles[i].target))
            return reason_set(reason, source, "profile %s: given twice", manifest->profiles[i].target);
    for (size_t i = 1; i < manifest->service_count; i++)
        if (!strcmp(manifest->services[i - 1].key, manifest->services[i].key))
            return reason_set(reason, source, "service %s: given twice", manifest->services[i].key);
    for (size_t i = 1; i < manifest->service_mapping_count; i++) {
        const struct service_mapping *mapping = &manifest->service_mappings[i];

        if (!service_mapping_order(mapping - 1, mapping))
            return reason_set(reason, source, "service mapping of %s in %s on target %s: given twice",
                              mapping->service, mapping->container, mapping->target);
    }
    for (size_t i = 1; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];

        if (!snapshot_mapping_order(mapping - 1, mapping))
            return reason_set(reason, source, "snapshot mapping of %s in %s on target %s: given twice",
                              mapping->component, mapping->container, mapping->target);
    }
    return 0;
}
