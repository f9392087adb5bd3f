/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/model/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"

static const size_t hash_length = 32, key_length = 64;
static const char hexadecimal[] = "0123456789abcdef";
static const char ends_a_path[] = " \t\"':;,()[]{}<>";

/* Writes the plain form of the path that begins at text; gives how long it was. */
static size_t write_path(FILE *stream, const char *text)
{
    size_t length = strcspn(text, ends_a_path), name = length;
    while (name > 0 && text[name - 1] != '/')
        name--;
    const bool store = strncmp(text, NIX_STORE_DIR "/", sizeof NIX_STORE_DIR) == 0
                       && name == sizeof NIX_STORE_DIR && length > name + hash_length
                       && text[name + hash_length] == '-';
    if (store)
        name += hash_length + 1;
    fwrite(text + name, 1, length - name, stream);
    return length;
}

char *text_plain(const char *text)
{
    char *plain = NULL;
    size_t length;
    FILE *stream = open_memstream(&plain, &length);
    bool begins = true; /* a word */
    if (!stream)
        return NULL;
    while (*text) {
        size_t digits = strspn(text, hexadecimal);
        if (begins && *text == '/' && text[1] && !strchr(ends_a_path, text[1])) {
            text += write_path(stream, text);
            continue;
        }
        if (begins && digits == key_length) {
            fputs("KEY", stream);
            text += digits;
            continue;
        }
        begins = strchr(ends_a_path, *text) || *text == '=';
        fputc(*text++, stream);
    }
    return fclose(stream) == 0 ? plain : NULL;
}

char *text_list(const json_t *list)
{
    char *text = NULL;
    size_t length, index, count = json_array_size(list);
    json_t *name;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    json_array_foreach((json_t *)list, index, name)
        fprintf(stream, "%s%s",
                index == 0           ? ""
                : index + 1 == count ? " and "
                                     : ", ",
                json_string_value(name));
    return fclose(stream) == 0 ? text : NULL;
}
