/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <jansson.h>

#include "host/record/requests.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

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

static json_t *make_word(const char *word, const char *target, const char *component, const char *snapshot)
{
    json_t *made = json_pack("{ss}", "word", word);
    if (target)
        json_object_set_new(made, "target", json_stringn_nocheck(target, strlen(target)));
    if (component)
        json_object_set_new(made, "component", json_string(component));
    if (snapshot)
        json_object_set_new(made, "snapshot", json_string(snapshot));
    return made;
}

static int say(const char *directory, const char *word, const char *target, const char *component,
               const char *snapshot)
{
    json_t *made = make_word(word, target, component, snapshot);
    int status = requests_add(directory, made);
    json_decref(made);
    return status;
}

static void check(const json_t *words, size_t index, const char *word, const char *target,
                  const char *component, const char *snapshot)
{
    json_t *expected = make_word(word, target, component, snapshot),
           *found = json_copy(json_array_get(words, index));
    json_object_del(found, "file");
    assert_true(json_equal(found, expected));
    json_decref(expected);
    json_decref(found);
}

static void words_stay_until_they_are_dropped(void **state)
{
    json_t *words;

    words = requests_take(*state);
    assert_int_equal(json_array_size(words), 0);
    json_decref(words);
    assert_int_equal(say(*state, "pause", NULL, NULL, NULL), 0);
    assert_int_equal(say(*state, "discard-copy", "a\"b c/../d", NULL, NULL), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(say(*state, "resume", NULL, NULL, NULL), 0);
    json_decref(requests_take(*state));
    words = requests_take(*state);
    assert_int_equal(json_array_size(words), 12);
    check(words, 0, "pause", NULL, NULL, NULL);
    check(words, 1, "discard-copy", "a\"b c/../d", NULL, NULL);
    check(words, 11, "resume", NULL, NULL, NULL);
    assert_int_equal(say(*state, "keep-copy", "later", "container/db-1", NULL), 0);
    requests_drop(*state, words);
    json_decref(words);
    words = requests_take(*state);
    assert_int_equal(json_array_size(words), 1);
    check(words, 0, "keep-copy", "later", "container/db-1", NULL);
    json_decref(words);
}

static void other_names_are_names(void **state)
{
    json_t *words;

    assert_int_equal(say(*state, "accept", "a", NULL, NULL), 0);
    assert_int_equal(say(*state, "prefer", "a", "c", NULL), 0);
    assert_int_equal(say(*state, "restore", NULL, NULL, "process/db-1/x"), 0);
    words = requests_take(*state);
    check(words, 0, "discard-copy", "a", NULL, NULL);
    check(words, 1, "keep-copy", "a", "c", NULL);
    check(words, 2, "restore", NULL, NULL, "process/db-1/x");
    json_decref(words);
    assert_string_equal(requests_find("prefer"), "keep-copy");
    assert_null(requests_find("trigger"));
    assert_null(requests_find(NULL));
}

static void refused(const char *directory, const char *word, const char *target, const char *component,
                    const char *snapshot)
{
    errno = 0;
    assert_int_equal(say(directory, word, target, component, snapshot), -1);
    assert_int_equal(errno, EINVAL);
}

static void other_words_are_refused(void **state)
{
    json_t *number = json_pack("{ss si}", "word", "accept", "target", 5);

    refused(*state, "accept", NULL, NULL, NULL);
    refused(*state, "keep-copy", NULL, "c", NULL);
    refused(*state, "prefer", "", NULL, NULL);
    refused(*state, "prefer", "a\nb", NULL, NULL);
    refused(*state, "keep-copy", "a", "", NULL);
    refused(*state, "keep-copy", "a", "c\x1b[2J", NULL);
    refused(*state, "keep-copy", "a", NULL, "process/db-1/x");
    refused(*state, "restore", NULL, NULL, NULL);
    refused(*state, "restore", "a", NULL, "process/db-1/x");
    refused(*state, "restore", NULL, NULL, "process/../x");
    refused(*state, "pause", "t", NULL, NULL);
    refused(*state, "resume", "t", NULL, NULL);
    refused(*state, "destroy", NULL, NULL, NULL);
    refused(*state, "accept", "\xff", NULL, NULL);
    assert_int_equal(requests_add(*state, number), -1);
    json_decref(number);
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
    words[0] = requests_take(json_string_value(words[1]));
}

static void damaged_words_are_told_and_go(void **state)
{
    json_t *words[2] = { NULL, json_string(*state) };

    write_word(*state, "1.json", "{\"word\":");
    write_word(*state, "2.json", "[]");
    write_word(*state, "3.json", "{\"word\":\"accept\",\"target\":5}");
    write_word(*state, ".4.json.tmp", "{\"word\":\"pause\"}");
    assert_int_equal(say(*state, "pause", NULL, NULL, NULL), 0);
    char *told = unit_written(STDERR_FILENO, take_all, words);
    assert_non_null(strstr(told, "3.json is not a word that is known"));
    assert_null(strstr(told, "4.json"));
    free(told);
    requests_drop(*state, words[0]);
    json_decref(words[0]);
    words[0] = requests_take(*state);
    assert_int_equal(json_array_size(words[0]), 0);
    json_decref(words[0]);
    json_decref(words[1]);
}

/* An operator may have said anything. */
static void unreadable_words_are_waited_for(void **state)
{
    json_t *words[2] = { NULL, json_string(*state) };
    char *directory = string_format("%s/words", (const char *)*state),
         *file = string_format("%s/000000002.json", directory);

    assert_int_equal(say(*state, "pause", NULL, NULL, NULL), 0);
    assert_int_equal(operations->make_directory(file, 0700), 0);
    char *told = unit_written(STDERR_FILENO, take_all, words);
    assert_null(words[0]);
    assert_non_null(strstr(told, "000000002.json: Is a directory"));
    free(told);
    assert_int_equal(operations->remove(file), 0);
    words[0] = requests_take(*state);
    assert_int_equal(json_array_size(words[0]), 1);
    json_decref(words[0]);

    assert_int_equal(operations->remove(directory), 0);
    assert_int_equal(operations->write(directory, "", 0, 0600), 0);
    told = unit_written(STDERR_FILENO, take_all, words);
    assert_null(words[0]);
    assert_non_null(strstr(told, "words: Not a directory"));
    free(told);
    json_decref(words[1]);
    free(file);
    free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_stay_until_they_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_names_are_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_words_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_words_are_told_and_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unreadable_words_are_waited_for, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
