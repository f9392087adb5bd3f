/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An argument vector that is put together piece by piece.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct arguments {
    char **items; /* NULL-terminated once something was added */
    size_t count;
    bool failed; /* memory ran out on the way: arguments_vector() is NULL */
};

/* Copies text. */
void arguments_add(struct arguments *arguments, const char *text);
void arguments_format(struct arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds option and value as two arguments; nothing if value is NULL. For programs that know no
 * --option=value. */
void arguments_option(struct arguments *arguments, const char *option, const char *value);

/* The vector, borrowed; NULL: no memory. */
const char *const *arguments_vector(const struct arguments *arguments);

void arguments_clear(struct arguments *arguments);

#define CLEANUP_ARGUMENTS __attribute__((cleanup(arguments_clear)))

#endif
