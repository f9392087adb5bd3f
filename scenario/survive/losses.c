/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/survive/losses.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "scenario/format/policy.h"

/* { GROUP: [TARGET] } */
static json_t *groups_of(const json_t *targets, const char *property)
{
    CLEANUP_FREE const char **names = json_sorted_names(targets);
    json_t *groups = json_object();
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *target = json_object_get(targets, names[i]);
        const char *value = property ? text_at(json_object_get(target, "properties"), property) : names[i];
        if (!*value)
            continue;
        if (!json_object_get(groups, value))
            json_object_set_new(groups, value, json_array());
        json_array_append_new(json_object_get(groups, value), json_string(names[i]));
    }
    return groups;
}

struct choosing {
    const json_t *groups;
    const char **names;
    json_t *losses;
};

static void choose(struct choosing *choosing, size_t from, size_t count, const char *name, json_t *targets)
{
    if (count == 0) {
        json_array_append_new(choosing->losses, json_pack("{ss sO}", "name", name, "targets", targets));
        return;
    }
    for (size_t i = from; choosing->names[i]; i++) {
        const char *group = choosing->names[i];
        CLEANUP_FREE char *longer = string_format("%s%s%s", name, *name ? ", " : "", group);
        CLEANUP_JSON json_t *more = json_copy(targets);
        json_array_extend(more, json_object_get(choosing->groups, group));
        choose(choosing, i + 1, count - 1, longer, more);
    }
}

json_t *survive_losses(const json_t *targets, size_t count, const char *property)
{
    CLEANUP_JSON json_t *groups = groups_of(targets, property), *none = json_array();
    CLEANUP_FREE const char **names = json_sorted_names(groups);
    struct choosing choosing = { groups, names, json_array() };
    if (names)
        choose(&choosing, 0, count, "", none);
    return choosing.losses;
}
