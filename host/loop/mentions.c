/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/loop/mentions.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const size_t text_limit = 1 << 20;

/* Text being looked through, and the directory that its relative paths begin at. */
struct reading {
    struct mentions *mentions;
    const char *directory;
};

/* Takes file. */
static void add_file(struct mentions *mentions, char *file)
{
    bool known = !file || mentions->count == MENTIONS_MOST;
    for (size_t i = 0; !known && i < mentions->count; i++)
        known = strcmp(mentions->files[i], file) == 0;
    if (known)
        free(file);
    else
        mentions->files[mentions->count++] = file;
}

static bool is_path_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c != '\0' && strchr("._-+/", c));
}

/* What begins here, if it is a path: ./NAME, ../NAME or /NAME. Gives back what comes behind. */
static const char *take_path(const struct reading *reading, const char *at)
{
    const char *end = at, *slash;
    while (is_path_character(*end))
        end++;
    slash = memchr(at, '/', (size_t)(end - at));
    bool relative = strncmp(at, "./", 2) == 0 || strncmp(at, "../", 3) == 0;
    if (!slash || slash + 1 == end || slash[1] == '/' || !(relative || slash == at))
        return end;
    if (strncmp(at, "./", 2) == 0)
        at += 2;
    add_file(reading->mentions, relative ? string_format("%s/%.*s", reading->directory, (int)(end - at), at)
                                         : string_format("%.*s", (int)(end - at), at));
    return end;
}

/* A string from its opening quotes to behind its closing ones; only what it interpolates are paths. */
static const char *pass_string(const struct reading *reading, const char *at)
{
    const char *quotes = *at == '"' ? "\"" : "''";
    size_t length = strlen(quotes);
    for (at += length; *at && strncmp(at, quotes, length) != 0;) {
        if (*at == '\\' && length == 1 && at[1])
            at += 2;
        else if (strncmp(at, "${", 2) == 0)
            at = take_path(reading, at + 2 + strspn(at + 2, " \t\n"));
        else
            at++;
    }
    return *at ? at + length : at;
}

static const char *pass_until(const char *at, const char *end)
{
    const char *found = strstr(at, end);
    return found ? found + strlen(end) : at + strlen(at);
}

static void read_text(const struct reading *reading, const char *at)
{
    while (*at) {
        if (*at == '#')
            at = pass_until(at, "\n");
        else if (strncmp(at, "/*", 2) == 0)
            at = pass_until(at, "*/");
        else if (*at == '"' || strncmp(at, "''", 2) == 0)
            at = pass_string(reading, at);
        else if (is_path_character(*at))
            at = take_path(reading, at);
        else
            at++;
    }
}

static void read_file(struct mentions *mentions, const char *file)
{
    CLEANUP_FREE char *inner =
        operations->inspect(file, NULL) == DYDISNIX_DIRECTORY ? string_format("%s/default.nix", file) : NULL;
    CLEANUP_FREE char *directory = strdup(inner ? inner : file), *text = NULL;
    size_t length = 0;
    if (!directory || operations->read(inner ? inner : file, text_limit, &text, &length) != 0)
        return;
    *strrchr(directory, '/') = '\0';
    read_text(&(struct reading){ mentions, directory }, text);
}

void mentions_find(struct mentions *mentions, const char *file)
{
    char *own = strdup(file);
    *mentions = (struct mentions){ .files = { own }, .count = own ? 1 : 0 };
    for (size_t i = 0; i < mentions->count; i++)
        read_file(mentions, mentions->files[i]);
}

void mentions_clear(struct mentions *mentions)
{
    for (size_t i = 0; i < mentions->count; i++)
        free(mentions->files[i]);
    mentions->count = 0;
}
