/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/bounded-list.h"

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

bool bounded_list_takes(struct bounded_lists *told, const json_t *list, json_int_t *more)
{
    if (told->left == 0 && json_array_size(list) >= BOUNDED_ALWAYS) {
        ++*more;
        return false;
    }
    told->left -= told->left > 0;
    return true;
}

void bounded_list_put(json_t *object, const char *name, json_t *list, json_int_t more)
{
    CLEANUP_FREE char *key = more ? string_format("%sMore", name) : NULL;

    json_object_set_new(object, name, list);
    if (key)
        json_object_set_new(object, key, json_integer(more));
}
