/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/format/locate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/base/cleanup.h"

static const char *skip_blank(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static const char *skip_string(const char *text)
{
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text ? text + 1 : text;
}

static const char *skip_value(const char *text)
{
    size_t depth = 0;
    text = skip_blank(text);
    do {
        if (*text == '"') {
            text = skip_string(text);
            continue;
        }
        if (*text == '{' || *text == '[')
            depth++;
        else if (*text == '}' || *text == ']')
            depth--;
        else if (depth == 0)
            return text + strcspn(text, ",]} \t\r\n");
        text++;
    } while (*text && depth > 0);
    return text;
}

/* The key that begins at text, against the first part of a path. */
static bool is_key(const char *text, const char *end, const char *part, size_t length)
{
    CLEANUP_JSON json_t *key = json_loadb(text, (size_t)(end - text), JSON_DECODE_ANY, NULL);
    const char *name = json_string_value(key);
    for (; name && *name && length > 0; name++, part++, length--) {
        char wanted = *part;
        if (wanted == '~' && length > 1) {
            wanted = *++part == '1' ? '/' : '~';
            length--;
        }
        if (wanted != *name)
            return false;
    }
    return name && !*name && length == 0;
}

/* In the object or list at text, the value that a part of a path names; *shown: where it, or its key, begins.
 */
static const char *find_part(const char *text, const char *part, size_t length, const char **shown)
{
    const bool object = *text == '{';
    size_t index = 0;
    if (!object && *text != '[')
        return NULL;
    for (text = skip_blank(text + 1); *text && *text != '}' && *text != ']'; index++) {
        const char *begin = text;
        bool found = false;
        if (object) {
            text = skip_string(text);
            found = is_key(begin, text, part, length);
            text = skip_blank(text);
            text = skip_blank(*text == ':' ? text + 1 : text);
        } else
            found = length > 0 && strspn(part, "0123456789") >= length && strtoul(part, NULL, 10) == index;
        if (found) {
            *shown = begin;
            return text;
        }
        text = skip_blank(skip_value(text));
        if (*text == ',')
            text = skip_blank(text + 1);
    }
    return NULL;
}

struct spot scenario_locate(const char *text, const char *path)
{
    const char *value = skip_blank(text), *shown = value;
    struct spot spot = { 1, 1 };
    while (value && *path == '/') {
        size_t length = strcspn(path + 1, "/");
        value = find_part(value, path + 1, length, &shown);
        path += 1 + length;
    }
    for (; text < shown; text++)
        spot =
            *text == '\n' ? (struct spot){ spot.line + 1, 1 } : (struct spot){ spot.line, spot.column + 1 };
    return spot;
}
