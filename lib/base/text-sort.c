/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Texts lie anywhere in memory, and to look at each of them twenty times takes longer than all else. What
 * decides is mostly in the eight bytes after those that all texts have in common, as in keys and in store
 * paths: these are taken out once, and looked at side by side.
 */
#include "lib/base/text-sort.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

struct entry {
    uint64_t first; /* bytes after the common ones, as a number that orders as they do */
    const char *text;
    size_t position;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    int order;

    if (one->first != other->first)
        return one->first < other->first ? -1 : 1;
    order = one->text == other->text ? 0 : strcmp(one->text, other->text);
    return order ? order : (one->position > other->position) - (one->position < other->position);
}

static size_t common_length(const struct entry *entries, size_t count)
{
    size_t common = count ? strlen(entries[0].text) : 0;

    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < common; j++)
            if (entries[i].text[j] != entries[0].text[j])
                common = j;
    return common;
}

static uint64_t bytes_at(const char *text)
{
    uint64_t bytes = 0;

    for (unsigned shift = 64; shift && *text; text++) {
        shift -= 8;
        bytes |= (uint64_t)(unsigned char)*text << shift;
    }
    return bytes;
}

int text_sort(void *items, size_t count, size_t size, const char *(*text_of)(const void *item))
{
    CLEANUP_FREE struct entry *entries = calloc(count + 1, sizeof *entries);
    CLEANUP_FREE char *sorted = calloc(count + 1, size);
    size_t common;

    if (!entries || !sorted)
        return -1;
    if (count < 2)
        return 0;
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){ .text = text_of((const char *)items + i * size), .position = i };
    common = common_length(entries, count);
    for (size_t i = 0; i < count; i++)
        entries[i].first = bytes_at(entries[i].text + common);
    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < count; i++)
        memcpy(sorted + i * size, (const char *)items + entries[i].position * size, size);
    memcpy(items, sorted, count * size);
    return 0;
}
