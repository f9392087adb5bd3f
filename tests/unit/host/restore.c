/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A snapshot is brought back: from where it is, to where its component lives, and what lives there is saved
 * before.
 */
#include "tests/unit/unit.h"

#include "tests/unit/answers.h"
#include "host/copies/restore.h"
#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

#define DATABASE "/nix/store/00000000000000000000000000000000-db-1"
#define SNAPSHOT "process/db-1/wanted"

/* What clients are asked for, as "operation target words", in order. */
static char asked[8192];
static const char *failing;  /* "operation target" that exits with 1; NULL: none */
static const char *holders;  /* letters of the targets that have the snapshot */
static const char *resolved; /* where they say that it is */
static const char *exported; /* the directory that an export names */
static const char *saved;    /* the newest snapshot of every target */
static const char *local;    /* a path that is there on the coordinator; NULL: none */
static bool stored;          /* the state was saved without the word before a target was touched */

static const char *manifest_text;

static void append(const char *text)
{
    size_t length = strlen(asked);
    snprintf(asked + length, sizeof asked - length, "%s", text);
}

static const char *answer_to(const char *operation, const char *target)
{
    if (strcmp(operation, "--print-missing-snapshots") == 0)
        return strstr(holders, target) ? "" : SNAPSHOT "\n";
    if (strcmp(operation, "--resolve-snapshots") == 0)
        return resolved;
    if (strcmp(operation, "--export-snapshots") == 0)
        return exported;
    return strcmp(operation, "--query-latest-snapshot") == 0 ? saved : "";
}

static void answer(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const char *target = program->argv[2], *operation = program->argv[3];
    char *what = string_format("%s %s", operation + 2, target);
    append(what);
    for (size_t i = 4; program->argv[i]; i++) {
        append(" ");
        append(program->argv[i]);
    }
    append("\n");
    result->status = failing && strcmp(what, failing) == 0;
    result->output = strdup(answer_to(operation, target));
    result->output_length = strlen(result->output);
    free(what);
}

static int run(const struct dydisnix_work *work, unsigned jobs)
{
    (void)jobs;
    return unit_answer(work, answer);
}

static int write_state(const char *path, const char *data, size_t length, unsigned mode)
{
    (void)path;
    (void)length;
    (void)mode;
    stored = stored || (!strstr(data, SNAPSHOT) && !*asked);
    return 0;
}

/* The coordinator profile and the manifest to which it leads. */
static int read_file(const char *path, size_t limit, char **data, size_t *length)
{
    (void)path;
    (void)limit;
    *data = strdup(manifest_text);
    *length = strlen(*data);
    return 0;
}

static int read_link(const char *path, char **destination)
{
    *destination =
        strdup(strstr(path, "default-1-link") ? "/nix/store/00000000000000000000000000000000-manifest.xml"
                                              : "default-1-link");
    return 0;
}

static enum dydisnix_kind inspect(const char *path, uint64_t *size)
{
    if (size)
        *size = strlen(manifest_text);
    if (strstr(path, "manifest.xml"))
        return DYDISNIX_FILE;
    return strstr(path, "profiles")            ? DYDISNIX_LINK
           : local && strcmp(path, local) == 0 ? DYDISNIX_DIRECTORY
                                               : DYDISNIX_ABSENT;
}

static char logged[4096];

static void log_line(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    size_t length = strlen(logged);
    (void)level;
    (void)target;
    vsnprintf(logged + length, sizeof logged - length, format, arguments);
}

static int64_t now;

static int64_t read_clock(void)
{
    return now;
}

static struct dydisnix_operations table;

struct world {
    struct strings *strings;
    struct manifest manifest;
    struct settings settings;
    struct state state;
    struct recovery recovery;
    json_t *report;
};

static void add_target(struct world *world, const char *name)
{
    struct nix_attribute hostname = { "hostname", { .type = NIX_STRING, .text = name } };
    const struct target target = {
        .name = strings_intern(world->strings, name),
        .properties = { .type = NIX_ATTRS, .children = &hostname, .count = 1 },
        .containers = { .type = NIX_ATTRS },
        .system = "x86_64-linux",
        .number_of_cores = "1",
        .client_interface = "client",
        .target_property = "hostname",
    };
    assert_int_equal(manifest_add_target(&world->manifest, &target), 0);
}

static void live(struct world *world, const char *target)
{
    const struct snapshot_mapping mapping = {
        target, "process", "db-1", "1111111111111111111111111111111111111111111111111111111111111111", NULL
    };
    const struct service_mapping service = { target, "process", mapping.service, NULL };
    assert_non_null(manifest_add_snapshot_mapping(&world->manifest, &mapping));
    assert_non_null(manifest_add_service_mapping(&world->manifest, &service));
}

static int setup(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    struct world *world = calloc(1, sizeof *world);
    const struct service service = { .key =
                                         "1111111111111111111111111111111111111111111111111111111111111111",
                                     .name = "db",
                                     .type = "process",
                                     .pkg = DATABASE,
                                     .provides_containers = { .type = NIX_ATTRS } };
    table = real_operations;
    table.run = run;
    table.write = write_state;
    table.read = read_file;
    table.read_link = read_link;
    table.inspect = inspect;
    table.log = log_line;
    table.clock = read_clock;
    operations_use(&table);
    asked[0] = logged[0] = '\0';
    failing = local = NULL;
    stored = false;
    now = 1000;
    holders = "";
    resolved = "/var/state/dysnomia/snapshots/" SNAPSHOT "\n";
    exported = "/work here/x.1\n";
    saved = "process/db-1/live\n";
    setenv("TMPDIR", "/work here", 1);
    unsetenv("DYSNOMIA_STATEDIR");
    world->strings = strings_new();
    manifest_init(&world->manifest, world->strings);
    for (size_t i = 0; i < 3; i++)
        add_target(world, names[i]);
    assert_non_null(manifest_add_service(&world->manifest, &service));
    live(world, "a");
    world->settings.profile = (char *)"default";
    world->settings.coordinator_profile_path = (char *)"/profiles";
    world->state = (struct state){ .file = strdup("/state"), .root = json_object() };
    world->recovery =
        (struct recovery){ .settings = &world->settings, .state = &world->state, .strings = world->strings };
    restore_note(world->state.root, SNAPSHOT);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    manifest_clear(&world->manifest);
    strings_free(world->strings);
    state_clear(&world->state);
    json_decref(world->report);
    free(world);
    return 0;
}

static void bring_back(struct world *world)
{
    xmlBufferPtr text = manifest_write(&world->manifest);
    manifest_text = (const char *)xmlBufferContent(text);
    json_decref(world->report);
    assert_int_equal(restore(&world->recovery, &world->manifest.infrastructure, &world->report), 0);
    xmlBufferFree(text);
}

/* The one entry of the report. */
static const char *reported(const struct world *world, const char *member)
{
    const json_t *list = json_object_get(world->report, "restored");
    assert_int_equal(json_array_size(list), 1);
    return json_string_value(json_object_get(json_array_get(list, 0), member));
}

#define WHO                                                                       \
    "print-missing-snapshots a " SNAPSHOT "\nprint-missing-snapshots b " SNAPSHOT \
    "\nprint-missing-snapshots c " SNAPSHOT "\n"
#define SAVE                                                       \
    "snapshot a --container process --type process " DATABASE "\n" \
    "query-latest-snapshot a --container process --component db-1\n"
#define RESTORE "restore a --container process --type process " DATABASE "\n"

static void what_another_target_has_is_brought_home(void **state)
{
    struct world *world = *state;
    holders = "bc";
    bring_back(world);
    assert_string_equal(
        asked, SAVE WHO
        "resolve-snapshots b " SNAPSHOT "\n"
        "export-snapshots b /var/state/dysnomia/snapshots/" SNAPSHOT "\n"
        "import-snapshots a --localfile --container process --component db-1 /work here/x.1/wanted\n" RESTORE);
    assert_string_equal(reported(world, "target"), "a");
    assert_string_equal(reported(world, "saved"), "process/db-1/live");
    assert_null(reported(world, "reason"));
    assert_true(stored);
    assert_non_null(strstr(logged, "db-1 in process has the state of " SNAPSHOT
                                   "; what it had before is in process/db-1/live"));
}

static void what_its_home_has_becomes_its_newest(void **state)
{
    struct world *world = *state;
    holders = "abc";
    bring_back(world);
    assert_string_equal(asked, SAVE WHO "resolve-snapshots a " SNAPSHOT "\n"
                                        "import-snapshots a --remotefile --container process --component db-1"
                                        " /var/state/dysnomia/snapshots/" SNAPSHOT "\n" RESTORE);
}

/* Though another one has it too, and is the first. */
static void what_its_home_has_is_not_fetched(void **state)
{
    struct world *world = *state;
    world->manifest.snapshot_mappings[0].target = world->manifest.service_mappings[0].target = "c";
    holders = "abc";
    bring_back(world);
    assert_non_null(strstr(asked, "import-snapshots c --remotefile "));
}

static void what_the_coordinator_has_is_sent(void **state)
{
    struct world *world = *state;
    local = "/var/state/dysnomia/snapshots/" SNAPSHOT;
    bring_back(world);
    assert_string_equal(asked, SAVE WHO "import-snapshots a --localfile --container process --component db-1"
                                        " /var/state/dysnomia/snapshots/" SNAPSHOT "\n" RESTORE);
}

/* What lives is touched only when it is saved, and what is wanted is at hand. */
static void expect_not_restored(struct world *world, const char *reason)
{
    asked[0] = logged[0] = '\0';
    restore_note(world->state.root, SNAPSHOT);
    bring_back(world);
    assert_null(strstr(asked, "\nrestore "));
    assert_string_equal(reported(world, "reason"), reason);
    assert_non_null(strstr(logged, reason));
    assert_int_equal(restore_due(world->state.root), -1);
}

static void what_cannot_be_had_changes_nothing(void **state)
{
    struct world *world = *state;
    expect_not_restored(world, "no target that answers has it, nor has the coordinator");
    holders = "b";
    failing = "import-snapshots a";
    expect_not_restored(world, "target a does not take it");
    failing = "export-snapshots b";
    expect_not_restored(world, "target b does not give it out");
    failing = "snapshot a";
    expect_not_restored(world, "what lives on target a cannot be saved");
    failing = NULL;
    saved = "";
    expect_not_restored(world, "what lives on target a cannot be saved");
    saved = "process/db-1/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect_not_restored(world, "what lives on target a cannot be saved");
}

/* A client prints what its target says. */
static void a_target_does_not_choose_paths(void **state)
{
    static const char *const paths[] = { "--target=b\n",
                                         "/etc\n",
                                         "relative/" SNAPSHOT "\n",
                                         "/x/" SNAPSHOT "/y\n",
                                         "/x\x1b/" SNAPSHOT "\n",
                                         "/xprocess/db-1/wanted\n",
                                         "" };
    static const char *const directories[] = { "/etc\n",
                                               "/elsewhere/x\n",
                                               "/work here\n",
                                               "/work here/\n",
                                               "/work here/../etc\n",
                                               "/work here/x/y\n",
                                               "/work here/..\n",
                                               "" };
    struct world *world = *state;
    holders = "b";
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        resolved = paths[i];
        expect_not_restored(world, "target b does not give it out");
        assert_null(strstr(asked, "export"));
    }
    resolved = "/var/state/dysnomia/snapshots/" SNAPSHOT "\n";
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        exported = directories[i];
        expect_not_restored(world, "target b does not give it out");
        assert_null(strstr(asked, "import"));
    }
}

static void what_lives_nowhere_or_twice_is_not_restored(void **state)
{
    struct world *world = *state;
    holders = "b";
    live(world, "c");
    manifest_sort(&world->manifest);
    expect_not_restored(world, "db-1 in process lives on 2 targets");
    assert_string_equal(asked, "");
    world->manifest.snapshot_mapping_count = 1;
    world->manifest.service_mapping_count = 0;
    world->manifest.snapshot_mappings[0].service =
        "2222222222222222222222222222222222222222222222222222222222222222";
    expect_not_restored(
        world, "db-1 in process lives on no target of the model"); /* nobody knows how to ask for it */
    world->manifest.snapshot_mapping_count = 0;
    expect_not_restored(world, "db-1 in process lives on no target of the model");
    assert_string_equal(asked, "");
    assert_null(reported(world, "target"));
}

static void what_fails_in_the_end_is_told(void **state)
{
    struct world *world = *state;
    holders = "b";
    failing = "restore a";
    bring_back(world);
    assert_string_equal(reported(world, "reason"), "it cannot be restored on target a");
    assert_string_equal(reported(world, "saved"), "process/db-1/live");
}

/* A cycle that was killed may have taken the same word. */
static void the_same_word_is_noted_once(void **state)
{
    struct world *world = *state;
    restore_note(world->state.root, SNAPSHOT);
    restore_note(world->state.root, "process/db-1/other");
    assert_int_equal(json_array_size(json_object_get(world->state.root, "restores")), 2);
    json_array_append_new(json_object_get(world->state.root, "restores"), json_integer(1));
    json_array_append_new(json_object_get(world->state.root, "restores"), json_string("../x/y"));
    holders = "a";
    bring_back(world);
    assert_int_equal(json_array_size(json_object_get(world->report, "restored")), 2);
}

/* What an older disk has lost. */
static void expect_older_due(struct world *world, int64_t seconds)
{
    bring_back(world);
    assert_int_equal(json_array_size(json_object_get(world->report, "restored")), 1);
    assert_int_equal(restore_due(world->state.root), seconds);
    now += seconds;
}

static void what_an_older_disk_has_lost_is_tried_again(void **state)
{
    struct world *world = *state;
    json_object_clear(world->state.root);
    restore_note_older(world->state.root, SNAPSHOT);
    assert_int_equal(restore_due(world->state.root), 0);
    holders = "b";
    failing = "restore a";
    expect_older_due(world, 10);
    now -= 1;
    bring_back(world);
    assert_int_equal(json_array_size(json_object_get(world->report, "restored")), 0);
    now += 1;
    expect_older_due(world, 20);
    live(world, "c");
    manifest_sort(&world->manifest);
    expect_older_due(world, 40);
    world->manifest.snapshot_mapping_count = 1;
    failing = NULL;
    expect_older_due(world, -1);
    assert_null(reported(world, "reason"));
    assert_string_equal(reported(world, "target"), "a");
}

/* So that nothing is brought back over what an operator wanted, or to what is no more. */
static void what_an_older_disk_has_lost_is_forgotten(void **state)
{
    struct world *world = *state;
    json_t *older = json_pack("{s{sI si} s{sI si}}", "process/db-1/newer", "tried", (json_int_t)now, "pause",
                              100, "process/db-12/newer", "tried", (json_int_t)now, "pause", 50);
    json_object_set_new(world->state.root, "older", older);
    assert_int_equal(restore_due(world->state.root), 0); /* the operator's */
    holders = "b";
    bring_back(world);
    assert_null(reported(world, "reason"));
    assert_null(json_object_get(older, "process/db-1/newer"));
    assert_int_equal(restore_due(world->state.root), 50);
    json_object_set_new(older, "no name", json_true());
    now += 50;
    bring_back(world);
    assert_string_equal(reported(world, "reason"), "db-12 in process lives on no target of the model");
    assert_int_equal(restore_due(world->state.root), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_another_target_has_is_brought_home),
        TEST(what_its_home_has_becomes_its_newest),
        TEST(what_its_home_has_is_not_fetched),
        TEST(what_the_coordinator_has_is_sent),
        TEST(what_cannot_be_had_changes_nothing),
        TEST(a_target_does_not_choose_paths),
        TEST(what_lives_nowhere_or_twice_is_not_restored),
        TEST(what_fails_in_the_end_is_told),
        TEST(the_same_word_is_noted_once),
        TEST(what_an_older_disk_has_lost_is_tried_again),
        TEST(what_an_older_disk_has_lost_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
