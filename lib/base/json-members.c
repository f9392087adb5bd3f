/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/json-members.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/strings.h"

const char **json_sorted_names(const json_t *object)
{
    const char **names = calloc(json_object_size(object) + 1, sizeof *names), *name;
    size_t count = 0;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
        if (names)
            names[count++] = name;
    if (names)
        qsort(names, count, sizeof *names, string_compare);
    return names;
}

json_t *json_copy_at(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return value ? json_deep_copy(value) : json_object();
}

json_t *json_object_at(json_t *parent, const char *key)
{
    if (!json_is_object(json_object_get(parent, key)))
        json_object_set_new(parent, key, json_object());
    return json_object_get(parent, key);
}

bool json_list_has(const json_t *list, const char *text)
{
    size_t index;
    json_t *entry;
    json_array_foreach((json_t *)list, index, entry)
        if (json_is_string(entry) && strcmp(json_string_value(entry), text) == 0)
            return true;
    return false;
}

void json_list_add(json_t *list, const char *text)
{
    if (!json_list_has(list, text))
        json_array_append_new(list, json_string(text));
}

const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

const char *text_or_null(const json_t *object, const char *key)
{
    return text_or(object, key, NULL);
}

const char *text_at(const json_t *object, const char *key)
{
    return text_or(object, key, "");
}

bool text_at_is(const json_t *object, const char *key, const char *text)
{
    return strcmp(text_at(object, key), text) == 0;
}

void json_count(json_t *object, const char *key, int64_t more)
{
    json_object_set_new(object, key, json_integer(json_integer_value(json_object_get(object, key)) + more));
}
