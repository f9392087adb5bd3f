/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/manifest/dependency-line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/cleanup.h"
#include "lib/model/paths.h"

struct parser {
    const char *line, *at, *end;
    struct strings *strings;
    char *value; /* room for any string of the line */
    struct dependencies *dependencies;
    char *reason;
};

static int parser_fail(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int parser_fail(struct parser *parser, const char *format, ...)
{
    CLEANUP_FREE char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
    va_end(arguments);
    if (message)
        parser->reason = string_format("column %zu: %s", (size_t)(parser->at - parser->line) + 1, message);
    return -1;
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\r'))
        parser->at++;
}

/* Whether this is the next token; then it is taken. */
static bool accept(struct parser *parser, char token)
{
    skip_blanks(parser);
    if (parser->at == parser->end || *parser->at != token)
        return false;
    parser->at++;
    return true;
}

static int expect(struct parser *parser, char token)
{
    if (accept(parser, token))
        return 0;
    return parser->at == parser->end ? parser_fail(parser, "%c expected, but the line ends", token)
                                     : parser_fail(parser, "%c expected", token);
}

/* What a backslash makes of the character behind it. */
static char escaped(char character)
{
    switch (character) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return character;
    }
}

/* The text up to the closing quote, as Nix reads it: two dollars are no beginning of an interpolation. */
static int read_text(struct parser *parser, size_t *length)
{
    *length = 0;
    while (parser->at < parser->end && *parser->at != '"') {
        bool more = parser->at + 1 < parser->end;

        if (*parser->at == '$' && more && parser->at[1] == '{')
            return parser_fail(parser, "an interpolation, which is not evaluated");
        if (*parser->at == '$' && more && parser->at[1] == '$')
            parser->value[(*length)++] = *parser->at++;
        else if (*parser->at == '\\' && more) {
            parser->value[(*length)++] = escaped(parser->at[1]);
            parser->at += 2;
            continue;
        }
        parser->value[(*length)++] = *parser->at++;
    }
    return expect(parser, '"');
}

static int read_string(struct parser *parser, const char *name, const char **text)
{
    size_t length;

    if (*text)
        return parser_fail(parser, "%s given twice", name);
    if (expect(parser, '=') || expect(parser, '"') || read_text(parser, &length))
        return -1;
    *text = strings_intern_length(parser->strings, parser->value, length);
    if (!*text)
        return -1;
    if (!is_plain_name(*text) || strlen(*text) != length)
        return parser_fail(parser, "%s: empty, or with control characters", name);
    return expect(parser, ';');
}

static int read_attribute(struct parser *parser, struct dependency *dependency)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_'-";
    const char *name = parser->at;
    size_t length = 0;

    while (name + length < parser->end && name[length] && strchr(letters, name[length]))
        length++;
    if (!length)
        return parser_fail(parser, parser->at == parser->end ? "an attribute expected, but the line ends"
                                                             : "an attribute expected");
    parser->at += length;
    if (length == 6 && !memcmp(name, "target", length))
        return read_string(parser, "target", &dependency->target);
    if (length == 9 && !memcmp(name, "container", length))
        return read_string(parser, "container", &dependency->container);
    if (length == 4 && !memcmp(name, "_key", length))
        return read_string(parser, "_key", &dependency->service);
    parser->at = name;
    return parser_fail(parser, "%.*s: an attribute that no dependency has", length < 40 ? (int)length : 40,
                       name);
}

/* What stands between the braces. */
static int read_dependency(struct parser *parser)
{
    struct dependencies *list = parser->dependencies;
    struct dependency dependency = { 0 }, *items;

    while (!accept(parser, '}'))
        if (read_attribute(parser, &dependency))
            return -1;
    if (!dependency.target || !dependency.container || !dependency.service)
        return parser_fail(parser, "a dependency without %s",
                           !dependency.target      ? "target"
                           : !dependency.container ? "container"
                                                   : "_key");
    if (!is_connection_key(dependency.target))
        return parser_fail(parser, "target %s: no connection key", dependency.target);
    items = array_grow(list->items, list->count, sizeof *items);
    if (!items)
        return -1;
    list->items = items;
    items[list->count++] = dependency;
    return 0;
}

static int read_list(struct parser *parser)
{
    if (expect(parser, '['))
        return -1;
    while (!accept(parser, ']'))
        if (expect(parser, '{') || read_dependency(parser))
            return -1;
    skip_blanks(parser);
    return parser->at == parser->end ? 0 : parser_fail(parser, "something after the list");
}

int dependency_line_parse(const char *line, size_t length, struct strings *strings,
                          struct dependencies *dependencies, char **reason)
{
    CLEANUP_FREE char *value = malloc(length + 1);
    struct parser parser = { .line = line,
                             .at = line,
                             .end = line + length,
                             .strings = strings,
                             .value = value,
                             .dependencies = dependencies };

    *dependencies = (struct dependencies){ 0 };
    *reason = NULL;
    if (value && !read_list(&parser))
        return 0;
    free(dependencies->items);
    *dependencies = (struct dependencies){ 0 };
    *reason = parser.reason;
    return -1;
}
