/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Members of JSON values.
 */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The names of the members of an object in their order, with a NULL behind them, free()d by the caller; the
 * names are borrowed. NULL: no memory. */
const char **json_sorted_names(const json_t *object);

/* A copy of the member key of object, all of it; an empty object where there is none. */
json_t *json_copy_at(const json_t *object, const char *key);

/* The object that is the member key of parent, borrowed; it is made, also in place of another value. NULL: no
 * memory. */
json_t *json_object_at(json_t *parent, const char *key);

/* The text that is the member key of object, borrowed; "" if there is no such text. */
const char *text_at(const json_t *object, const char *key);
const char *text_or(const json_t *object, const char *key, const char *otherwise); /* may be NULL */
const char *text_or_null(const json_t *object, const char *key);
bool text_at_is(const json_t *object, const char *key, const char *text);

/* Whether the text is in an array (NULL: it is not); what is no text in it is passed over. */
bool json_list_has(const json_t *list, const char *text);

/* Adds the text to an array that does not have it yet. */
void json_list_add(json_t *list, const char *text);

/* Adds to the integer that is the member key of object; none counts as 0. */
void json_count(json_t *object, const char *key, int64_t more);

#endif
