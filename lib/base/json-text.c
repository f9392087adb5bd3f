/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/json-text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"

enum { ESCAPE = 6, NUMBER = 40 }; /* \uXXXX; the longest number has fewer characters */

struct writing {
    char *text;
    size_t length, room, flags;
    bool failed; /* there was no memory */
};

struct member {
    const char *name;
    const json_t *value;
};

/* Room for so many characters, and for what ends the text; NULL: there is none. */
static char *room_for(struct writing *writing, size_t more)
{
    if (writing->room - writing->length <= more && !writing->failed) {
        size_t room = 2 * (writing->length + more) + 256;
        char *grown = realloc(writing->text, room);
        writing->failed = grown == NULL;
        writing->text = grown ? grown : writing->text;
        writing->room = grown ? room : writing->room;
    }
    return writing->failed ? NULL : writing->text + writing->length;
}

static void put(struct writing *writing, const char *text, size_t length)
{
    char *at = room_for(writing, length);
    if (at == NULL)
        return;
    memcpy(at, text, length);
    writing->length += length;
}

static void put_escape(struct writing *writing, long character)
{
    static const char *const names = "b\bf\fn\nr\rt\t\"\"\\\\";
    char escape[ESCAPE + 1];
    for (const char *name = names; *name; name += 2)
        if (name[1] == character) {
            put(writing, (const char[]){ '\\', name[0] }, 2);
            return;
        }
    snprintf(escape, sizeof escape, "\\u%04lX", (unsigned long)character & 0xffff);
    put(writing, escape, ESCAPE);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

static void put_string(struct writing *writing, const char *text, size_t length)
{
    const char *end = text + length;
    put(writing, "\"", 1);
    while (text < end) {
        size_t plain = 0, bytes;
        while (text + plain < end && is_plain(text[plain]))
            plain++;
        put(writing, text, plain);
        text += plain;
        if (text == end)
            break;
        const long character = character_at(text, (size_t)(end - text), &bytes);
        if (is_control_character(character) || character == '"' || character == '\\')
            put_escape(writing, character);
        else
            put(writing, text, bytes);
        text += bytes;
    }
    put(writing, "\"", 1);
}

static void put_line(struct writing *writing, unsigned depth)
{
    const size_t indent = writing->flags & JSON_MAX_INDENT, spaces = indent * depth;
    char *at = indent > 0 ? room_for(writing, spaces + 1) : NULL;
    if (at == NULL)
        return;
    at[0] = '\n';
    memset(at + 1, ' ', spaces);
    writing->length += spaces + 1;
}

static void put_comma(struct writing *writing)
{
    put(writing, ", ", (writing->flags & (JSON_COMPACT | JSON_MAX_INDENT)) != 0 ? 1 : 2);
}

static void put_value(struct writing *writing, const json_t *value, unsigned depth);

static void put_array(struct writing *writing, const json_t *array, unsigned depth)
{
    size_t count = json_array_size(array);
    put(writing, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            put_comma(writing);
        put_line(writing, depth + 1);
        put_value(writing, json_array_get(array, i), depth + 1);
    }
    if (count > 0)
        put_line(writing, depth);
    put(writing, "]", 1);
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void put_object(struct writing *writing, const json_t *object, unsigned depth)
{
    const size_t size = json_object_size(object);
    CLEANUP_FREE struct member *members = calloc(size + 1, sizeof *members);
    size_t count = 0;
    const char *name;
    json_t *value;
    writing->failed = writing->failed || members == NULL;
    if (members == NULL)
        return;
    json_object_foreach((json_t *)object, name, value)
        members[count++] = (struct member){ name, value };
    if (writing->flags & JSON_SORT_KEYS)
        qsort(members, count, sizeof *members, compare_members);
    put(writing, "{", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            put_comma(writing);
        put_line(writing, depth + 1);
        put_string(writing, members[i].name, strlen(members[i].name));
        put(writing, ": ", writing->flags & JSON_COMPACT ? 1 : 2);
        put_value(writing, members[i].value, depth + 1);
    }
    if (count > 0)
        put_line(writing, depth);
    put(writing, "}", 1);
}

static void put_number(struct writing *writing, const json_t *number)
{
    char *at = room_for(writing, NUMBER);
    if (at != NULL)
        writing->length += json_dumpb(number, at, NUMBER, JSON_ENCODE_ANY);
}

static void put_value(struct writing *writing, const json_t *value, unsigned depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: put_object(writing, value, depth); break;
    case JSON_ARRAY: put_array(writing, value, depth); break;
    case JSON_STRING: put_string(writing, json_string_value(value), json_string_length(value)); break;
    case JSON_INTEGER:
    case JSON_REAL: put_number(writing, value); break;
    case JSON_TRUE: put(writing, "true", strlen("true")); break;
    case JSON_FALSE: put(writing, "false", strlen("false")); break;
    case JSON_NULL: put(writing, "null", strlen("null")); break;
    }
}

char *json_text(const json_t *document, size_t flags)
{
    struct writing writing = { .flags = flags };
    if (document != NULL)
        put_value(&writing, document, 0);
    put(&writing, "", 1);
    if (!writing.failed && document != NULL)
        return writing.text;
    free(writing.text);
    return NULL;
}
