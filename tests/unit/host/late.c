/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is done on targets right before services change, in which order, and what is done when something
 * fails.
 */
#include "tests/unit/unit.h"

#include "tests/unit/answers.h"
#include "host/phases/late.h"
#include "lib/base/strings.h"
#include "lib/manifest/manifest.h"
#include "lib/state/portion.h"
#include "lib/world/operations.h"

#define DATABASE "/nix/store/00000000000000000000000000000000-db-1"
#define OLD DATABASE "-old"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* What clients are asked for, as "operation target", in order; and what they answer. */
static char asked[4096];
static const char *failing;   /* "operation target" that exits with 1; NULL: none */
static unsigned failing_from; /* not the first so many of these */
static bool once;             /* and only once */
static const char *newest;    /* what every target calls its newest snapshot */
static const char *every;     /* and all of them; NULL: there is one */

static const char *option(const struct dydisnix_program *program, const char *name)
{
    for (size_t i = 1; program->argv[i]; i++)
        if (strcmp(program->argv[i], name) == 0)
            return program->argv[i + 1];
    return "";
}

static void answer(const struct dydisnix_program *program, struct dydisnix_result *result)
{
    char *what = string_format("%s %s", program->argv[3] + 2, option(program, "--target"));
    size_t length = strlen(asked);
    bool fails = failing && strcmp(what, failing) == 0 && failing_from-- == 0;
    snprintf(asked + length, sizeof asked - length, "%s\n", what);
    result->status = fails;
    result->output = strdup(strcmp(program->argv[3], "--query-all-snapshots") == 0 && every ? every
                            : strncmp(program->argv[3], "--query", 7) == 0 && newest        ? newest
                                                                                            : "");
    result->output_length = strlen(result->output);
    failing_from = fails ? 0 : failing_from;
    failing = fails && once ? NULL : failing;
    free(what);
}

static int run(const struct dydisnix_work *work, unsigned jobs)
{
    (void)jobs;
    return unit_answer(work, answer);
}

/* The state, with what it is to be known by after a crash. */
static int write_state(const char *path, const char *data, size_t length, unsigned mode)
{
    (void)path;
    (void)length;
    (void)mode;
    if (strstr(data, "\"late\""))
        strcat(asked, "noted\n");
    return 0;
}

static void log_nothing(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    (void)level;
    (void)target;
    (void)format;
    (void)arguments;
}

static struct dydisnix_operations table;

struct world {
    struct strings *strings;
    struct manifest previous, new;
    struct settings settings;
    struct state state;
    struct recovery recovery;
    json_t *reconstructed, *report, *silent;
};

static void add_target(struct world *world, struct manifest *manifest, const char *name)
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
    assert_int_equal(manifest_add_target(manifest, &target), 0);
}

static void add_service(struct manifest *manifest, const char *key, const char *name, const char *package)
{
    const struct service service = { .key = key,
                                     .name = name,
                                     .type = "process",
                                     .pkg = package,
                                     .provides_containers = { .type = NIX_ATTRS } };
    assert_non_null(manifest_add_service(manifest, &service));
    manifest_sort(manifest);
}

static void place(struct manifest *manifest, const char *key, const char *target, const char *container,
                  const char *provider)
{
    const struct service_mapping mapping = { target, container, key, provider };
    assert_non_null(manifest_add_service_mapping(manifest, &mapping));
    manifest_sort(manifest);
}

static void hold(struct manifest *manifest, const char *target, const char *provider)
{
    const struct snapshot_mapping mapping = { target, "process", "db-1", "key", provider };
    assert_non_null(manifest_add_snapshot_mapping(manifest, &mapping));
    place(manifest, "key", target, "process", provider);
}

static int setup(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    struct world *world = calloc(1, sizeof *world);
    table = real_operations;
    table.run = run;
    table.write = write_state;
    table.log = log_nothing;
    operations_use(&table);
    asked[0] = '\0';
    failing = newest = every = NULL;
    failing_from = 0;
    once = false;
    world->strings = strings_new();
    manifest_init(&world->previous, world->strings);
    manifest_init(&world->new, world->strings);
    for (size_t i = 0; i < 3; i++) {
        add_target(world, &world->previous, names[i]);
        add_target(world, &world->new, names[i]);
    }
    add_service(&world->previous, "key", "db", DATABASE);
    add_service(&world->new, "key", "db", DATABASE);
    world->state = (struct state){ .file = strdup("/state"), .root = json_pack("{s{}}", "deployment") };
    world->recovery =
        (struct recovery){ .settings = &world->settings, .state = &world->state, .strings = world->strings };
    world->reconstructed = json_pack("{s[]}", "late");
    world->report = json_object();
    world->silent = json_object();
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    manifest_clear(&world->previous);
    manifest_clear(&world->new);
    strings_free(world->strings);
    state_clear(&world->state);
    json_decref(world->reconstructed);
    json_decref(world->report);
    json_decref(world->silent);
    free(world);
    return 0;
}

/* The copy on target is on the list. */
static void list_late(struct world *world, const char *target, bool fence)
{
    struct manifest own;
    manifest_init(&own, world->strings);
    add_service(&own, "key", "db", OLD);
    hold(&own, target, NULL);
    char *text = portion_write(&own, &own.snapshot_mappings[0]);
    assert_non_null(text);
    json_array_append_new(json_object_get(world->reconstructed, "late"),
                          json_pack("{ss ss ss ss sb}", "target", target, "component", "db-1", "container",
                                    "process", "service", text, "fence", fence));
    free(text);
    manifest_clear(&own);
}

static int begin(struct world *world)
{
    const struct late late = { &world->recovery,     &world->previous, &world->new,
                               world->reconstructed, world->report,    0 };
    return late_begin(&late);
}

static int undo(struct world *world)
{
    struct unfinished broken = { .recovery = &world->recovery, .silent = world->silent };
    json_t *record = json_incref(json_object_get(world->state.root, "deployment"));
    broken.new = world->new;
    asked[0] = '\0';
    int status = late_undo(&broken, record, true);
    json_decref(record);
    return status;
}

static void expect_rescued(const struct world *world, size_t count)
{
    assert_int_equal(json_array_size(json_object_get(world->report, "rescued")), count);
}

/* The reconstruction has activated the component on all targets. */
static void activated(struct world *world)
{
    json_object_set_new(world->state.root, "survivors",
                        json_pack("{s{s{s[sss]}}}", "activated", "process", "db-1", "a", "b", "c"));
}

/* It takes it for active on so many of them, the first ones. */
static void expect_activated(const struct world *world, size_t count)
{
    static const char *const names[] = { "a", "b", "c" };
    json_t *targets, *activated;
    assert_int_equal(json_unpack(world->state.root, "{s{s:o}}", "survivors", "activated", &activated), 0);
    assert_int_equal(json_unpack(activated, "{s{s:o}}", "process", "db-1", &targets), 0);
    assert_int_equal(json_array_size(targets), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(json_string_value(json_array_get(targets, i)), names[i]);
}

static void an_older_copy_is_saved_stopped_and_saved_again(void **state)
{
    struct world *world = *state;
    list_late(world, "a", true);
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "snapshot a\nquery-latest-snapshot a\nnoted\n"
                               "deactivate a\nsnapshot a\nquery-latest-snapshot a\n");
    expect_rescued(world, 2);
}

/* Its fence failed: Disnix deactivates it. */
static void one_that_disnix_will_stop_is_only_saved(void **state)
{
    struct world *world = *state;
    list_late(world, "a", false);
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "snapshot a\nquery-latest-snapshot a\nnoted\n");
    activated(world);
    json_object_set_new(world->silent, "a", json_true());
    assert_int_equal(undo(world), 0);
    assert_string_equal(asked, "");
    expect_activated(world, 3);
}

static void what_is_not_saved_is_not_stopped(void **state)
{
    struct world *world = *state;
    list_late(world, "a", true);
    newest = "process/db-1/x\n";
    failing = "snapshot a";
    assert_int_equal(begin(world), -1);
    assert_string_equal(asked, "snapshot a\nquery-latest-snapshot a\n");
    assert_int_equal(undo(world), 0);
    assert_string_equal(asked, "");
}

static void a_snapshot_that_saves_nothing_does_not_count(void **state)
{
    static const char *const nothing[] = { "", "process/db-1/" EMPTY "\n" };
    struct world *world = *state;
    list_late(world, "a", true);
    for (size_t i = 0; i < 2; i++) {
        newest = nothing[i];
        assert_int_equal(begin(world), -1);
        assert_null(strstr(asked, "deactivate"));
    }
}

static void one_that_cannot_be_stopped_is_started_again(void **state)
{
    struct world *world = *state;
    list_late(world, "a", true);
    list_late(world, "b", true);
    newest = "process/db-1/x\n";
    failing = "deactivate b";
    assert_int_equal(begin(world), -1);
    assert_null(strstr(strstr(asked, "deactivate"), "snapshot"));
    assert_int_equal(undo(world), 0);
    assert_string_equal(asked, "activate a\nactivate b\n");
}

static void one_that_is_not_saved_after_it_stopped_is_started_again(void **state)
{
    struct world *world = *state;
    list_late(world, "a", true);
    newest = "process/db-1/x\n";
    failing = "snapshot a";
    failing_from = 1;
    assert_int_equal(begin(world), -1);
    assert_non_null(strstr(asked, "deactivate a"));
    assert_int_equal(undo(world), 0);
    assert_string_equal(asked, "activate a\n");
    assert_int_equal(undo(world), 0); /* once */
    assert_string_equal(asked, "");
}

/* The package is that of the copy, not that of the new manifest. */
static void the_operations_are_those_of_the_copy(void **state)
{
    struct world *world = *state;
    json_t *entry;
    list_late(world, "a", true);
    entry = json_array_get(json_object_get(world->reconstructed, "late"), 0);
    assert_non_null(strstr(json_string_value(json_object_get(entry, "service")), OLD));
    json_object_set_new(entry, "service", json_string("<manifest/>"));
    assert_int_equal(begin(world), -1);
    assert_string_equal(asked, "");
}

/* One that is silent, and one that cannot be activated, are not taken for active. */
static void one_that_does_not_start_again_is_left_to_the_next_reconstruction(void **state)
{
    struct world *world = *state;
    activated(world);
    list_late(world, "a", true);
    list_late(world, "b", true);
    list_late(world, "c", true);
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    json_object_set_new(world->silent, "b", json_true());
    failing = "activate c";
    assert_int_equal(undo(world), 0);
    assert_string_equal(asked, "activate a\nactivate c\n");
    expect_activated(world, 1); /* a, the first */
}

static void what_has_left_the_model_is_left_alone(void **state)
{
    struct world *world = *state;
    list_late(world, "gone", true);
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "");
}

static void what_disnix_restores_over_is_saved(void **state)
{
    struct world *world = *state;
    hold(&world->previous, "a", NULL);
    hold(&world->new, "a", NULL);
    hold(&world->new, "b", NULL);
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "query-all-snapshots b\nsnapshot b\nquery-latest-snapshot b\n");
    expect_rescued(world, 1);
}

/* It moved away, and what it left may have been deleted, or its server be gone. */
static void what_was_left_is_saved_if_it_can_be(void **state)
{
    struct world *world = *state;
    hold(&world->new, "b", NULL);
    newest = "process/db-1/x\n";
    failing = "snapshot b";
    assert_int_equal(begin(world), 0);
    expect_rescued(world, 0);
}

static void stopped(struct world *world, const char *member)
{
    json_object_set_new(world->state.root, "survivors",
                        json_pack("{s{s{s{s{}}}}}", member, "b", "process", "db-1"));
}

/* Until it can be saved, what it is to have is newer, and nothing is restored over it. */
static void expect_in_dispute(const struct world *world)
{
    json_t *why, *service, *disputed;
    int owed, waits, older;
    assert_int_equal(json_unpack(world->state.root, "{s{s{s{s{s:o}}}, s{s{s{s:b}}}}}", "survivors",
                                 "disputed", "b", "process", "db-1", &disputed, "older", "b", "process",
                                 "db-1", &older),
                     0);
    assert_int_equal(json_unpack(disputed, "{s:o, s:o, s:b, s:b}", "why", &why, "service", &service, "owed",
                                 &owed, "waits", &waits),
                     0);
    assert_true(json_is_string(why) && json_is_string(service) && owed && waits && older);
}

/* It was stopped for another copy, and if that did not really stop it, it may have been written to. */
static void what_was_stopped_has_to_be_saved(void **state)
{
    static const char *const members[] = { "disputed", "fenced" };
    struct world *world = *state;
    hold(&world->new, "b", NULL);
    failing = "snapshot b";
    for (size_t i = 0; i < 2; i++) {
        stopped(world, members[i]);
        newest = "process/db-1/x\n";
        assert_int_equal(begin(world), -1);
    }
    expect_in_dispute(world);
    newest = ""; /* as one of which no snapshot saves anything */
    assert_int_equal(begin(world), 0);
}

/* Where something else has been it cannot: its server does not answer. */
static void what_was_always_empty_may_be_empty(void **state)
{
    struct world *world = *state;
    hold(&world->new, "b", NULL);
    stopped(world, "fenced");
    newest = "process/db-1/" EMPTY "\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "query-all-snapshots b\nsnapshot b\nquery-latest-snapshot b\n");
    expect_rescued(world, 0);
    every = "process/db-1/x\nprocess/db-1/" EMPTY "\n";
    assert_int_equal(begin(world), -1);
}

static void where_there_is_nothing_nothing_is_saved(void **state)
{
    struct world *world = *state;
    hold(&world->new, "b", NULL);
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "query-all-snapshots b\n");
    asked[0] = '\0';
    world->settings.no_migration = true; /* Disnix restores nothing */
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "");
}

/* A target that does not tell may hold anything. */
static void what_is_not_told_may_be_there(void **state)
{
    struct world *world = *state;
    hold(&world->new, "b", NULL);
    failing = "query-all-snapshots b";
    once = true;
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "query-all-snapshots b\nsnapshot b\nquery-latest-snapshot b\n");
}

/* Then there is no server that could be asked for a dump, and none that takes writes. */
static void a_container_that_is_not_there_yet_is_not_asked(void **state)
{
    struct world *world = *state;
    add_service(&world->previous, "old-server", "server", DATABASE);
    add_service(&world->new, "server", "server", DATABASE);
    hold(&world->new, "b", "server");
    newest = "process/db-1/x\n";
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "");
    place(&world->previous, "old-server", "a", "process", NULL);
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "");
    place(&world->previous, "old-server", "b", "process", NULL); /* it may have been upgraded */
    assert_int_equal(begin(world), 0);
    assert_string_equal(asked, "query-all-snapshots b\nsnapshot b\nquery-latest-snapshot b\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_older_copy_is_saved_stopped_and_saved_again),
        TEST(one_that_disnix_will_stop_is_only_saved),
        TEST(what_is_not_saved_is_not_stopped),
        TEST(a_snapshot_that_saves_nothing_does_not_count),
        TEST(one_that_cannot_be_stopped_is_started_again),
        TEST(one_that_is_not_saved_after_it_stopped_is_started_again),
        TEST(the_operations_are_those_of_the_copy),
        TEST(one_that_does_not_start_again_is_left_to_the_next_reconstruction),
        TEST(what_has_left_the_model_is_left_alone),
        TEST(what_disnix_restores_over_is_saved),
        TEST(what_was_always_empty_may_be_empty),
        TEST(what_was_left_is_saved_if_it_can_be),
        TEST(what_was_stopped_has_to_be_saved),
        TEST(where_there_is_nothing_nothing_is_saved),
        TEST(what_is_not_told_may_be_there),
        TEST(a_container_that_is_not_there_yet_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
