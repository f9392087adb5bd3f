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

static void digests(void **state)
{
    static const char million[1000] = { 0 };
    struct sha256 hash;
    char digits[65];

    (void)state;
    sha256_begin(&hash);
    sha256_end(&hash, digits);
    assert_string_equal(digits, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_begin(&hash);
    sha256_add(&hash, "abcdbcdecdefdefgefghfghighijhi", 30);
    sha256_add(&hash, "jkijkljklmklmnlmnomnopnopq", 26);
    sha256_end(&hash, digits);
    assert_string_equal(digits, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    sha256_begin(&hash);
    for (int i = 0; i < 1000; i++)
        sha256_add(&hash, million, sizeof million);
    sha256_end(&hash, digits);
    assert_string_equal(digits, "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_by_address), cmocka_unit_test(mappings_by_identity),
        cmocka_unit_test(sorted_bytewise),  cmocka_unit_test(many_sorted),
        cmocka_unit_test(memory_of_a_pool), cmocka_unit_test(digests),
    };

    return cmocka_run_group_tests_name("sets", tests, NULL, NULL);
}
