/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strings.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h> /* dict.h does not stand alone */
#include <libxml/dict.h>

struct strings {
    xmlDictPtr dictionary;
};

struct strings *strings_new(void)
{
    struct strings *strings = calloc(1, sizeof *strings);

    if (strings == NULL)
        return NULL;
    strings->dictionary = xmlDictCreate();
    if (strings->dictionary == NULL) {
        free(strings);
        return NULL;
    }
    /* What may come in is limited where it is read. */
    xmlDictSetLimit(strings->dictionary, 0);
    return strings;
}

void strings_free(struct strings *strings)
{
    if (strings == NULL)
        return;
    xmlDictFree(strings->dictionary);
    free(strings);
}

const char *strings_intern(struct strings *strings, const char *text)
{
    return text == NULL ? NULL : strings_intern_length(strings, text, strlen(text));
}

const char *strings_intern_length(struct strings *strings, const char *text, size_t length)
{
    if (text == NULL)
        return NULL;
    length = strnlen(text, length);
    if (length > INT_MAX)
        return NULL;
    return (const char *)xmlDictLookup(strings->dictionary, (const xmlChar *)text, (int)length);
}

char *string_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return text;
}
