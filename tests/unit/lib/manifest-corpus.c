/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The readers on what real Disnix wrote, whole and damaged.
 */
#include "config.h"

#include "tests/unit/model.h"

static const struct infrastructure_defaults defaults = { "disnix-ssh-client", "hostname", "x86_64-linux" };

static void add_all(struct manifest *to, const struct manifest *from)
{
    for (size_t i = 0; i < from->service_count; i++)
        if (!manifest_find_service(to, from->services[i].key)) {
            assert_non_null(manifest_add_service(to, &from->services[i]));
            manifest_sort(to);
        }
    for (size_t i = 0; i < from->service_mapping_count; i++)
        assert_non_null(manifest_add_service_mapping(to, &from->service_mappings[i]));
    for (size_t i = 0; i < from->snapshot_mapping_count; i++)
        assert_non_null(manifest_add_snapshot_mapping(to, &from->snapshot_mappings[i]));
}

static void add_infrastructure(struct manifest *to, const char *directory)
{
    char *path = string_format("%s/infrastructure.xml", directory), *reason, *xml;
    struct infrastructure infrastructure;
    size_t length;

    xml = file_read(path, &length);
    if (infrastructure_parse(xml, length, path, to->strings, &defaults, &infrastructure, &reason))
        fail_msg("%s", reason);
    for (size_t i = 0; i < infrastructure.count; i++)
        assert_int_equal(manifest_add_target(to, &infrastructure.targets[i]), 0);
    infrastructure_clear(&infrastructure);
    free(xml);
    free(path);
}

static void add_profile_manifest(struct manifest *to, const char *directory, const char *target)
{
    char *path = string_format("%s/targets/%s/profilemanifest.xml", directory, target), *reason, *xml;
    struct manifest profile;
    size_t length;

    xml = file_read(path, &length);
    if (profile_manifest_parse(xml, length, path, target, NULL, to->strings, &profile, &reason))
        fail_msg("%s", reason);
    add_all(to, &profile);
    manifest_clear(&profile);
    free(xml);
    free(path);
}

static void add_profiles(struct manifest *to, const char *directory)
{
    char *path = string_format("%s/profiles.tsv", directory), name[256], key[256], profile[256];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    while (fscanf(file, "%255s %255s %255s", name, key, profile) == 3) {
        const struct target *target = infrastructure_find(&to->infrastructure, name);

        assert_non_null(target);
        assert_string_equal(target_connection_key(target), key);
        assert_non_null(manifest_add_profile(to, name, profile));
        add_profile_manifest(to, directory, name);
    }
    fclose(file);
    free(path);
}

/* No profile manifest holds a package. */
static void add_packages(struct manifest *to, const struct manifest *golden)
{
    for (size_t i = 0; i < golden->service_count; i++)
        if (!strcmp(golden->services[i].type, "package"))
            assert_non_null(manifest_add_service(to, &golden->services[i]));
}

static void test_parts_make_the_whole(void **state)
{
    glob_t cases;

    (void)state;
    corpus_find("v2-*", &cases);
    assert_int_equal(cases.gl_pathc, 5);
    for (size_t i = 0; i < cases.gl_pathc; i++) {
        struct strings *strings = strings_new();
        struct manifest golden, built;
        char *path = string_format("%s/manifest.xml", cases.gl_pathv[i]), *reason, *xml;
        size_t length;

        xml = file_read(path, &length);
        if (manifest_parse(xml, length, path, NULL, strings, &golden, &reason)
            || manifest_check(&golden, &reason))
            fail_msg("%s", reason);
        manifest_init(&built, strings);
        add_infrastructure(&built, cases.gl_pathv[i]);
        add_profiles(&built, cases.gl_pathv[i]);
        add_packages(&built, &golden);
        manifest_sort(&built);
        if (!manifest_equal(&built, &golden))
            fail_msg("%s: %s", path, json_dumps(manifest_difference(&golden, &built, 0), 0));
        manifest_clear(&built);
        manifest_clear(&golden);
        strings_free(strings);
        free(xml);
        free(path);
    }
    globfree(&cases);
}

/* Kept in the directory of $MANIFESTS_KEPT, if it is set, for tests/tools/compare-manifests. */
static void keep_written(const char *path, xmlBufferPtr written)
{
    const char *directory = getenv("MANIFESTS_KEPT"), *name = strstr(path, "/corpus/v") + strlen("/corpus/");
    char *kept;
    FILE *file;

    if (!directory)
        return;
    kept = string_format("%s/%.*s.xml", directory, (int)strcspn(name, "/"), name);
    file = fopen(kept, "w");
    assert_non_null(file);
    assert_int_equal(fputs((const char *)xmlBufferContent(written), file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    free(kept);
}

static void test_written_is_what_was_read(void **state)
{
    glob_t files;

    (void)state;
    corpus_find("v*/manifest.xml", &files);
    assert_int_equal(files.gl_pathc, 7);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct strings *strings = strings_new();
        struct manifest first, second;
        xmlBufferPtr once, twice;
        size_t length;
        char *xml = file_read(files.gl_pathv[i], &length), *reason;

        assert_int_equal(manifest_parse(xml, length, "GOLDEN", NULL, strings, &first, &reason), 0);
        once = manifest_write(&first);
        keep_written(files.gl_pathv[i], once);
        assert_int_equal(manifest_parse((const char *)xmlBufferContent(once), (size_t)xmlBufferLength(once),
                                        "WRITTEN", NULL, strings, &second, &reason),
                         0);
        assert_true(manifest_equal(&first, &second));
        twice = manifest_write(&second);
        assert_string_equal((const char *)xmlBufferContent(once), (const char *)xmlBufferContent(twice));
        xmlBufferFree(once);
        xmlBufferFree(twice);
        manifest_clear(&first);
        manifest_clear(&second);
        strings_free(strings);
        free(xml);
    }
    globfree(&files);
}

static uint64_t random_state = 20240229;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* One damage: a byte changed, a piece taken out, doubled, or put elsewhere. Within length bytes. */
static void damage(char *xml, size_t length)
{
    size_t from = random_next() % length, to = random_next() % length, piece = random_next() % 64;

    if (piece > length - (from > to ? from : to))
        piece = length - (from > to ? from : to);
    switch (random_next() % 4) {
    case 0: xml[from] = (char)random_next(); break;
    case 1: xml[from] = "<>&\"'/=;#! \n"[random_next() % 12]; break;
    case 2:
        memmove(xml + from, xml + from + piece, length - from - piece);
        memset(xml + length - piece, '\n', piece);
        break;
    default: memmove(xml + to, xml + from, piece);
    }
}

/* What is read from a damaged document is either refused with a reason or as good as any other. */
static void read_all_ways(const char *xml, size_t length, unsigned *accepted)
{
    struct strings *strings = strings_new();
    struct manifest manifest;
    struct infrastructure infrastructure;
    char *reason;

    for (int way = 0; way < 3; way++) {
        if (way == 0 ? manifest_parse(xml, length, "FILE", NULL, strings, &manifest, &reason)
            : way == 1
                ? profile_manifest_parse(xml, length, "FILE", "test1", NULL, strings, &manifest, &reason)
                : profile_manifest_1_parse(xml, length, "FILE", "test1", NULL, strings, &manifest, &reason)) {
            expect_reason(reason, "FILE: ");
        } else {
            xmlBufferPtr written = manifest_write(&manifest);

            ++*accepted;
            assert_non_null(written);
            if (!manifest_check(&manifest, &reason))
                reason = NULL;
            free(reason);
            xmlBufferFree(written);
            assert_true(way != 2 || manifest.version == 1);
        }
        manifest_clear(&manifest);
    }
    if (infrastructure_parse(xml, length, "FILE", strings, &defaults, &infrastructure, &reason))
        expect_reason(reason, "FILE: ");
    else
        ++*accepted;
    infrastructure_clear(&infrastructure);
    strings_free(strings);
}

static void test_damaged_files(void **state)
{
    glob_t files, old_profiles, profiles;
    unsigned accepted = 0;

    (void)state;
    corpus_find("v*/*.xml", &files);
    corpus_find("v2-*/targets/*/profilemanifest.xml", &profiles);
    corpus_find("v1-*/targets/*/manifest", &old_profiles);
    for (int i = 0; i < 1500; i++) {
        const glob_t *list = i % 3 == 0 ? &files : i % 3 == 1 ? &profiles : &old_profiles;
        size_t length;
        char *xml = file_read(list->gl_pathv[random_next() % list->gl_pathc], &length);

        for (uint64_t damages = 1 + random_next() % 3; damages; damages--)
            damage(xml, length);
        read_all_ways(xml, random_next() % 8 ? length : random_next() % length, &accepted);
        free(xml);
    }
    assert_in_range(accepted, 10, 1490); /* else the damage is too large or too small to try anything */
    globfree(&files);
    globfree(&profiles);
    globfree(&old_profiles);
}

static int begin(void **state)
{
    (void)state;
    operations_use(&kept_operations);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_make_the_whole),
        cmocka_unit_test(test_written_is_what_was_read),
        cmocka_unit_test(test_damaged_files),
    };

    return cmocka_run_group_tests_name("manifest-corpus", tests, begin, NULL);
}
