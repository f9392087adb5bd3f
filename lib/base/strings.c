/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/strings.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "lib/base/characters.h"

/* Texts and what else lives as long as the pool lie one behind the other in blocks. */
struct block {
    struct block *next;
    max_align_t room[];
};

/* A pool that has come to MANY bytes goes on in larger blocks, each one large page: millions of looks into
 * small pages miss the processor's table of them. */
enum { BLOCK = 256 * 1024, MANY = 4 * 1024 * 1024, LARGE_PAGE = 2 * 1024 * 1024 };
enum { SLOTS_AT_FIRST = 1024, FRONT = 4096 };

struct slot {
    const char *text; /* NULL: free */
    uint32_t hash, length;
};

struct strings {
    struct slot
        *front; /* of many slots, those met last: most looks stay in the processor's cache; NULL: few */
    struct slot *slots; /* a power of two of them, searched from where the hash says to the next free one */
    size_t slot_count, used;
    struct block *blocks;
    char *texts, *texts_end;   /* what is left of a block for texts */
    char *arrays, *arrays_end; /* and of one for what has to be aligned */
    size_t size;               /* of all blocks */
    uint64_t seed;             /* nobody can tell in advance which texts meet */
};

/* As malloc(); in large pages, where the kernel has any, what is as large as one. */
static void *allocate_pages(size_t size)
{
    size_t rounded = size <= SIZE_MAX - LARGE_PAGE ? (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE : 0;
    void *memory = size < LARGE_PAGE ? malloc(size) : rounded > 0 ? aligned_alloc(LARGE_PAGE, rounded) : NULL;

#ifdef MADV_HUGEPAGE
    if (memory != NULL && size >= LARGE_PAGE)
        madvise(memory, rounded, MADV_HUGEPAGE);
#endif
    return memory;
}

static struct slot *allocate_slots(size_t count)
{
    struct slot *slots = count <= SIZE_MAX / sizeof *slots ? allocate_pages(count * sizeof *slots) : NULL;

    if (slots != NULL)
        memset(slots, 0, count * sizeof *slots);
    return slots;
}

struct strings *strings_new(void)
{
    struct strings *strings = calloc(1, sizeof *strings);
    const void *random =
        (const void *)getauxval(AT_RANDOM); /* 16 bytes, anew for each program that is started */

    if (strings == NULL)
        return NULL;
    strings->slot_count = SLOTS_AT_FIRST;
    strings->slots = allocate_slots(strings->slot_count);
    if (strings->slots == NULL) {
        free(strings);
        return NULL;
    }
    if (random != NULL)
        memcpy(&strings->seed, random, sizeof strings->seed);
    return strings;
}

void strings_free(struct strings *strings)
{
    if (strings == NULL)
        return;
    while (strings->blocks != NULL) {
        struct block *block = strings->blocks;

        strings->blocks = block->next;
        free(block);
    }
    free(strings->front);
    free(strings->slots);
    free(strings);
}

/* Room of that size at *at, whose block ends at *end. */
static char *allocate(struct strings *strings, char **at, char **end, size_t size)
{
    char *room = *at;

    if (size > (size_t)(*end - *at)) {
        size_t usual = (strings->size < MANY ? BLOCK : LARGE_PAGE) - sizeof(struct block);
        size_t most = size > usual / 4 ? size : usual; /* what is large gets a block of its own */
        struct block *block = most > SIZE_MAX - sizeof *block ? NULL : allocate_pages(sizeof *block + most);

        if (block == NULL)
            return NULL;
        block->next = strings->blocks;
        strings->blocks = block;
        strings->size += sizeof *block + most;
        room = (char *)block->room;
        if (most != usual)
            return room;
        *end = room + most;
    }
    *at = room + size;
    return room;
}

void *strings_allocate(struct strings *strings, size_t count, size_t size)
{
    const size_t unit = sizeof(max_align_t);

    if (count > (SIZE_MAX - unit) / size)
        return NULL;
    return allocate(strings, &strings->arrays, &strings->arrays_end, (count * size + unit - 1) / unit * unit);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    return hash ^ (hash >> 32);
}

static uint32_t hash_of(const struct strings *strings, const char *text, size_t length)
{
    uint64_t hash = strings->seed ^ length, word = 0;

    for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, text, length);
    return (uint32_t)mix(mix(hash, word), strings->seed);
}

static bool is_it(const struct slot *slot, uint32_t hash, const char *text, size_t length)
{
    return slot->text != NULL && slot->hash == hash && slot->length == length
           && memcmp(slot->text, text, length) == 0;
}

/* Where the text is, or where it is to be put. */
static struct slot *find_interned(const struct strings *strings, uint32_t hash, const char *text,
                                  size_t length)
{
    for (size_t i = hash;; i++) {
        struct slot *slot = &strings->slots[i & (strings->slot_count - 1)];

        if (slot->text == NULL || is_it(slot, hash, text, length))
            return slot;
    }
}

static int grow(struct strings *strings)
{
    struct {
        struct slot *slots;
        size_t slot_count;
    } larger = { .slot_count = strings->slot_count * 2 };

    larger.slots = allocate_slots(larger.slot_count);
    if (larger.slots == NULL)
        return -1;
    for (size_t i = 0; i < strings->slot_count; i++) {
        const struct slot *slot = &strings->slots[i];
        size_t to = slot->hash;

        if (slot->text == NULL)
            continue;
        while (larger.slots[to & (larger.slot_count - 1)].text != NULL)
            to++;
        larger.slots[to & (larger.slot_count - 1)] = *slot;
    }
    free(strings->slots);
    strings->slots = larger.slots;
    strings->slot_count = larger.slot_count;
    if (strings->front == NULL && strings->slot_count > 4 * FRONT)
        strings->front = allocate_slots(FRONT); /* without memory it is as before */
    return 0;
}

static const struct slot *find_or_add(struct strings *strings, uint32_t hash, const char *text, size_t length)
{
    if (strings->used >= strings->slot_count / 4 * 3 && grow(strings) != 0)
        return NULL;
    struct slot *slot = find_interned(strings, hash, text, length);
    if (slot->text != NULL)
        return slot;
    char *copy = allocate(strings, &strings->texts, &strings->texts_end, length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *slot = (struct slot){ copy, hash, (uint32_t)length };
    strings->used++;
    return slot;
}

const char *strings_intern(struct strings *strings, const char *text)
{
    return text == NULL ? NULL : strings_intern_length(strings, text, strlen(text));
}

const char *strings_intern_length(struct strings *strings, const char *text, size_t length)
{
    if (text == NULL)
        return NULL;
    length = strnlen(text, length);
    if (length > INT_MAX)
        return NULL;
    uint32_t hash = hash_of(strings, text, length);
    struct slot *front = strings->front != NULL ? &strings->front[hash >> 16 & (FRONT - 1)] : NULL;
    if (front != NULL && is_it(front, hash, text, length))
        return front->text;
    const struct slot *slot = find_or_add(strings, hash, text, length);
    if (slot != NULL && front != NULL)
        *front = *slot;
    return slot != NULL ? slot->text : NULL;
}

char *string_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return text;
}

char *string_utf8(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *clean = text == NULL ? NULL : malloc(3 * strlen(text) + 1), *end = clean;

    if (clean == NULL)
        return NULL;
    while (*text != '\0') {
        size_t length;
        bool good = character_at(text, strnlen(text, 4), &length) >= 0;
        size_t copied = good ? length : strlen(replacement);

        memcpy(end, good ? text : replacement, copied);
        end += copied;
        text += length;
    }
    *end = '\0';
    return clean;
}

const char *string_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool string_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

int string_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int string_order(const char *a, const char *b)
{
    return a == b ? 0 : !a ? -1 : !b ? 1 : strcmp(a, b);
}

char *string_shell_word(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=-";
    char *word = malloc(4 * strlen(text) + sizeof "''"), *at = word;
    if (!word || (*text && !text[strspn(text, plain)]))
        return word ? strcpy(word, text) : NULL;
    *at++ = '\'';
    for (; *text; text++)
        at = *text == '\'' ? stpcpy(at, "'\\''") : (*at = *text, at + 1);
    strcpy(at, "'");
    return word;
}
