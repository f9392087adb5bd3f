/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/world/warnings.h"

#define GROUP "warning: the group 'nixbld' specified in 'build-users-group' does not exist"

static void nix_says_it_once(void **state)
{
    (void)state;
    assert_false(warnings_repeated("nix-instantiate", NULL, GROUP));
    assert_true(warnings_repeated("nix-instantiate", NULL, GROUP));
    assert_true(warnings_repeated("/usr/bin/nix-store", "test1", GROUP)); /* an import of what test1 sent */
    assert_true(warnings_repeated("disnix-manifest", NULL, GROUP));       /* it calls Nix */
    assert_false(warnings_repeated("nix-store", NULL, GROUP " any more"));
}

static void others_may_repeat_themselves(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_false(warnings_repeated("generate", NULL, "warning: test1 does not answer"));
        assert_false(warnings_repeated("disnix-ssh-client", "test1", "warning: this kernel is old"));
        assert_false(warnings_repeated("nix-store", NULL, "error: this kernel is old"));
        assert_false(warnings_repeated("nix-store", NULL, "copying a path"));
    }
    assert_false(warnings_repeated("nix-instantiate", NULL, "evaluation warning: use db2"));
    assert_true(warnings_repeated("nix-instantiate", NULL, "evaluation warning: use db2"));
    assert_false(warnings_repeated("nix-instantiate", NULL, "warning: of both"));
    assert_false(warnings_repeated("disnix-ssh-client", "test1", "warning: of both"));
}

static void what_a_child_said_is_said(void **state)
{
    (void)state;
    assert_false(warnings_repeated("nix-store", NULL, "warning: before"));
    warnings_share();
    pid_t pid = fork();
    if (pid == 0)
        _exit(warnings_repeated("nix-store", NULL, "warning: in the child"));
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(warnings_repeated("nix-store", NULL, "warning: in the child"));
    assert_true(warnings_repeated("nix-store", NULL, "warning: before"));
}

static void there_is_an_end(void **state)
{
    char line[32];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "warning: %d", i);
        assert_false(warnings_repeated("nix-store", NULL, line));
    }
    assert_false(
        warnings_repeated("nix-store", NULL, line)); /* said each time again, and the first ones are not */
    assert_true(warnings_repeated("nix-store", NULL, "warning: 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nix_says_it_once),
        cmocka_unit_test(others_may_repeat_themselves),
        cmocka_unit_test(what_a_child_said_is_said),
        cmocka_unit_test(there_is_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
