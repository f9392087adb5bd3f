/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The status of a loop for people.
 */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include <jansson.h>

/* Prints what status_document() made. */
void status_print(const json_t *status);

/* The text with '?' for control characters, as wide as it is in a terminal: at least width columns. */
void print_padded(const char *text, size_t width);

/* How many columns text takes, if each character takes one. */
size_t columns_of(const char *text);

#endif
