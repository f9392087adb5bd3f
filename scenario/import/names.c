/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/import/names.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static bool is_taken(const json_t *names, const char *name)
{
    const char *original;
    json_t *taken;
    json_object_foreach((json_t *)names, original, taken)
        if (strcmp(json_string_value(taken), name) == 0)
            return true;
    return false;
}

/* Machines and services give names to things in a store, which takes only these characters. */
static char *plain_name(const char *original)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+._?=-";
    char *name = strdup(*original ? original : "_");
    for (char *at = name; at && *at; at++)
        if (!strchr(plain, *at) || (at == name && strchr(".-", *at)))
            *at = '_';
    return name;
}

const char *import_name(json_t *names, const char *original, const char *what)
{
    const json_t *known = json_object_get(names, original);
    CLEANUP_FREE char *plain = NULL;
    if (known)
        return json_string_value(known);
    plain = plain_name(original);
    char *name = plain ? strdup(plain) : NULL;
    for (unsigned i = 2; name && is_taken(names, name); i++) {
        free(name);
        name = string_format("%s_%u", plain, i);
    }
    if (!name || json_object_set_new(names, original, json_string(name)) != 0) {
        free(name);
        return NULL;
    }
    if (strcmp(name, original) != 0)
        log_notice(NULL, "the %s \"%s\" is called %s in the scenario", what, original, name);
    free(name);
    return json_string_value(json_object_get(names, original));
}
