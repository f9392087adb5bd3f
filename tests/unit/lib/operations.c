/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <time.h>

#include "lib/world/operations.h"

static void write_messages(void *closure)
{
    (void)closure;
    errno = ENOTTY;
    log_error(NULL, "no %s", "disk");
    log_warning("test1", "odd");
    log_notice("test1", "step");
    log_debug("test1", "hidden");
    assert_int_equal(errno, ENOTTY);
    real_log_level(DYDISNIX_DEBUG);
    log_debug(NULL, "shown");
    real_log_level(DYDISNIX_ERROR);
    log_warning(NULL, "hidden");
    real_log_level(DYDISNIX_NOTICE);
}

static void messages_name_the_machine(void **state)
{
    char *text = unit_written(STDERR_FILENO, write_messages, NULL);

    (void)state;
    assert_string_equal(text, "[coordinator]: no disk\n[target: test1]: odd\n[target: test1]: step\n"
                              "[coordinator]: shown\n");
    free(text);
}

static void write_controls(void *closure)
{
    (void)closure;
    log_notice("a\nb", "one\ntwo\r\033[31m\177 caf\303\251 \302\233x \302");
}

static void a_message_is_one_line(void **state)
{
    char *text = unit_written(STDERR_FILENO, write_controls, NULL);

    (void)state;
    assert_string_equal(text, "[target: a?b]: one?two??[31m? caf\303\251 ?x ?\n");
    free(text);
}

static void write_documents(void *closure)
{
    (void)closure;
    real_log_json(true);
    log_error(NULL, "no \"disk\"");
    log_warning("a\nb", "one\ntwo \302\233 \377");
    real_log_json(false);
}

static void messages_as_documents(void **state)
{
    char *text = unit_written(STDERR_FILENO, write_documents, NULL), *line = strtok(text, "\n");
    const char *time = NULL, *level = NULL, *message = NULL, *target = NULL;
    int version = 0;
    json_t *document = json_loads(line, 0, NULL);

    (void)state;
    assert_int_equal(json_object_size(document), 4);
    assert_int_equal(json_unpack(document, "{si ss ss ss}", "version", &version, "time", &time, "level",
                                 &level, "message", &message),
                     0);
    assert_int_equal(version, 1);
    assert_int_equal(strlen(time), 20);
    assert_string_equal(level, "error");
    assert_string_equal(message, "no \"disk\"");
    json_decref(document);
    document = json_loads(strtok(NULL, "\n"), 0, NULL);
    assert_int_equal(
        json_unpack(document, "{ss ss ss}", "level", &level, "target", &target, "message", &message), 0);
    assert_string_equal(target, "a\nb");
    assert_string_equal(message, "one\ntwo \302\233 \357\277\275");
    assert_null(strtok(NULL, "\n"));
    json_decref(document);
    free(text);
}

static void write_document_with_controls(void *closure)
{
    (void)closure;
    real_log_json(true);
    log_notice("a\342\200\256b", "\033[2J \302\2332J \342\200\250 \177 \330\234 caf\303\251");
    real_log_json(false);
}

static void documents_have_no_control_characters(void **state)
{
    char *line = unit_written(STDERR_FILENO, write_document_with_controls, NULL);
    json_t *document = json_loads(line, 0, NULL);

    (void)state;
    assert_non_null(strstr(line, "\\u001B[2J \\u009B2J \\u2028 \\u007F \\u061C caf\303\251"));
    assert_non_null(strstr(line, "a\\u202Eb"));
    assert_string_equal(json_string_value(json_object_get(document, "message")),
                        "\033[2J \302\2332J \342\200\250 \177 \330\234 caf\303\251");
    json_decref(document);
    free(line);
}

static void moments(void **state)
{
    (void)state;
    assert_string_equal(moment_of(0).text, "1970-01-01T00:00:00Z");
    assert_string_equal(moment_of(1767225599).text, "2025-12-31T23:59:59Z");
    assert_string_equal(moment_of(4102444800).text, "2100-01-01T00:00:00Z");
}

static void write_long_message(void *closure)
{
    log_notice(NULL, "%s", (char *)closure);
}

static void a_message_may_be_long(void **state)
{
    char *message = malloc(20001), *text;

    (void)state;
    memset(message, 'x', 20000);
    message[20000] = '\0';
    text = unit_written(STDERR_FILENO, write_long_message, message);
    assert_int_equal(strlen(text), strlen("[coordinator]: ") + 20000 + 1);
    free(message);
    free(text);
}

static void clocks(void **state)
{
    int64_t before = operations->now(), clock = operations->clock();

    (void)state;
    operations->sleep(20);
    assert_in_range(operations->now() - before, 20, 600000);
    operations->sleep(-5);
    assert_in_range(time(NULL) - clock, 0, 600);
}

static void random_numbers_differ(void **state)
{
    (void)state;
    assert_true(operations->random() != operations->random());
}

static void endings_in_words(void **state)
{
    static const struct {
        enum dydisnix_ending ending;
        int status;
        const char *words;
    } cases[] = {
        { DYDISNIX_EXITED, 2, "exit status 2" },
        { DYDISNIX_SIGNALLED, 9, "killed by signal 9" },
        { DYDISNIX_TIMED_OUT, 0, "no answer in time" },
        { DYDISNIX_NOT_STARTED, ENOENT, "not started: No such file or directory" },
        { DYDISNIX_TOO_MUCH_OUTPUT, 0, "too much output" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dydisnix_result result = { .ending = cases[i].ending, .status = cases[i].status };
        char *words = describe_ending(&result);

        assert_string_equal(words, cases[i].words);
        free(words);
    }
}

static int cannot_run(const struct dydisnix_work *work, unsigned jobs)
{
    (void)work;
    (void)jobs;
    errno = ENOMEM;
    return -1;
}

static void nothing_can_be_run(void **state)
{
    const struct dydisnix_operations table = { .size = sizeof table, .run = cannot_run };
    const struct dydisnix_program program = { 0 };
    struct dydisnix_result result;

    (void)state;
    operations_use(&table);
    assert_int_equal(run_program(&program, &result), -1);
    operations_use(&real_operations);
    assert_int_equal(result.ending, DYDISNIX_NOT_STARTED);
    assert_int_equal(result.status, ENOMEM);
    assert_null(result.output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_name_the_machine),
        cmocka_unit_test(a_message_is_one_line),
        cmocka_unit_test(a_message_may_be_long),
        cmocka_unit_test(messages_as_documents),
        cmocka_unit_test(documents_have_no_control_characters),
        cmocka_unit_test(moments),
        cmocka_unit_test(clocks),
        cmocka_unit_test(random_numbers_differ),
        cmocka_unit_test(endings_in_words),
        cmocka_unit_test(nothing_can_be_run),
    };

    operations_use(&real_operations);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
