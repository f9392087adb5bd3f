/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a model names besides itself.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "host/loop/mentions.h"
#include "lib/world/operations.h"

static const struct {
    const char *path, *text;
} files[] = {
    { "/m/model.nix",
      "{ a = import ./machines.nix; b = builtins.readFile ../data/b.json; } # ./comment.nix\n"
      "/* ./comment */ // { c = \"/srv/www ./none ${./env} \\\"\"; d = ''it's ./not''; e = /etc/e.nix; "
      "f = 1/2; g = a/b; h = import ./dir; i = ./.; j = <nixpkgs>; k = \"${ ../k.nix }\"; }" },
    { "/m/machines.nix", "import ./model.nix ++ import ./deeper/one.nix" },
    { "/m/deeper/one.nix", "import ./two.nix" },
    { "/m/dir/default.nix", "./three.nix" },
    { "/m/loop.nix", "./loop.nix" },
    { "/m/torn.nix", "\"never ${./ended" },
};

static int read_content(const char *path, size_t limit, char **data, size_t *length)
{
    (void)limit;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].path, path) == 0) {
            *data = strdup(files[i].text);
            *length = strlen(*data);
            return 0;
        }
    errno = ENOENT;
    return -1;
}

static enum dydisnix_kind inspect(const char *path, uint64_t *size)
{
    (void)size;
    return strcmp(path, "/m/dir") == 0 ? DYDISNIX_DIRECTORY : DYDISNIX_FILE;
}

static void mentioned(const char *file, const char *expected)
{
    struct dydisnix_operations table = { .size = sizeof table, .read = read_content, .inspect = inspect };
    struct mentions mentions;
    char found[4096] = "";
    operations_use(&table);
    mentions_find(&mentions, file);
    for (size_t i = 0; i < mentions.count; i++)
        sprintf(found + strlen(found), "%s ", mentions.files[i]);
    mentions_clear(&mentions);
    assert_string_equal(found, expected);
}

static void paths_are_found_where_they_are_paths(void **state)
{
    (void)state;
    mentioned("/m/model.nix", "/m/model.nix /m/machines.nix /m/../data/b.json /m/env /etc/e.nix /m/dir /m/. "
                              "/m/../k.nix /m/deeper/one.nix /m/dir/three.nix /m/deeper/two.nix ");
    mentioned("/m/deeper/one.nix", "/m/deeper/one.nix /m/deeper/two.nix ");
    mentioned("/m/torn.nix", "/m/torn.nix /m/ended ");
    mentioned("/m/absent.nix", "/m/absent.nix ");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(paths_are_found_where_they_are_paths) };
    return cmocka_run_group_tests_name("mentions", tests, NULL, NULL);
}
