/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/set.h"
#include "lib/base/sha256.h"
#include "lib/base/text-sort.h"
#include "lib/manifest/manifest.h"

enum { MANY = 20000 };

static void texts_by_address(void **state)
{
    struct strings *strings = strings_new();
    const char *texts[MANY];
    char copy[] = "3";
    struct set set;

    (void)state;
    assert_int_equal(text_set_init(&set, 3), 0); /* it grows */
    for (int i = 0; i < MANY; i++) {
        char text[16];

        snprintf(text, sizeof text, "%d", i);
        texts[i] = strings_intern(strings, text);
        assert_null(set_find(&set, texts[i]));
        assert_int_equal(set_add(&set, texts[i]), 0);
        assert_int_equal(set_add(&set, texts[i]), 0);
    }
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(set_find(&set, texts[i]), texts[i]);
    assert_null(set_find(&set, copy));
    assert_int_equal(set.used, MANY);
    set_clear(&set);
    strings_free(strings);
}

static void mappings_by_identity(void **state)
{
    const struct service_mapping mappings[] = {
        { "a", "b", "c", NULL }, { "b", "a", "c", NULL }, { "a", "c", "b", NULL }, { "c", "b", "a", NULL }
    };
    struct service_mapping wanted = mappings[1];
    struct set set;

    (void)state;
    assert_int_equal(mapping_set_init(&set, 0), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(set_add(&set, &mappings[i]), 0);
    wanted.provider = "p"; /* it is none of the identity */
    assert_ptr_equal(set_find(&set, &wanted), &mappings[1]);
    assert_null(set_find(&set, &mappings[3]));
    set_clear(&set);
}

struct item {
    const char *text;
    int number;
};

static const char *text_of(const void *item)
{
    return ((const struct item *)item)->text;
}

static void sorted_bytewise(void **state)
{
    struct item items[] = { { "/store/b", 0 },         { "/store/", 1 },      { "/store/abcdefghij", 2 },
                            { "/store/abcdefghi", 3 }, { "/store/a\xff", 4 }, { "/store/b", 5 },
                            { "/store/abcdefgh", 6 },  { "/store/a", 7 },     { "/store/abcdefghia", 8 } };
    static const int expected[] = { 1, 7, 6, 3, 8, 2, 4, 0, 5 };

    (void)state;
    assert_int_equal(text_sort(items, 9, sizeof *items, text_of), 0);
    for (int i = 0; i < 9; i++)
        assert_int_equal(items[i].number, expected[i]);
    assert_int_equal(text_sort(items, 0, sizeof *items, text_of), 0);
}

static void many_sorted(void **state)
{
    static struct item items[MANY];
    static char texts[MANY][24];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "common %08x", (unsigned)i * 2654435761u >> 12);
        items[i] = (struct item){ texts[i], i };
    }
    assert_int_equal(text_sort(items, MANY, sizeof *items, text_of), 0);
    for (int i = 1; i < MANY; i++) {
        int order = strcmp(items[i - 1].text, items[i].text);

        assert_true(order < 0 || (order == 0 && items[i - 1].number < items[i].number));
    }
}

static void memory_of_a_pool(void **state)
{
    struct strings *strings = strings_new();
    const char *text = strings_intern(strings, "x");

    (void)state;
    for (size_t i = 1; i < 3000; i++) {
        void **array = strings_allocate(strings, i, sizeof *array);

        assert_non_null(array);
        assert_int_equal((uintptr_t)array % sizeof(void *), 0);
        memset(array, 0xff, i * sizeof *array);
    }
    assert_null(strings_allocate(strings, SIZE_MAX / 8, 16));
    assert_ptr_equal(strings_intern(strings, "x"), text);
    strings_free(strings);
}

/* The digest of count pieces of length bytes, with or without instructions that are made for it. */
static void check_digest(const char *piece, size_t length, size_t count, const char *expected)
{
    for (int fast = 0; fast < 2; fast++) {
        struct sha256 hash;
        char digits[65];

        sha256_begin(&hash);
        hash.fast = hash.fast && fast;
        for (size_t i = 0; i < count; i++)
            sha256_add(&hash, piece, length);
        sha256_end(&hash, digits);
        assert_string_equal(digits, expected);
    }
}

static void digests(void **state)
{
    static const char million[1000] = { 0 };

    (void)state;
    check_digest("", 0, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("", 0, 3, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 1,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check_digest(million, sizeof million, 1000,
                 "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025");
    check_digest(million, 1, 1000000, "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025");
    check_digest(million, 64, 15625, "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025");
}

/* The same bytes are the same, however they come. */
static void digests_of_pieces(void **state)
{
    unsigned char bytes[301];
    char whole[65], parts[65];
    struct sha256 hash;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    sha256_begin(&hash);
    sha256_add(&hash, bytes, sizeof bytes);
    sha256_end(&hash, whole);
    for (size_t first = 0; first <= sizeof bytes; first++) {
        sha256_begin(&hash);
        hash.fast = hash.fast && first % 2;
        sha256_add(&hash, bytes, first);
        sha256_add(&hash, bytes + first, (sizeof bytes - first) / 2);
        sha256_add(&hash, bytes + first + (sizeof bytes - first) / 2, (sizeof bytes - first + 1) / 2);
        sha256_end(&hash, parts);
        assert_string_equal(parts, whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_by_address),  cmocka_unit_test(mappings_by_identity),
        cmocka_unit_test(sorted_bytewise),   cmocka_unit_test(many_sorted),
        cmocka_unit_test(memory_of_a_pool),  cmocka_unit_test(digests),
        cmocka_unit_test(digests_of_pieces),
    };

    return cmocka_run_group_tests_name("sets", tests, NULL, NULL);
}
