/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whatever changes on the way to a file is noticed, and so is the next change. Events are there when the call
 * that causes them returns.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "host/loop/watch.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static char *root;

static const char *in_root(const char *name)
{
    static char paths[4][4096];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_root(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void directory(const char *name)
{
    assert_int_equal(mkdir(in_root(name), 0700), 0);
}

static void moved(const char *from, const char *to)
{
    assert_int_equal(rename(in_root(from), in_root(to)), 0);
}

static void linked(const char *name, const char *destination)
{
    unlink(in_root("new-link"));
    assert_int_equal(symlink(destination, in_root("new-link")), 0);
    moved("new-link", name);
}

static void replaced(const char *name)
{
    write_file("new-file", "new");
    moved("new-file", name);
}

static int set_up(void **state)
{
    (void)state;
    operations_use(&real_operations);
    return operations->temporary_directory("watch", &root);
}

static int tear_down(void **state)
{
    (void)state;
    operations->remove(root);
    free(root);
    return 0;
}

static void opened(struct watch *watch, const char *name)
{
    const char *file = in_root(name);
    assert_int_equal(watch_open(watch, &file, 1), 0);
    assert_int_equal(watch->error, 0);
    assert_false(watch_take(watch));
}

/* Noticed once, and everything is still watched. */
static void noticed(struct watch *watch)
{
    assert_true(watch_take(watch));
    assert_false(watch_take(watch));
    assert_int_equal(watch->error, 0);
}

static void a_file_that_is_written_or_replaced(void **state)
{
    struct watch watch;
    (void)state;
    write_file("model", "one");
    opened(&watch, "model");
    write_file("model", "two");
    noticed(&watch);
    replaced("model");
    noticed(&watch);
    replaced("model");
    noticed(&watch);
    write_file("other", "none");
    assert_false(watch_take(&watch));
    watch_close(&watch);
}

static void a_link_that_leads_elsewhere(void **state)
{
    struct watch watch;
    (void)state;
    directory("far");
    directory("farther");
    write_file("far/one", "one");
    write_file("farther/two", "two");
    linked("model", "far/one");
    opened(&watch, "model");
    replaced("far/one");
    noticed(&watch);
    linked("model", "farther/two");
    noticed(&watch);
    replaced("farther/two");
    noticed(&watch);
    replaced("far/one");
    assert_false(watch_take(&watch));
    watch_close(&watch);
}

/* As Kubernetes mounts a ConfigMap: model -> ..data/model, ..data -> release-1. */
static void a_link_in_the_middle(void **state)
{
    struct watch watch;
    (void)state;
    directory("release-1");
    directory("release-2");
    write_file("release-1/model", "one");
    write_file("release-2/model", "two");
    linked("..data", "release-1");
    linked("model", "..data/model");
    opened(&watch, "model");
    linked("..data", "release-2");
    noticed(&watch);
    write_file("release-2/model", "three");
    noticed(&watch);
    linked("..data", in_root("release-1"));
    noticed(&watch);
    write_file("release-1/model", "four");
    noticed(&watch);
    watch_close(&watch);
}

static void a_directory_that_is_a_link(void **state)
{
    struct watch watch;
    (void)state;
    directory("release-1");
    directory("release-2");
    write_file("release-1/model", "one");
    write_file("release-2/model", "two");
    linked("current", "release-1");
    opened(&watch, "current/../current/./model");
    linked("current", "release-2");
    noticed(&watch);
    replaced("release-2/model");
    noticed(&watch);
    watch_close(&watch);
}

static void a_directory_that_goes_and_comes_back(void **state)
{
    struct watch watch;
    (void)state;
    directory("a");
    directory("a/far");
    write_file("a/far/model", "one");
    linked("model", "a/far/model");
    opened(&watch, "model");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(operations->remove(in_root("a/far")), 0);
        noticed(&watch);
        directory("a/far");
        noticed(&watch);
        write_file("a/far/model", "two");
        noticed(&watch);
        moved("a", "b");
        noticed(&watch);
        moved("b", "a");
        noticed(&watch);
        replaced("a/far/model");
        noticed(&watch);
    }
    watch_close(&watch);
}

static void a_directory_with_a_model(void **state)
{
    struct watch watch;
    (void)state;
    directory("model");
    opened(&watch, "model");
    write_file("model/default.nix", "one");
    noticed(&watch);
    write_file("model/other.nix", "none");
    assert_false(watch_take(&watch));
    watch_close(&watch);
}

static void what_cannot_be_watched_is_told(void **state)
{
    struct watch watch;
    (void)state;
    linked("model", "model");
    const char *file = in_root("model");
    assert_int_equal(watch_open(&watch, &file, 1), -1);
    assert_int_equal(watch.error, ELOOP);
    linked("model", "there");
    assert_true(watch_take(&watch));
    assert_int_equal(watch.error, 0);
    watch_close(&watch);
}

int main(void)
{
#define WATCHED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WATCHED(a_file_that_is_written_or_replaced),
        WATCHED(a_link_that_leads_elsewhere),
        WATCHED(a_link_in_the_middle),
        WATCHED(a_directory_that_is_a_link),
        WATCHED(a_directory_that_goes_and_comes_back),
        WATCHED(a_directory_with_a_model),
        WATCHED(what_cannot_be_watched_is_told),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
