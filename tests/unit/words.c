/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <jansson.h>

#include "operations.h"
#include "strings.h"
#include "words.h"

static int set_up(void **state)
{
    char *directory = NULL;

    operations_use(&real_operations);
    if (operations->temporary_directory("words", &directory) != 0)
        return -1;
    *state = directory;
    return 0;
}

static int tear_down(void **state)
{
    operations->remove(*state);
    free(*state);
    return 0;
}

static void check(const json_t *words, size_t index, const char *word, const char *target)
{
    const json_t *entry = json_array_get(words, index);
    const char *found = json_string_value(json_object_get(entry, "target"));

    assert_string_equal(json_string_value(json_object_get(entry, "word")), word);
    if (target)
        assert_string_equal(found, target);
    else
        assert_null(found);
}

static void words_stay_until_they_are_dropped(void **state)
{
    json_t *words;

    words = words_take(*state);
    assert_int_equal(json_array_size(words), 0);
    json_decref(words);
    assert_int_equal(words_add(*state, "pause", NULL), 0);
    assert_int_equal(words_add(*state, "accept", "a\"b c/../d"), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(words_add(*state, "resume", NULL), 0);
    json_decref(words_take(*state));
    words = words_take(*state);
    assert_int_equal(json_array_size(words), 12);
    check(words, 0, "pause", NULL);
    check(words, 1, "accept", "a\"b c/../d");
    check(words, 11, "resume", NULL);
    assert_int_equal(words_add(*state, "prefer", "later"), 0);
    words_drop(*state, words);
    json_decref(words);
    words = words_take(*state);
    assert_int_equal(json_array_size(words), 1);
    check(words, 0, "prefer", "later");
    json_decref(words);
}

static void refused(const char *directory, const char *word, const char *target)
{
    errno = 0;
    assert_int_equal(words_add(directory, word, target), -1);
    assert_int_equal(errno, EINVAL);
}

static void other_words_are_refused(void **state)
{
    refused(*state, "accept", NULL);
    refused(*state, "prefer", "");
    refused(*state, "prefer", "a\nb");
    refused(*state, "pause", "t");
    refused(*state, "resume", "t");
    refused(*state, "destroy", NULL);
    refused(*state, "accept", "\xff");
}

static void write_word(const char *directory, const char *name, const char *text)
{
    char *words = string_format("%s/words", directory), *file = string_format("%s/%s", words, name);

    operations->make_directory(words, 0700);
    assert_int_equal(operations->write(file, text, strlen(text), 0600), 0);
    free(file);
    free(words);
}

static void take_all(void *closure)
{
    json_t **words = closure;
    words[0] = words_take(json_string_value(words[1]));
}

static void damaged_words_are_told_and_go(void **state)
{
    json_t *words[2] = { NULL, json_string(*state) };

    write_word(*state, "1.json", "{\"word\":");
    write_word(*state, "2.json", "[]");
    write_word(*state, "3.json", "{\"word\":\"accept\",\"target\":5}");
    write_word(*state, ".4.json.tmp", "{\"word\":\"pause\"}");
    assert_int_equal(words_add(*state, "pause", NULL), 0);
    char *told = unit_written(STDERR_FILENO, take_all, words);
    assert_non_null(strstr(told, "3.json is not a word that is known"));
    assert_null(strstr(told, "4.json"));
    free(told);
    words_drop(*state, words[0]);
    json_decref(words[0]);
    words[0] = words_take(*state);
    assert_int_equal(json_array_size(words[0]), 0);
    json_decref(words[0]);
    json_decref(words[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_stay_until_they_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_words_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_words_are_told_and_go, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
