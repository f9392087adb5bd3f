/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/model/infrastructure.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static int join(const struct nix_value *list, struct strings *strings, const char **text)
{
    CLEANUP_BUFFER xmlBufferPtr buffer = xmlBufferCreate();

    if (!buffer)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        const struct nix_value *element = &list->children[i].value;
        bool plain = element->type < NIX_LIST;

        if ((plain && xmlBufferCat(buffer, (const xmlChar *)element->text))
            || xmlBufferCat(buffer, (const xmlChar *)" "))
            return -1;
    }
    *text = strings_intern(strings, (const char *)xmlBufferContent(buffer));
    return *text ? 0 : -1;
}

static int flatten_value(struct nix_value *value, struct strings *strings)
{
    const char *text = value->type < NIX_LIST ? value->text : strings_intern(strings, "");

    if (!text || (value->type == NIX_LIST && join(value, strings, &text)))
        return -1;
    nix_value_clear(value);
    *value = (struct nix_value){ .type = NIX_STRING, .text = text };
    return 0;
}

/* Takes out of a set what has no place in version 1. what: the set's own name. */
static void drop_untellable(struct nix_value *set, const char *target, const char *what)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->count; i++) {
        struct nix_attribute *child = &set->children[i];
        bool is_path = child->value.type == NIX_UNTYPED && !strcmp(child->value.text, "path");

        if (!is_path && !xmlValidateNCName((const xmlChar *)child->name, 0)) {
            set->children[kept++] = *child;
            continue;
        }
        log_warning(target, "%s.%s: %s cannot be kept in a manifest of version 1, left out", what,
                    child->name, is_path ? "a path" : "this name");
        nix_value_clear(&child->value);
    }
    set->count = kept;
}

static int flatten_set(struct nix_value *set, const char *target, const char *what, struct strings *strings)
{
    drop_untellable(set, target, what);
    for (size_t i = 0; i < set->count; i++)
        if (flatten_value(&set->children[i].value, strings))
            return -1;
    return 0;
}

int target_flatten(struct target *target, struct strings *strings)
{
    struct nix_value *containers = &target->containers;

    if (flatten_set(&target->properties, target->name, "properties", strings))
        return -1;
    drop_untellable(containers, target->name, "containers");
    for (size_t i = 0; i < containers->count; i++)
        if (flatten_set(&containers->children[i].value, target->name, containers->children[i].name, strings))
            return -1;
    return 0;
}
