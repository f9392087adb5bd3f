/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A text for the store, where Nix is this file: paths are those of Nix, no answer is believed that is not the
 * one expected, and builtins.toFile is asked once it has helped.
 */
#include "tests/unit/model.h"

#include <errno.h>
#include <signal.h>

#include "lib/base/strings.h"
#include "lib/model/nix-stream.h"
#include "lib/model/store-text.h"

#define EVALUATED "/nix/store/00000000000000000000000000000000-text.xml"
#define FAR "/nix/store/11111111111111111111111111111111-text.xml"

static const char *const references[] = { "/nix/store/54is82vxc68wdbqahm6qg6gf5rdpblpx-o",
                                          "/nix/store/pi8axnzkz80qa3x5smwjwxcc9n9hjik0-h" };

/* How nix-store answers, and what was asked. */
static struct {
    enum dydisnix_ending ending;
    int status;
    uint64_t magic, version, done, count;
    const char *path; /* that it says is valid; NULL: the one that it was told */
    size_t cut, more; /* bytes that are missing at the end, or too many */
    bool evaluation_fails;
    int serves, evaluations;
    int64_t deadline;
    size_t stream_length;
} nix;

static void answer(struct dydisnix_result *result, const char *told)
{
    struct nix_stream stream = { .length = 0 };
    nix_stream_number(&stream, nix.magic);
    nix_stream_number(&stream, nix.version);
    nix_stream_number(&stream, nix.done);
    nix_stream_number(&stream, nix.count);
    if (nix.count > 0)
        nix_stream_text(&stream, nix.path ? nix.path : told);
    result->output_length = stream.length - nix.cut + nix.more;
    result->output = calloc(1, sizeof stream.data);
    memcpy(result->output, stream.data, sizeof stream.data);
}

/* The path stands after greeting, version and command. */
static void serve(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    char *stream, told[300];
    nix.serves++;
    nix.deadline = program->deadline;
    assert_non_null(program->input);
    assert_int_equal(real_operations.read(program->input, (size_t)1 << 30, &stream, &nix.stream_length), 0);
    snprintf(told, sizeof told, "%.*s", (int)(unsigned char)stream[24], stream + 32);
    answer(result, told);
    result->ending = nix.ending;
    result->status = nix.status;
    free(stream);
}

static void evaluate(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    nix.evaluations++;
    nix.deadline = program->deadline;
    result->ending = DYDISNIX_EXITED;
    result->status = nix.evaluation_fails ? 1 : 0;
    result->output = strdup("\"" EVALUATED "\"\n");
    result->output_length = strlen(result->output);
}

static int run(const struct dydisnix_work *work, unsigned jobs)
{
    struct dydisnix_program program = { 0 };
    (void)jobs;
    while (work->next(work->closure, &program)) {
        struct dydisnix_result result = { 0 };
        if (strcmp(program.argv[0], "nix-store") == 0)
            serve(&program, &result);
        else
            evaluate(&program, &result);
        work->done(work->closure, &program, &result);
        free(result.output);
        memset(&program, 0, sizeof program);
    }
    return 0;
}

static struct dydisnix_operations table;
static char *directory;

/* A Nix that does it. */
static int setup(void **state)
{
    (void)state;
    memset(&nix, 0, sizeof nix);
    nix.ending = DYDISNIX_EXITED;
    nix.magic = 0x5452eecb;
    nix.version = 0x207;
    nix.done = nix.count = 1;
    table = real_operations;
    table.run = run;
    table.log = keep_log;
    logged[0] = '\0';
    operations_use(&table);
    assert_int_equal(real_operations.temporary_directory("store text", &directory), 0);
    return setenv("TMPDIR", directory, 1);
}

static int no_entry(void *closure, const char *name)
{
    (void)closure;
    fail_msg("%s is left", name);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unsetenv("TMPDIR");
    assert_int_equal(real_operations.list(directory, no_entry, NULL), 0);
    real_operations.remove(directory);
    free(directory);
    return 0;
}

/* So many x, in pieces that fit nowhere. */
static int fill(void *closure, int (*put)(void *, const char *, size_t), void *spool)
{
    static const char piece[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    for (size_t left = *(const size_t *)closure; left > 0;) {
        size_t length = left < sizeof piece - 1 ? left : sizeof piece - 1;
        if (put(spool, piece, length) != 0)
            return -1;
        left -= length;
    }
    return 0;
}

static struct store_text text_of(size_t *length, size_t count)
{
    return (struct store_text){ .name = "text.xml",
                                .purpose = "keeping it",
                                .references = references,
                                .reference_count = count,
                                .fill = fill,
                                .closure = length,
                                .deadline = 1234 };
}

/* Those that builtins.toFile of Nix 2.8, 2.26 and 2.34 makes. */
static void paths_are_those_of_nix(void **state)
{
    static const struct {
        size_t length, references;
        const char *path;
    } rows[] = { { 0, 2, "/nix/store/55f0f99zslim75pgsbfpwk98xljx1cb0-text.xml" },
                 { 0, 0, "/nix/store/d8smgm0ha4mzyc6ivqs6bp2y9398i0ji-text.xml" },
                 { 64, 2, "/nix/store/k17d1sikkad9rs993m32nrwg1y3zmfbg-text.xml" },
                 { 64, 0, "/nix/store/ljf7gmy6mkmvpcp7mch1nkywsk5xf9k2-text.xml" },
                 { 100000, 2, "/nix/store/hxcbxgipbs1bndnc37hq3p74wg55pp3q-text.xml" },
                 { 100000, 0, "/nix/store/jbphzxbbcb9jgf9fxqgn0vnhy36v14sy-text.xml" } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = rows[i].length;
        struct store_text text = text_of(&length, rows[i].references);
        char *path = NULL;
        assert_int_equal(store_text_add(&text, &path), 0);
        assert_string_equal(path, rows[i].path);
        assert_int_equal(nix.evaluations, 0);
        assert_int_equal(nix.deadline, 1234);
        assert_int_equal(nix.stream_length % 8, 0);
        assert_false(text.evaluated);
        free(path);
    }
}

/* Nothing of what nix-store says now is believed: builtins.toFile puts it into the store, now and from now
 * on. */
static void expect_evaluation(void)
{
    size_t length = 100;
    struct store_text text = text_of(&length, 1);
    char *path = NULL;
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(store_text_add(&text, &path), 0);
        assert_string_equal(path, EVALUATED);
        assert_int_equal(nix.evaluations, i);
        assert_int_equal(nix.serves, 1);
        assert_true(text.evaluated);
        free(path);
    }
    assert_non_null(strstr(logged, "[coordinator] keeping it: nix-store --serve --write: "));
    assert_non_null(strstr(logged, "; builtins.toFile is asked\n"));
}

#define REFUSED(name, change)      \
    static void name(void **state) \
    {                              \
        (void)state;               \
        change;                    \
        expect_evaluation();       \
    }
REFUSED(no_greeting, nix.magic ^= 1)
REFUSED(too_old, nix.version = 0x204)
REFUSED(another_protocol, nix.version = 0x305)
REFUSED(a_version_too_large, nix.version = UINT64_C(0x100000207))
REFUSED(not_done, nix.done = 0)
REFUSED(not_valid, nix.count = 0)
REFUSED(two_valid, nix.count = 2)
REFUSED(another_path, nix.path = FAR)
REFUSED(too_short, nix.cut = 8)
REFUSED(too_long, nix.more = 1)
REFUSED(fails, nix.status = 1)
REFUSED(ends_by_a_signal, (nix.ending = DYDISNIX_SIGNALLED, nix.status = SIGSEGV))
REFUSED(is_not_there, (nix.ending = DYDISNIX_NOT_STARTED, nix.status = ENOENT))
REFUSED(says_too_much, nix.ending = DYDISNIX_TOO_MUCH_OUTPUT)

static void nothing_said(void **state)
{
    (void)state;
    nix.cut = 32 + 8 + 56; /* all of it */
    expect_evaluation();
}

/* An old Nix: the oldest that knows the command, and what a table of operations of an older host has. */
static void the_oldest(void **state)
{
    size_t length = 1;
    struct store_text text = text_of(&length, 0);
    char *path = NULL;
    (void)state;
    nix.version = 0x205;
    assert_int_equal(store_text_add(&text, &path), 0);
    assert_int_equal(nix.evaluations, 0);
    free(path);
    for (int spools = 1; spools >= 0; spools--) {
        table.size =
            spools ? offsetof(struct dydisnix_operations, scan) : offsetof(struct dydisnix_operations, spool);
        assert_int_equal(store_text_add(&text, &path), 0);
        assert_string_equal(path, EVALUATED);
        text.evaluated = false;
        free(path);
    }
    assert_int_equal(nix.serves, 1);
}

static void hangs(void **state)
{
    size_t length = 1;
    struct store_text text = text_of(&length, 0);
    char *path = NULL;
    (void)state;
    nix.ending = DYDISNIX_TIMED_OUT;
    assert_int_equal(store_text_add(&text, &path), -1);
    assert_string_equal(logged, "[coordinator] keeping it: nix-store: no answer in time\n");
    assert_int_equal(nix.evaluations, 0);
    assert_null(path);
}

/* Who can do it in neither way tells of builtins.toFile, and the next try begins anew. */
static void both_fail(void **state)
{
    size_t length = 1;
    struct store_text text = text_of(&length, 0);
    char *path = NULL;
    (void)state;
    nix.status = 1;
    nix.evaluation_fails = true;
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(store_text_add(&text, &path), -1);
        assert_int_equal(nix.serves, i);
        assert_int_equal(nix.evaluations, i);
    }
    assert_non_null(strstr(logged, "[coordinator] keeping it: nix-instantiate: exit status 1\n"));
}

static int full_disk(const char *path, uint64_t offset, const char *data, size_t length)
{
    (void)path, (void)offset, (void)data, (void)length;
    errno = ENOSPC;
    return -1;
}

static int put_nothing(void *closure, int (*put)(void *, const char *, size_t), void *spool)
{
    (void)closure, (void)put, (void)spool;
    errno = ENOSPC;
    return -1;
}

static void disk_is_full(void **state)
{
    size_t length = 1;
    struct store_text text = text_of(&length, 0);
    char *path = NULL;
    (void)state;
    table.amend = full_disk;
    assert_int_equal(store_text_add(&text, &path), -1);
    text.fill = put_nothing;
    assert_int_equal(store_text_add(&text, &path), -1);
    assert_int_equal(nix.serves + nix.evaluations, 0);
    assert_non_null(strstr(logged, "/manifest.xml: No space left on device\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_are_those_of_nix),
        TEST(no_greeting),
        TEST(too_old),
        TEST(another_protocol),
        TEST(a_version_too_large),
        TEST(not_done),
        TEST(not_valid),
        TEST(two_valid),
        TEST(another_path),
        TEST(too_short),
        TEST(too_long),
        TEST(fails),
        TEST(ends_by_a_signal),
        TEST(is_not_there),
        TEST(says_too_much),
        TEST(nothing_said),
        TEST(the_oldest),
        TEST(hangs),
        TEST(both_fail),
        TEST(disk_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
