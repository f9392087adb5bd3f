/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/dispute.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/state/remembered-copies.h"

static bool is_dispute(const json_t *value)
{
    const char *component, *container;
    json_t *copies, *copy;
    size_t index;
    if (json_unpack((json_t *)value, "{ss ss so}", "component", &component, "container", &container, "copies",
                    &copies)
        != 0)
        return false;
    json_array_foreach(copies, index, copy)
        if (!json_is_string(json_object_get(copy, "target")))
            return false;
    return json_is_array(copies);
}

static bool is_list_of_disputes(const json_t *value)
{
    size_t index;
    json_t *dispute;
    json_array_foreach((json_t *)value, index, dispute)
        if (!is_dispute(dispute))
            return false;
    return json_is_array(value);
}

const char *survivors_wrong(const json_t *state)
{
    const json_t *disputes = json_object_get(state, "disputes");
    const char *wrong = remembered_copies_wrong(json_object_get(state, "survivors"));
    if (wrong)
        return *wrong ? wrong : "survivors";
    return disputes && !is_list_of_disputes(disputes) ? "disputes" : NULL;
}

bool dispute_is_about(const json_t *dispute, const char *component)
{
    CLEANUP_FREE char *whole =
        string_format("%s/%s", text_at(dispute, "container"), text_at(dispute, "component"));
    return !component || strcmp(text_at(dispute, "component"), component) == 0
           || (whole && strcmp(whole, component) == 0);
}

const json_t *dispute_copy(const json_t *dispute, const char *target)
{
    size_t index;
    json_t *copy;
    json_array_foreach(json_object_get(dispute, "copies"), index, copy)
        if (strcmp(text_at(copy, "target"), target) == 0)
            return copy;
    return NULL;
}

bool dispute_may_discard(const json_t *dispute, const json_t *copy)
{
    return json_is_true(json_object_get(copy, "disputed"))
           || json_array_size(json_object_get(dispute, "copies")) == 1;
}
