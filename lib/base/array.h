/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Arrays that carry no capacity: there is always room for the next power of two of count elements.
 */
#ifndef ARRAY_H
#define ARRAY_H

#include <stdint.h>
#include <stdlib.h>

/* Room for one element more than count, or NULL: no memory, and the old array is as it was. */
static inline void *array_grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1))
        return array;
    if (count > SIZE_MAX / 2 / size)
        return NULL;
    return realloc(array, (count ? 2 * count : 1) * size);
}

/* Room for count elements, so that array_grow() may follow. NULL: no memory. */
static inline void *array_new(size_t count, size_t size)
{
    size_t room = 1;

    while (room < count)
        room *= 2;
    return calloc(room, size);
}

#endif
