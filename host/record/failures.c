/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/failures.h"

#include <stddef.h>

enum { FAILURES = 8 }; /* that are remembered */

static json_t *last_of(const json_t *object)
{
    const json_t *failures = json_object_get(object, "failures");
    return json_array_get(failures, json_array_size(failures) - 1);
}

bool failures_equal(const json_t *known, const json_t *failure)
{
    static const char *const members[] = { "stage", "reason", "target", "program", "status", "signal" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *one = json_object_get(known, members[i]), *other = json_object_get(failure, members[i]);
        if (one != other && !json_equal(one, other))
            return false;
    }
    return true;
}

static void end_last(json_t *object, int64_t now)
{
    json_t *last = last_of(object);
    if (last && !json_object_get(last, "over"))
        json_object_set_new(last, "over", json_integer(now));
}

void failures_note(json_t *object, const json_t *failure, int64_t now)
{
    json_t *last = last_of(object), *entry = json_deep_copy(failure), *list;
    const bool again = failures_open(object) && failures_equal(last, failure);
    const json_int_t count = again ? json_integer_value(json_object_get(last, "count")) : 0;
    const json_int_t first = again ? json_integer_value(json_object_get(last, "first")) : now;
    json_object_update_new(
        entry, json_pack("{sI sI sI}", "count", count + 1, "first", first, "last", (json_int_t)now));
    if (!json_is_array(json_object_get(object, "failures")))
        json_object_set_new(object, "failures", json_array());
    list = json_object_get(object, "failures");
    if (again)
        json_array_remove(list, json_array_size(list) - 1);
    else
        end_last(object, now);
    json_array_append_new(list, entry);
    while (json_array_size(list) > FAILURES)
        json_array_remove(list, 0);
}

bool failures_over(json_t *object, int64_t now)
{
    const bool fails = failures_open(object) != NULL;
    end_last(object, now);
    return fails;
}

const json_t *failures_open(const json_t *object)
{
    const json_t *last = last_of(object);
    return last && !json_object_get(last, "over") ? last : NULL;
}
