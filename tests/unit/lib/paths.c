/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include <pwd.h>

#include "lib/base/strings.h"
#include "lib/model/paths.h"

#define HASH "0123456789abcdfghijklmnpqrsvwxyz"

static void store_paths(void **state)
{
    static const char *const wrong[] = {
        "",
        "/nix/store",
        "/nix/store/",
        "/nix/store/" HASH,
        "/nix/store/" HASH "-",
        "/nix/store/" HASH "-a/b",
        "/nix/store/" HASH "-a b",
        "/nix/store/" HASH "-a\n",
        "/nix/store/" HASH "x-a",
        "/nix/store/e123456789abcdfghijklmnpqrsvwxyz-a",
        "/nix/store/0" HASH "-a",
        "nix/store/" HASH "-a",
        "/nix/store//" HASH "-a",
        "/nix/store/" HASH "-a\303\244",
        " /nix/store/" HASH "-a",
    };
    size_t i;

    (void)state;
    assert_true(is_store_path("/nix/store/" HASH "-a"));
    assert_true(is_store_path("/nix/store/" HASH "-Az09+-._?="));
    assert_string_equal(store_path_name("/nix/store/" HASH "-hello-2.10"), "hello-2.10");
    assert_string_equal(store_path_name("/nix/store/" HASH "-.env"), ".env"); /* "${./.env}" */
    assert_false(is_store_path(NULL));
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(is_store_path(wrong[i]));
        assert_null(store_path_name(wrong[i]));
    }
}

/* What old versions of Nix make, and new ones refuse. */
static void former_store_paths(void **state)
{
    static const char *const former[] = { "/nix/store/" HASH "-.", "/nix/store/" HASH "-..",
                                          "/nix/store/" HASH "-.-x", "/nix/store/" HASH "-..-x" };
    static const char *const others[] = { "/nix/store/" HASH "-.x",
                                          "/nix/store/" HASH "-...",
                                          "/nix/store/" HASH "-...-x",
                                          "/nix/store/" HASH "-x.-",
                                          "no path",
                                          ".",
                                          "" };
    (void)state;
    for (size_t i = 0; i < sizeof former / sizeof *former; i++)
        assert_true(is_store_path(former[i]) && is_former_store_path(former[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(is_former_store_path(others[i]));
}

static void store_path_names_have_a_limit(void **state)
{
    char *path = string_format("/nix/store/" HASH "-%0211d", 0);
    char *longer = string_format("/nix/store/" HASH "-%0212d", 0);

    (void)state;
    assert_true(is_store_path(path));
    assert_false(is_store_path(longer));
    free(path);
    free(longer);
}

static void plain_names(void **state)
{
    (void)state;
    assert_true(is_plain_name("test 1"));
    assert_true(is_plain_name("-x"));
    assert_true(is_plain_name("caf\303\251"));
    assert_false(is_plain_name(NULL));
    assert_false(is_plain_name(""));
    assert_false(is_plain_name("a\nb"));
    assert_false(is_plain_name("\033[2J"));
    assert_false(is_plain_name("a\177"));
    assert_false(is_plain_name("a\302\233b"));
    assert_false(is_plain_name("a\302"));
    assert_false(is_plain_name("a\xc0\xad"));
    assert_false(is_plain_name("a\xe2\x80\xa8"));   /* U+2028, a line separator */
    assert_false(is_plain_name("a\xe2\x80\xae"));   /* U+202E, from right to left */
    assert_false(is_plain_name("a\xe2\x81\xa6"));   /* U+2066 */
    assert_true(is_plain_name("\xd7\x90\xd7\x91")); /* Hebrew is no control character */
}

static void connection_keys(void **state)
{
    (void)state;
    assert_true(is_connection_key("test1.example:2222"));
    assert_true(is_connection_key("root@[::1]"));
    assert_false(is_connection_key("-oProxyCommand=x"));
    assert_false(is_connection_key("a b"));
    assert_false(is_connection_key("a\tb"));
    assert_false(is_connection_key(""));
    assert_false(is_connection_key(NULL));
}

static void profile_names(void **state)
{
    (void)state;
    assert_true(is_profile_name("default"));
    assert_true(is_profile_name("my profile-2"));
    assert_false(is_profile_name("../x"));
    assert_false(is_profile_name("a/b"));
    assert_false(is_profile_name("."));
    assert_false(is_profile_name("-p"));
    assert_false(is_profile_name(""));
    assert_false(is_profile_name(NULL));
}

static void snapshot_names(void **state)
{
    (void)state;
    assert_true(is_snapshot_name("mysql-database/db-1.0/0123"));
    assert_true(is_snapshot_name("a/b/-c"));
    assert_false(is_snapshot_name(""));
    assert_false(is_snapshot_name("a/b"));
    assert_false(is_snapshot_name("a/b/c/d"));
    assert_false(is_snapshot_name("a//c"));
    assert_false(is_snapshot_name("a/b/"));
    assert_false(is_snapshot_name("/b/c"));
    assert_false(is_snapshot_name("../b/c"));
    assert_false(is_snapshot_name("a/./c"));
    assert_false(is_snapshot_name("a/b/.."));
    assert_true(is_snapshot_name("a/b/..."));
    assert_false(is_snapshot_name("--a/b/c"));
    assert_false(is_snapshot_name("a/b\nc/d"));
}

static void profile_paths(void **state)
{
    char *target = target_profile_path("default");
    char *given = coordinator_profile_path("/some where", "default");
    char *own = coordinator_profile_path(NULL, "default");
    char *expected = string_format(NIX_STATE_DIR "/nix/profiles/per-user/%s/disnix-coordinator/default",
                                   getpwuid(geteuid())->pw_name);

    (void)state;
    assert_string_equal(target, NIX_STATE_DIR "/nix/profiles/disnix/default");
    assert_string_equal(given, "/some where/default");
    assert_string_equal(own, expected);
    free(target);
    free(given);
    free(own);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_paths),
        cmocka_unit_test(former_store_paths),
        cmocka_unit_test(store_path_names_have_a_limit),
        cmocka_unit_test(plain_names),
        cmocka_unit_test(connection_keys),
        cmocka_unit_test(profile_names),
        cmocka_unit_test(snapshot_names),
        cmocka_unit_test(profile_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
