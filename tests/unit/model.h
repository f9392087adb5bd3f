/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests of the models: the corpus, a log that is kept, an expectation in one line.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <glob.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"
#include "unit.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PKG "/nix/store/00000000000000000000000000000000-web-1.0"

static char logged[4096]; /* the messages since it was last emptied, a line each */

static void keep_log(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    size_t used = strlen(logged);

    (void)level;
    used += (size_t)snprintf(logged + used, sizeof logged - used, "[%s] ", target ? target : "coordinator");
    used += (size_t)vsnprintf(logged + used, sizeof logged - used, format, arguments);
    snprintf(logged + used, sizeof logged - used, "\n");
}

static const struct dydisnix_operations kept_operations = { .size = sizeof kept_operations, .log = keep_log };

/* Fails the test if reason is not what it should be; frees it. */
static inline void expect_reason(char *reason, const char *part)
{
    if (!reason || !strstr(reason, part) || strchr(reason, '\n'))
        fail_msg("reason is \"%s\", lacks \"%s\"", reason ? reason : "(none)", part);
    free(reason);
}

static inline char *file_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    char *data;

    if (!file)
        fail_msg("%s cannot be read", path);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    data = malloc(*length + 1);
    assert_int_equal(fread(data, 1, *length, file), *length);
    data[*length] = '\0';
    fclose(file);
    return data;
}

/* The files of the corpus that a pattern names, at least one. */
static inline void corpus_find(const char *pattern, glob_t *found)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/tests/corpus/%s", getenv("srcdir") ? getenv("srcdir") : ".", pattern);
    if (glob(path, 0, NULL, found) || !found->gl_pathc)
        fail_msg("nothing is %s", path);
}

#endif
