/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sorting many things by long texts.
 */
#ifndef TEXT_SORT_H
#define TEXT_SORT_H

#include <stddef.h>

/* Sorts count items of that size bytewise by the text of each; those with the same text keep their order. -1:
 * no memory, and they are as they were. */
int text_sort(void *items, size_t count, size_t size, const char *(*text_of)(const void *item));

#endif
