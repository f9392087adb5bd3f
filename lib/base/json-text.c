/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/json-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"

enum { ESCAPE = 6 }; /* \uXXXX */

/* jansson escapes those of ASCII; outside of strings there is nothing else but ASCII. */
static bool is_bare(const char *at, size_t *length, long *character)
{
    *character = character_at(at, strnlen(at, 4), length);
    return *character >= 0x7f && is_control_character(*character);
}

char *json_text(const json_t *document, size_t flags)
{
    CLEANUP_FREE char *text = json_dumps(document, flags);
    size_t bare = 0, length;
    long character;

    for (const char *at = text; at != NULL && *at != '\0'; at += length)
        bare += is_bare(at, &length, &character);
    char *escaped = text != NULL ? malloc(strlen(text) + bare * ESCAPE + 1) : NULL, *end = escaped;
    if (escaped == NULL)
        return NULL;
    for (const char *at = text; *at != '\0'; at += length) {
        if (is_bare(at, &length, &character)) {
            end += sprintf(end, "\\u%04lX", (unsigned long)character);
            continue;
        }
        memcpy(end, at, length);
        end += length;
    }
    *end = '\0';
    return escaped;
}
