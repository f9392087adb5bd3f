/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "lib/base/strings.h"

static void equal_text_is_one_pointer(void **state)
{
    struct strings *strings = strings_new();
    char text[] = "database";
    const char *first = strings_intern(strings, text);

    (void)state;
    assert_ptr_not_equal(first, text);
    assert_string_equal(first, "database");
    text[0] = 'D';
    assert_string_equal(first, "database");
    assert_ptr_equal(strings_intern(strings, "database"), first);
    assert_ptr_equal(strings_intern_length(strings, "database-1", 8), first);
    assert_ptr_not_equal(strings_intern(strings, text), first);
    strings_free(strings);
}

static void odd_texts(void **state)
{
    struct strings *strings = strings_new();
    const char *empty = strings_intern(strings, "");

    (void)state;
    assert_string_equal(empty, "");
    assert_ptr_equal(strings_intern_length(strings, "x", 0), empty);
    assert_null(strings_intern(strings, NULL));
    assert_null(strings_intern_length(strings, NULL, 3));
    assert_string_equal(strings_intern_length(strings, "ab\0cd", 5), "ab");
    assert_string_equal(strings_intern_length(strings, "ab", 100), "ab");
    assert_string_equal(strings_intern(strings, "a:b:c"), "a:b:c");
    strings_free(strings);
    strings_free(NULL);
}

/* Texts from first on, in large pages if there is already so much, have one pointer each. */
static void intern_many(struct strings *strings, int first, char *text)
{
    enum { COUNT = 50000 };
    const char **known = calloc(COUNT, sizeof *known);

    for (int i = 0; i < COUNT; i++) {
        sprintf(text, "/nix/store/%d", first + i);
        known[i] = strings_intern(strings, text);
    }
    for (int i = 0; i < COUNT; i++) {
        sprintf(text, "/nix/store/%d", first + i);
        assert_string_equal(known[i], text);
        assert_ptr_equal(strings_intern(strings, text), known[i]);
        assert_ptr_equal(strings_intern_length(strings, text, strlen(text)), known[i]);
    }
    free(known);
}

static void many_and_long_texts(void **state)
{
    enum { LONG = 16 << 20 };
    struct strings *strings = strings_new();
    char *text = malloc(LONG + 1);

    (void)state;
    intern_many(strings, 0, text);
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    assert_string_equal(strings_intern(strings, text), text);
    intern_many(strings, 50000, text);
    intern_many(strings, 0, text);
    free(text);
    strings_free(strings);
}

static void formats(void **state)
{
    char *text = string_format("%s-%d", "generation", 12);

    (void)state;
    assert_string_equal(text, "generation-12");
    free(text);
}

static void other_bytes_are_replaced(void **state)
{
    static const char *const texts[][2] = {
        { "", "" },
        { "na\xc3\xafve \xf0\x9f\x92\xbe", "na\xc3\xafve \xf0\x9f\x92\xbe" },
        { "a\xff"
          "b",
          "a\xef\xbf\xbd"
          "b" },
        { "cut \xc3", "cut \xef\xbf\xbd" },
        { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xed\xa0\x80x", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = string_utf8(texts[i][0]);
        assert_string_equal(text, texts[i][1]);
        free(text);
    }
    assert_null(string_utf8(NULL));
}

static void words_of_a_shell(void **state)
{
    static const char *const pairs[][2] = { { "plain-1.0:/x", "plain-1.0:/x" },
                                            { "", "''" },
                                            { "a b", "'a b'" },
                                            { "a;b", "'a;b'" },
                                            { "it's", "'it'\\''s'" } };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *word = string_shell_word(pairs[i][0]);
        assert_string_equal(word, pairs[i][1]);
        free(word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_a_shell), cmocka_unit_test(equal_text_is_one_pointer),
        cmocka_unit_test(odd_texts),        cmocka_unit_test(many_and_long_texts),
        cmocka_unit_test(formats),          cmocka_unit_test(other_bytes_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
