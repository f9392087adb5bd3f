/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the journal keeps, and when.
 */
#include "tests/unit/unit.h"

#include "host/record/journal.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static char *root, *file;

static json_t *document(const char *kind)
{
    return json_pack("{ss}", "kind", kind);
}

/* Line number n of the journal; NULL: there is none, or it is no document. */
static json_t *line(size_t n)
{
    char *data = NULL;
    size_t length;
    json_t *found = NULL;
    if (operations->read(file, 100000000, &data, &length) != 0)
        return NULL;
    char *rest = data, *text = strsep(&rest, "\n");
    while (n-- > 0 && text)
        text = strsep(&rest, "\n");
    if (text)
        found = json_loads(text, 0, NULL);
    free(data);
    return found;
}

static void expect(size_t n, const char *kind)
{
    json_t *found = line(n);
    if (kind)
        assert_string_equal(json_string_value(json_object_get(found, "kind")), kind);
    else
        assert_null(found);
    json_decref(found);
}

static void what_is_held_is_written_when_it_is_worth_it(void **state)
{
    struct journal journal;
    (void)state;
    journal_open(&journal, root);
    journal_add(&journal, document("one"), false);
    expect(0, NULL);
    journal_close(&journal);
    expect(0, NULL);
    journal_open(&journal, root);
    journal_add(&journal, document("two"), false);
    journal_release(&journal);
    expect(0, "two");
    journal_add(&journal, document("three"), true);
    expect(1, "three");
    journal_release(&journal);
    expect(2, NULL);
    journal_close(&journal);
    journal_write(root, document("four"), false);
    expect(2, "four");
}

static void documents_are_dated(void **state)
{
    (void)state;
    journal_write(root, document("one"), false);
    json_t *found = line(0);
    const char *time = NULL;
    int version = 0;
    assert_int_equal(json_unpack(found, "{si ss}", "version", &version, "time", &time), 0);
    assert_int_equal(version, 1);
    assert_int_equal(strlen(time), 20);
    json_decref(found);
}

static void a_huge_report_is_left_out(void **state)
{
    size_t size = (size_t)5 << 20;
    char *text = malloc(size + 1);
    (void)state;
    memset(text, 'x', size);
    text[size] = '\0';
    journal_write(root, json_pack("{ss s{ss}}", "kind", "stage", "report", "text", text), false);
    free(text);
    json_t *found = line(0);
    assert_string_equal(json_string_value(json_object_get(found, "kind")), "stage");
    assert_true(json_is_true(json_object_get(found, "reportLeftOut")));
    assert_null(json_object_get(found, "report"));
    json_decref(found);
}

static int older_size(const char *path, uint64_t *size)
{
    char *older = string_format("%s.1", path);
    enum dydisnix_kind kind = operations->inspect(older, size);
    free(older);
    return kind == DYDISNIX_FILE ? 0 : -1;
}

static void it_does_not_grow_for_ever(void **state)
{
    size_t size = (size_t)3 << 20;
    uint64_t bytes = 0;
    char *text = malloc(size + 1);
    (void)state;
    memset(text, 'x', size);
    text[size] = '\0';
    for (int i = 0; i < 12; i++)
        journal_write(root, json_pack("{ss s{ss}}", "kind", "stage", "report", "text", text), false);
    free(text);
    assert_int_equal(operations->inspect(file, &bytes), DYDISNIX_FILE);
    assert_in_range(bytes, 1, 16 << 20);
    assert_int_equal(older_size(file, &bytes), 0);
    assert_in_range(bytes, 1, 16 << 20);
}

static void write_nowhere(void *closure)
{
    (void)closure;
    journal_write("/nowhere/at all", document("one"), false);
}

static void a_failure_is_told(void **state)
{
    char *text = unit_written(STDERR_FILENO, write_nowhere, NULL);
    (void)state;
    assert_string_equal(text, "[coordinator]: /nowhere/at all/events.jsonl: No such file or directory\n");
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    operations_use(&real_operations);
    if (operations->temporary_directory("dydisnix unit", &root) != 0)
        return -1;
    file = string_format("%s/events.jsonl", root);
    return 0;
}

static int tear_down(void **state)
{
    int result = operations->remove(root);
    (void)state;
    free(root);
    free(file);
    return result;
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_held_is_written_when_it_is_worth_it),
        CASE(documents_are_dated),
        CASE(a_huge_report_is_left_out),
        CASE(it_does_not_grow_for_ever),
        CASE(a_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
