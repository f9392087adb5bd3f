/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/doubles.h"

#include <stdbool.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

/* Those that were deployed to, or the others, in the order of their names. */
static int take_seats(const struct infrastructure *model, const json_t *deployed, bool wanted, json_t *seats,
                      json_t *doubles)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct target *target = &model->targets[i];
        const char *key = target_connection_key(target);
        if (!key || (json_object_get(deployed, target->name) != NULL) != wanted)
            continue;
        CLEANUP_FREE char *way = string_format("%s %s", key, target->client_interface);
        json_t *first = way ? json_object_get(seats, way) : NULL;
        if (!way
            || json_object_set_new(first ? doubles : seats, first ? target->name : way,
                                   first ? json_incref(first) : json_string(target->name))
                   != 0)
            return -1;
    }
    return 0;
}

json_t *doubles_of(const struct infrastructure *model, const json_t *effective)
{
    CLEANUP_JSON json_t *seats = json_object(), *deployed = json_object();
    json_t *doubles = json_object(), *name;
    size_t index;
    json_array_foreach((json_t *)effective, index, name)
        if (json_is_string(name))
            json_object_set_new(deployed, json_string_value(name), json_true());
    if (take_seats(model, deployed, true, seats, doubles) == 0
        && take_seats(model, deployed, false, seats, doubles) == 0)
        return doubles;
    json_decref(doubles);
    return NULL;
}

void doubles_tell(const char *name, const char *other)
{
    log_warning(name, "it has the connection key of target %s: it is left out until the model is mended",
                other);
}

int doubles_drop(struct infrastructure *model, const json_t *effective)
{
    CLEANUP_JSON json_t *doubles = doubles_of(model, effective);
    size_t kept = 0;
    if (!doubles)
        return -1;
    for (size_t i = 0; i < model->count; i++) {
        struct target *target = &model->targets[i];
        const char *other = json_string_value(json_object_get(doubles, target->name));
        if (!other) {
            model->targets[kept++] = *target;
            continue;
        }
        doubles_tell(target->name, other);
        target_clear(target);
    }
    model->count = kept;
    return 0;
}
