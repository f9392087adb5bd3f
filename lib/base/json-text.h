/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON as text that a terminal shows as it is.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* As json_dumps(), with each control character (characters.h) in a string as an escape; malloc()ed, NULL: no
 * memory. */
char *json_text(const json_t *document, size_t flags);

#endif
