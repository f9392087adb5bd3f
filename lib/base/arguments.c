/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes text, which may be NULL after a failed allocation. */
static void arguments_take(struct arguments *arguments, char *text)
{
    /* Room grows at powers of two; one more for the NULL. */
    if (text && (arguments->count & (arguments->count + 1)) == 0) {
        char **items = realloc(arguments->items, (2 * arguments->count + 2) * sizeof *items);
        if (!items) {
            free(text);
            text = NULL;
        } else {
            arguments->items = items;
        }
    }
    if (!text) {
        arguments->failed = true;
        return;
    }
    arguments->items[arguments->count++] = text;
    arguments->items[arguments->count] = NULL;
}

void arguments_add(struct arguments *arguments, const char *text)
{
    arguments_take(arguments, strdup(text));
}

void arguments_format(struct arguments *arguments, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0)
        text = NULL;
    va_end(list);
    arguments_take(arguments, text);
}

void arguments_option(struct arguments *arguments, const char *option, const char *value)
{
    if (!value)
        return;
    arguments_add(arguments, option);
    arguments_add(arguments, value);
}

const char *const *arguments_vector(const struct arguments *arguments)
{
    return arguments->failed ? NULL : (const char *const *)arguments->items;
}

void arguments_clear(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++)
        free(arguments->items[i]);
    free(arguments->items);
    *arguments = (struct arguments){ 0 };
}
