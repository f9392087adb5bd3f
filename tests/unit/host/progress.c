/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "host/record/progress.h"

struct heard {
    int count, last;
};

static void hear(void *closure, const json_t *document)
{
    struct heard *heard = closure;

    heard->count++;
    heard->last = (int)json_integer_value(json_object_get(document, "n"));
}

static void documents_arrive_in_pieces(void **state)
{
    struct progress_reader reader;
    struct heard heard = { 0 };
    int fd;

    (void)state;
    assert_int_equal(progress_open(&reader, &fd), 0);
    assert_int_equal(write(fd, "{\"n\":1}\n{\"n\"", 12), 12);
    progress_take(&reader, hear, &heard);
    assert_int_equal(heard.count, 1);
    assert_int_equal(write(fd, ":2}\nnonsense\n[3]\n\n", 18), 18);
    progress_take(&reader, hear, &heard);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.last, 2);
    assert_true(reader.fd >= 0);
    close(fd);
    progress_take(&reader, hear, &heard);
    assert_int_equal(reader.fd, -1);
    progress_close(&reader);
}

/* A line without end takes no memory, and what follows it is read. */
static void a_line_that_is_too_long_is_skipped(void **state)
{
    struct progress_reader reader;
    struct heard heard = { 0 };
    char junk[4096];
    int fd;

    (void)state;
    memset(junk, 'x', sizeof junk);
    assert_int_equal(progress_open(&reader, &fd), 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
        progress_take(&reader, hear, &heard);
    }
    assert_true(reader.length <= 65536);
    assert_int_equal(write(fd, "\n{\"n\":7}\n", 10), 10);
    progress_take(&reader, hear, &heard);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.last, 7);
    close(fd);
    progress_close(&reader);
}

/* A plugin closed all descriptors, and opened a file of its own. */
static void nothing_is_told_to_a_file_of_somebody_else(void **state)
{
    struct progress_reader reader;
    int fd;

    (void)state;
    assert_int_equal(progress_open(&reader, &fd), 0);
    struct progress progress = progress_to(fd);
    assert_int_equal(progress_tell(&progress, json_pack("{si}", "n", 1)), 0);
    FILE *file = tmpfile();
    assert_int_equal(dup2(fileno(file), fd), fd);
    assert_int_equal(progress_tell(&progress, json_pack("{si}", "n", 2)), -1);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    assert_int_equal(progress_tell(&progress, json_pack("{si}", "n", 3)), -1);
    fclose(file);
    progress_close(&reader);
}

static void nobody_listens(void **state)
{
    struct progress progress = progress_to(-1);

    (void)state;
    assert_int_equal(progress_tell(&progress, json_pack("{si}", "n", 1)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_arrive_in_pieces),
        cmocka_unit_test(a_line_that_is_too_long_is_skipped),
        cmocka_unit_test(nothing_is_told_to_a_file_of_somebody_else),
        cmocka_unit_test(nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
