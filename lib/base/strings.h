/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Interned strings: equal text is one pointer, for names, keys and store paths that occur many times.
 */
#ifndef STRINGS_POOL_H
#define STRINGS_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct strings;

struct strings *strings_new(void); /* NULL: no memory */
void strings_free(struct strings *strings);

/* The one copy of text in this pool; lives as long as the pool. NULL: no memory, or text is NULL. */
const char *strings_intern(struct strings *strings, const char *text);
const char *strings_intern_length(struct strings *strings, const char *text, size_t length);

/* Memory for count things of that size, aligned for any of them, not initialised; lives as long as the pool.
 * NULL: no memory. */
void *strings_allocate(struct strings *strings, size_t count, size_t size);

/* printf into malloc()ed memory; NULL: no memory. */
char *string_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text with U+FFFD in place of bytes that are not UTF-8, malloc()ed; NULL: no memory, or text is NULL. */
char *string_utf8(const char *text);

/* The text as one word of a shell's command line, for a person to type; malloc()ed, NULL: no memory. */
char *string_shell_word(const char *text);

/* Splits text into lines; calls each for every one that is not empty. Stops and gives back what each gives
 * when that is not 0. The text is cut into pieces. */
int string_lines(char *text, int (*each)(void *closure, char *line), void *closure);

/* Whether two texts are the same; neither is NULL. */
bool string_equal(const char *a, const char *b);

/* For qsort() and bsearch() of an array of texts: a and b point to its elements. */
int string_compare(const void *a, const void *b);

/* As strcmp(); NULL is before all texts. */
int string_order(const char *a, const char *b);

/* The last part of a path: what is behind its last slash. */
const char *string_base_name(const char *path);

/* The last line of text that is not empty, where programs print their result; NULL: there is none. The text
 * is cut into pieces. */
char *string_last_line(char *text);

#endif
