/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each promise about files, in a directory with a blank in its name.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/base/strings.h"
#include "lib/world/operations.h"

static char *root; /* removed at the end */

static char *at(const char *name)
{
    return string_format("%s/%s", root, name);
}

static void put(const char *name, const char *text)
{
    char *path = at(name);

    assert_int_equal(operations->write(path, text, strlen(text), 0644), 0);
    free(path);
}

static void expect_content(const char *name, const char *expected)
{
    char *path = at(name), *data;
    size_t length;

    assert_int_equal(operations->read(path, 1000, &data, &length), 0);
    assert_string_equal(data, expected);
    assert_int_equal(length, strlen(expected));
    free(data);
    free(path);
}

static void make(const char *name)
{
    char *path = at(name);

    assert_int_equal(operations->make_directory(path, 0755), 0);
    free(path);
}

static void expect_kind(const char *name, enum dydisnix_kind kind)
{
    char *path = at(name);

    assert_int_equal(operations->inspect(path, NULL), kind);
    free(path);
}

static void expect_unreadable(const char *path, size_t limit, int error)
{
    char *data;
    size_t length;

    assert_int_equal(operations->read(path, limit, &data, &length), -1);
    assert_int_equal(errno, error);
}

static void reading(void **state)
{
    char *path = at("file"), *fifo = at("fifo"), *data;
    size_t length;

    (void)state;
    assert_int_equal(operations->write(path, "a\0b", 3, 0644), 0);
    assert_int_equal(operations->read(path, 3, &data, &length), 0);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "a\0b", 4);
    free(data);
    expect_unreadable(path, 2, EFBIG);
    expect_unreadable(root, 1000, EISDIR);
    expect_unreadable("/nowhere/at all", 1000, ENOENT);
    expect_unreadable("/dev/zero", 1000, EINVAL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    expect_unreadable(fifo, 1000, EINVAL);
    free(path);
    free(fifo);
}

/* Files whose size is only known at their end. */
static void reading_what_has_no_size(void **state)
{
    char *data;
    size_t length;

    (void)state;
    assert_int_equal(operations->read("/proc/self/maps", (size_t)1 << 20, &data, &length), 0);
    assert_in_range(length, 10, (size_t)1 << 20);
    assert_int_equal(strlen(data), length);
    free(data);
    expect_unreadable("/proc/self/maps", 10, EFBIG);
}

static void writing(void **state)
{
    char *path = at("written");
    struct stat status;

    (void)state;
    put("written", "old");
    assert_int_equal(operations->write(path, "new", 3, 0600), 0);
    expect_content("written", "new");
    stat(path, &status);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(operations->write(path, "", 0, 0444), 0);
    expect_content("written", "");
    stat(path, &status);
    assert_int_equal(status.st_mode & 07777, 0444);
    free(path);
}

static int collect(void *closure, const char *name)
{
    strcat(strcat(closure, name), " ");
    return strcmp(name, "stop") == 0;
}

static void expect_list(const char *name, const char *expected)
{
    char *path = at(name), names[1000] = "";

    assert_int_equal(operations->list(path, collect, names), 0);
    assert_string_equal(names, expected);
    free(path);
}

static void failed_writing_leaves_nothing(void **state)
{
    char *path = at("target");

    (void)state;
    make("failed/directory");
    free(path);
    path = at("failed/directory");
    assert_int_equal(operations->write(path, "x", 1, 0644), -1);
    assert_int_equal(errno, EISDIR);
    expect_list("failed", "directory ");
    free(path);
    path = at("failed/none/file");
    assert_int_equal(operations->write(path, "x", 1, 0644), -1);
    assert_int_equal(errno, ENOENT);
    free(path);
}

static void writing_replaces_a_link(void **state)
{
    char *link_path = at("link to");

    (void)state;
    put("pointed at", "mine");
    assert_int_equal(symlink("pointed at", link_path), 0);
    put("link to", "other");
    expect_content("pointed at", "mine");
    expect_kind("link to", DYDISNIX_FILE);
    free(link_path);
}

/* Calls function in a process that may not do everything; root would be allowed to write anywhere. */
static void as_ordinary_user(int (*function)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
            _exit(100);
        _exit(function());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int write_where_it_is_not_allowed(void)
{
    char *path = at("read-only/file"), *fresh = at("read-only/fresh");
    int result = 0;

    if (operations->write(path, "new", 3, 0644) != -1 || errno != EACCES)
        result = 1;
    else if (operations->write(fresh, "new", 3, 0644) != -1 || errno != EACCES)
        result = 2;
    else if (operations->remove(path) != -1 || errno != EACCES)
        result = 3;
    free(path);
    free(fresh);
    return result;
}

static void not_allowed(void **state)
{
    char *directory = at("read-only");

    (void)state;
    make("read-only");
    put("read-only/file", "old");
    assert_int_equal(chmod(directory, 0555), 0);
    as_ordinary_user(write_where_it_is_not_allowed);
    expect_content("read-only/file", "old");
    expect_list("read-only", "file ");
    free(directory);
}

static void listing(void **state)
{
    char *none = at("list/none");

    (void)state;
    make("list/B");
    put("list/a", "");
    put("list/.hidden", "");
    put("list/B-1", "");
    expect_list("list", ".hidden B B-1 a ");
    put("list/stop", "");
    put("list/x", "");
    expect_list("list", ".hidden B B-1 a stop ");
    assert_int_equal(operations->list(none, collect, NULL), -1);
    assert_int_equal(errno, ENOENT);
    free(none);
}

static void inspecting(void **state)
{
    char *link_path = at("kinds/link"), *fifo = at("kinds/fifo"), *file = at("kinds/file"), *destination;
    char *longest = malloc(2001);
    uint64_t size = 77;

    (void)state;
    make("kinds/directory");
    put("kinds/file", "12345");
    assert_int_equal(symlink("nowhere/at all", link_path), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    expect_kind("kinds/directory", DYDISNIX_DIRECTORY);
    expect_kind("kinds/link", DYDISNIX_LINK);
    expect_kind("kinds/fifo", DYDISNIX_OTHER);
    expect_kind("kinds/none", DYDISNIX_ABSENT);
    assert_int_equal(operations->inspect(file, &size), DYDISNIX_FILE);
    assert_int_equal(size, 5);

    assert_int_equal(operations->read_link(link_path, &destination), 0);
    assert_string_equal(destination, "nowhere/at all");
    free(destination);
    assert_int_equal(operations->read_link(file, &destination), -1);
    assert_int_equal(errno, EINVAL);
    memset(longest, 'x', 2000);
    longest[2000] = '\0';
    unlink(link_path);
    assert_int_equal(symlink(longest, link_path), 0);
    assert_int_equal(operations->read_link(link_path, &destination), 0);
    assert_string_equal(destination, longest);
    free(destination);
    free(longest);
    free(link_path);
    free(fifo);
    free(file);
}

static void making_directories(void **state)
{
    char *path = at("made//one/two/"), *below_file = at("made/file/x"), *file = at("made/file");
    struct stat status;

    (void)state;
    assert_int_equal(operations->make_directory(path, 0700), 0);
    assert_int_equal(operations->make_directory(path, 0700), 0);
    stat(path, &status);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(operations->make_directory("/", 0700), 0);
    put("made/file", "");
    assert_int_equal(operations->make_directory(file, 0700), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(operations->make_directory(below_file, 0700), -1);
    assert_int_equal(errno, ENOTDIR);
    free(path);
    free(below_file);
    free(file);
}

static void expect_removed(const char *name)
{
    char *path = at(name);

    assert_int_equal(operations->remove(path), 0);
    expect_kind(name, DYDISNIX_ABSENT);
    free(path);
}

static void removing(void **state)
{
    char *link_path = at("away/sub/link"), *direct = at("direct link");

    (void)state;
    make("stays");
    put("stays/file", "safe");
    make("away/sub/empty");
    make("away/other");
    put("away/file", "");
    put("away/sub/file", "");
    assert_int_equal(symlink("../../stays", link_path), 0);
    assert_int_equal(symlink("stays", direct), 0);
    expect_removed("away");
    expect_removed("direct link");
    expect_removed("was never there");
    expect_content("stays/file", "safe");
    expect_removed("stays/file");
    expect_removed("stays");
    free(link_path);
    free(direct);
}

static void moving(void **state)
{
    char *from = at("aside"), *to = at("place"), *taken = at("taken"), *nowhere = at("none/place");

    (void)state;
    put("file", "old");
    make("aside");
    put("aside/file", "content");
    assert_int_equal(move_path(from, nowhere), -1);
    assert_int_equal(errno, ENOENT);
    make("place");
    assert_int_equal(move_path(from, to), 0);
    expect_kind("aside", DYDISNIX_ABSENT);
    expect_content("place/file", "content");
    make("taken/with");
    assert_int_equal(move_path(to, taken), -1);
    assert_true(errno == ENOTEMPTY || errno == EEXIST);
    expect_content("place/file", "content");
    free(from);
    free(to);
    free(taken);
    free(nowhere);
}

/* A host that was built before there was such an operation. */
static void moving_without_the_operation(void **state)
{
    struct dydisnix_operations table = real_operations;

    (void)state;
    table.size = offsetof(struct dydisnix_operations, move);
    operations_use(&table);
    assert_int_equal(move_path("/", "/"), -1);
    assert_int_equal(errno, ENOSYS);
    operations_use(&real_operations);
}

static int make_and_remove_read_only_tree(void)
{
    char *top = at("shared/tree"), *sub = at("shared/tree/sub"), *file = at("shared/tree/sub/file");
    int result = 0;

    if (operations->make_directory(sub, 0755) != 0 || operations->write(file, "x", 1, 0444) != 0)
        result = 1;
    else if (chmod(sub, 0555) != 0 || chmod(top, 0555) != 0)
        result = 2;
    else if (operations->remove(top) != 0 || operations->inspect(top, NULL) != DYDISNIX_ABSENT)
        result = 3;
    free(top);
    free(sub);
    free(file);
    return result;
}

/* As the directories of a Nix store are. */
static void removing_read_only_trees(void **state)
{
    char *shared = at("shared");

    (void)state;
    make("shared");
    assert_int_equal(chmod(shared, 0777), 0);
    as_ordinary_user(make_and_remove_read_only_tree);
    free(shared);
}

/* Deeper than paths may be long and than descriptors may be open, with something beside each directory. */
static void removing_deep_trees(void **state)
{
    int home = open(".", O_RDONLY | O_CLOEXEC), i;
    struct rlimit before, limit;
    char *path = at("deep");

    (void)state;
    make("deep");
    assert_int_equal(chdir(path), 0);
    for (i = 0; i < 3000; i++) {
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(symlink("/", "l"), 0);
        assert_int_equal(mkdir("z", 0700), 0);
        assert_int_equal(chdir("d"), 0);
    }
    assert_int_equal(fchdir(home), 0);
    close(home);
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &limit);
    expect_removed("deep");
    setrlimit(RLIMIT_NOFILE, &before);
    free(path);
}

static void removing_wide_trees(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 2000; i++) {
        char *name = string_format("wide/%d", i), *file = string_format("%s/wide/%d/file", root, i);

        make(name);
        assert_int_equal(symlink("x", file), 0);
        free(name);
        free(file);
    }
    expect_removed("wide");
}

static void temporary_directories(void **state)
{
    char *old = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL, *one, *two;
    struct stat status;

    (void)state;
    setenv("TMPDIR", root, 1);
    assert_int_equal(operations->temporary_directory("unit", &one), 0);
    assert_int_equal(operations->temporary_directory("unit", &two), 0);
    assert_string_not_equal(one, two);
    assert_int_equal(strncmp(one, root, strlen(root)), 0);
    assert_int_equal(strncmp(one + strlen(root), "/unit-", 6), 0);
    stat(one, &status);
    assert_int_equal(status.st_mode & 07777, 0700);
    free(one);
    free(two);
    setenv("TMPDIR", "/nowhere/at all", 1);
    assert_int_equal(operations->temporary_directory("unit", &one), -1);
    setenv("TMPDIR", "relative", 1);
    assert_int_equal(operations->temporary_directory("unit", &one), 0);
    assert_int_equal(strncmp(one, "/tmp/unit-", 10), 0);
    assert_int_equal(operations->remove(one), 0);
    free(one);
    if (old != NULL)
        setenv("TMPDIR", old, 1);
    else
        unsetenv("TMPDIR");
    free(old);
}

static void append(const char *name, const char *text, size_t most)
{
    char *path = at(name);

    assert_int_equal(operations->append(path, text, strlen(text), most, true), 0);
    free(path);
}

static void appending(void **state)
{
    struct stat status;
    char *path = at("grows"), *link = at("leads away");

    (void)state;
    append("grows", "one\n", 100);
    append("grows", "two\n", 100);
    expect_content("grows", "one\ntwo\n");
    stat(path, &status);
    assert_int_equal(status.st_mode & 07777, 0600);
    put("torn", "one\ntw");
    append("torn", "three\n", 100);
    expect_content("torn", "one\ntw\nthree\n");
    assert_int_equal(operations->append("/nowhere/at all", "x\n", 2, 100, false), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(operations->append(root, "x\n", 2, 100, false), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(operations->append(link, "x\n", 2, 100, false), -1);
    expect_content("grows", "one\ntwo\n");
    free(link);
    free(path);
}

static void what_grows_is_rotated(void **state)
{
    (void)state;
    append("log", "one\n", 8);
    append("log", "two\n", 8);
    expect_kind("log.1", DYDISNIX_ABSENT);
    append("log", "three\n", 8);
    expect_content("log.1", "one\ntwo\n");
    expect_content("log", "three\n");
    append("log", "more than eight\n", 8);
    expect_content("log.1", "three\n");
    expect_content("log", "more than eight\n");
}

/* Each writes whole lines, and rotates; none is lost but what was in a file that was replaced. */
static void several_append_at_once(void **state)
{
    static const char line[] = "a line of the many\n";
    char *path = at("many"), *data;
    size_t length, i;
    int status;

    (void)state;
    for (i = 0; i < 4; i++)
        if (fork() == 0) {
            for (int n = 0; n < 500; n++)
                if (operations->append(path, line, strlen(line), 500 * strlen(line), false) != 0)
                    _exit(1);
            _exit(0);
        }
    for (i = 0; i < 4; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(operations->read(path, 1000000, &data, &length), 0);
    assert_int_equal(length % strlen(line), 0);
    for (i = 0; i < length; i += strlen(line))
        assert_memory_equal(data + i, line, strlen(line));
    free(data);
    data = string_format("%s.1", path);
    free(path);
    path = data;
    assert_int_equal(operations->read(path, 1000000, &data, &length), 0);
    assert_true(length > 400 * strlen(line)); /* it was nearly full when it was put away */
    assert_int_equal(length % strlen(line), 0);
    free(data);
    free(path);
}

static int set_up(void **state)
{
    (void)state;
    umask(022);
    operations_use(&real_operations);
    return operations->temporary_directory("dydisnix unit", &root) != 0 || chmod(root, 0755) != 0;
}

static int tear_down(void **state)
{
    int result = operations->remove(root);

    (void)state;
    free(root);
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(reading_what_has_no_size),
        cmocka_unit_test(writing),
        cmocka_unit_test(failed_writing_leaves_nothing),
        cmocka_unit_test(writing_replaces_a_link),
        cmocka_unit_test(not_allowed),
        cmocka_unit_test(listing),
        cmocka_unit_test(inspecting),
        cmocka_unit_test(making_directories),
        cmocka_unit_test(moving),
        cmocka_unit_test(moving_without_the_operation),
        cmocka_unit_test(removing),
        cmocka_unit_test(removing_read_only_trees),
        cmocka_unit_test(removing_deep_trees),
        cmocka_unit_test(removing_wide_trees),
        cmocka_unit_test(temporary_directories),
        cmocka_unit_test(appending),
        cmocka_unit_test(what_grows_is_rotated),
        cmocka_unit_test(several_append_at_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
