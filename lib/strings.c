/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strings.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h> /* dict.h does not stand alone */
#include <libxml/dict.h>

#include "characters.h"

/* One dictionary of libxml2 grows to 16384 lists and no further: a million names in one would be searched in
 * lists of sixty. So there are many, and a text always goes to the same one. */
enum { DICTIONARIES = 512 };

struct strings {
    xmlDictPtr dictionaries[DICTIONARIES]; /* made when they are needed */
};

struct strings *strings_new(void)
{
    return calloc(1, sizeof(struct strings));
}

void strings_free(struct strings *strings)
{
    if (strings == NULL)
        return;
    for (size_t i = 0; i < DICTIONARIES; i++)
        if (strings->dictionaries[i] != NULL)
            xmlDictFree(strings->dictionaries[i]);
    free(strings);
}

/* FNV-1a. */
static xmlDictPtr dictionary_of(struct strings *strings, const char *text, size_t length)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;

    xmlDictPtr *dictionary = &strings->dictionaries[(hash ^ (hash >> 16)) % DICTIONARIES];
    if (*dictionary == NULL && (*dictionary = xmlDictCreate()) != NULL)
        xmlDictSetLimit(*dictionary, 0); /* what may come in is limited where it is read */
    return *dictionary;
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
    xmlDictPtr dictionary = dictionary_of(strings, text, length);
    return dictionary == NULL ? NULL : (const char *)xmlDictLookup(dictionary, (const xmlChar *)text, (int)length);
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

char *string_utf8(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *clean = text == NULL ? NULL : malloc(3 * strlen(text) + 1), *end = clean;

    if (clean == NULL)
        return NULL;
    while (*text != '\0') {
        size_t length;
        bool good = character_at(text, strnlen(text, 4), &length) >= 0;
        size_t copied = good ? length : strlen(replacement);

        memcpy(end, good ? text : replacement, copied);
        end += copied;
        text += length;
    }
    *end = '\0';
    return clean;
}
