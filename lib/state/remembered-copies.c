/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/state/remembered-copies.h"

#include <stdbool.h>

#include "lib/base/json-members.h"

static bool is_dispute(const json_t *value)
{
    const json_t *owed = json_object_get(value, "owed"), *waits = json_object_get(value, "waits");
    const json_t *service = json_object_get(value, "service"), *untold = json_object_get(value, "untold");
    return json_is_string(json_object_get(value, "why")) && (!service || json_is_string(service))
           && (!owed || json_is_boolean(owed)) && (!waits || json_is_boolean(waits))
           && (!untold || json_is_boolean(untold));
}

static bool is_service(const json_t *value)
{
    return json_is_string(json_object_get(value, "service"));
}

static bool is_text(const json_t *value)
{
    return json_is_string(value);
}

static bool is_truth(const json_t *value)
{
    return json_is_true(value);
}

static bool is_list_of_names(const json_t *value)
{
    size_t index;
    json_t *name;
    json_array_foreach((json_t *)value, index, name)
        if (!json_is_string(name))
            return false;
    return json_is_array(value);
}

/* By target, container and component, or without the first. */
static const struct {
    const char *name;
    int depth;
    bool (*is)(const json_t *);
    bool asks; /* it has to be decided about the component */
} members[] = {
    { "disputed", 3, is_dispute, true },
    { "superseded", 3, is_text, true },
    { "kept", 2, is_list_of_names, true },
    { "brought", 3, is_service, true },
    { "activated", 2, is_list_of_names, true },
    { "accept", 3, is_truth, true },
    { "prefer", 2, is_text, true },
    { "wanted", 2, is_truth, true },
    { "older", 3, is_truth, true },
    { "unstarted", 3, is_truth, true },
    { "fenced", 3, is_truth, false },
};

/* All values that lie so many objects deep are as they should be. */
static bool are_all(const json_t *object, int depth, bool (*is)(const json_t *))
{
    const char *key;
    json_t *value;
    if (depth == 0)
        return is(object);
    json_object_foreach((json_t *)object, key, value)
        if (!are_all(value, depth - 1, is))
            return false;
    return json_is_object(object);
}

const char *remembered_copies_wrong(const json_t *survivors)
{
    if (survivors && !json_is_object(survivors))
        return "";
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *member = json_object_get(survivors, members[i].name);
        if (member && !are_all(member, members[i].depth, members[i].is))
            return members[i].name;
    }
    return NULL;
}

json_t *remembered_copies_concerned(const json_t *survivors)
{
    json_t *concerned = json_object(), *first, *second;
    const char *outer, *inner, *component;
    json_t *value;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_object_foreach(json_object_get(survivors, members[i].name), outer, first)
            json_object_foreach(first, inner, second) {
                if (!members[i].asks)
                    continue;
                if (members[i].depth == 2)
                    json_object_set_new(json_object_at(concerned, outer), inner, json_true());
                else
                    json_object_foreach(second, component, value)
                        json_object_set_new(json_object_at(concerned, inner), component, json_true());
            }
    return concerned;
}
