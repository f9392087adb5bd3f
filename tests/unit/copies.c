/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which copy of the state lives: each condition, action and outcome of the judgement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "copies.h"
#include "facts.h"
#include "cleanup.h"
#include "operations.h"

#define KEY "1111111111111111111111111111111111111111111111111111111111111111"
#define DB_PACKAGE "/nix/store/00000000000000000000000000000000-db-1.0"

/* A network of targets a, b and c; "db-1.0" in container "database" is stateful. */
struct world {
    struct strings *strings;
    struct infrastructure infrastructure;
    struct captured captured[3];
    struct capture capture;
    struct manifest previous, deployed;
    bool previous_known, deployed_known;
    struct copies copies;
    struct options options;
};

static const char *const names[] = { "a", "b", "c" };

static const char *profile_of(const char *target)
{
    static char path[3][64];
    int i = target[0] - 'a';
    snprintf(path[i], sizeof path[i], "/nix/store/0000000000000000000000000000000%d-%s", i, target);
    return path[i];
}

static void hold(struct manifest *manifest, const char *target, bool service, bool snapshot)
{
    const struct service_mapping service_mapping = { .target = target, .container = "database", .service = KEY };
    const struct snapshot_mapping snapshot_mapping = { .target = target, .container = "database",
                                                       .component = "db-1.0", .service = KEY };
    if (service)
        assert_non_null(manifest_add_service_mapping(manifest, &service_mapping));
    if (snapshot)
        assert_non_null(manifest_add_snapshot_mapping(manifest, &snapshot_mapping));
    manifest_sort(manifest);
}

static void know_profile(struct world *world, const char *target)
{
    assert_non_null(manifest_add_profile(&world->previous, target, profile_of(target)));
    manifest_sort(&world->previous);
}

/* target answers and its profile manifest has the component. */
static void capture_with(struct world *world, const char *target)
{
    struct captured *captured = &world->captured[target[0] - 'a'];
    const struct service service = { .key = KEY, .name = "db", .pkg = DB_PACKAGE, .type = "database",
                                     .provides_containers = { .type = NIX_ATTRS } };
    captured->answer = ANSWER_CAPTURED;
    captured->profile = profile_of(target);
    assert_non_null(manifest_add_service(&captured->manifest, &service));
    hold(&captured->manifest, target, true, true);
}

static void world_targets(struct world *world, const char *const keys[3])
{
    char xml[1024], *reason = NULL;
    const struct infrastructure_defaults defaults = { "client", "hostname", "x86_64-linux" };
    snprintf(xml, sizeof xml,
             "<expr><attrs><attr name=\"a\"><attrs><attr name=\"properties\"><attrs><attr name=\"hostname\">"
             "<string value=\"%s\"/></attr></attrs></attr></attrs></attr>"
             "<attr name=\"b\"><attrs><attr name=\"properties\"><attrs><attr name=\"hostname\">"
             "<string value=\"%s\"/></attr></attrs></attr></attrs></attr>"
             "<attr name=\"c\"><attrs><attr name=\"properties\"><attrs><attr name=\"hostname\">"
             "<string value=\"%s\"/></attr></attrs></attr></attrs></attr></attrs></expr>",
             keys[0], keys[1], keys[2]);
    infrastructure_clear(&world->infrastructure);
    assert_int_equal(infrastructure_parse(xml, strlen(xml), "test", world->strings, &defaults,
                                          &world->infrastructure, &reason), 0);
    for (size_t i = 0; i < 3; i++)
        world->captured[i].target = &world->infrastructure.targets[i];
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    operations_use(&real_operations);
    real_log_level(DYDISNIX_ERROR);
    world->strings = strings_new();
    world->options = options_default;
    manifest_init(&world->previous, world->strings);
    manifest_init(&world->deployed, world->strings);
    for (size_t i = 0; i < 3; i++) {
        manifest_init(&world->captured[i].manifest, world->strings);
        world->captured[i].answer = ANSWER_EMPTY;
    }
    world_targets(world, names);
    world->capture = (struct capture){ world->captured, 3 };
    world->previous_known = true;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    copies_clear(&world->copies);
    for (size_t i = 0; i < 3; i++)
        manifest_clear(&world->captured[i].manifest);
    manifest_clear(&world->previous);
    manifest_clear(&world->deployed);
    infrastructure_clear(&world->infrastructure);
    strings_free(world->strings);
    free(world);
    return 0;
}

static void find(struct world *world)
{
    assert_int_equal(copies_find(&world->capture, world->previous_known ? &world->previous : NULL, &world->copies),
                     0);
    for (size_t i = 0; i < world->copies.count; i++) {
        struct copy *copy = &world->copies.items[i];
        copy->facts.homes = calloc(copy->home_count + 1, sizeof *copy->facts.homes);
        copy->facts.in_generation = calloc(copy->home_count + 1, sizeof *copy->facts.in_generation);
    }
}

static void judge(struct world *world)
{
    assert_int_equal(copies_judge(&world->copies, &world->capture,
                                  world->previous_known ? &world->previous : NULL,
                                  world->deployed_known ? &world->deployed : NULL, &world->infrastructure,
                                  &world->options), 0);
}

static struct copy *copy_on(struct world *world, const char *target)
{
    for (size_t i = 0; i < world->copies.count; i++)
        if (strcmp(world->copies.items[i].mapping->target, target) == 0)
            return &world->copies.items[i];
    return NULL;
}

/* Names are single letters, oldest first. */
static void set_snapshots(struct world *world, struct snapshots *snapshots, const char *letters)
{
    free(snapshots->names);
    snapshots->answered = true;
    snapshots->count = strlen(letters);
    snapshots->names = calloc(snapshots->count + 1, sizeof *snapshots->names);
    for (size_t i = 0; i < snapshots->count; i++)
        snapshots->names[i] = strings_intern_length(world->strings, letters + i, 1);
}

/* The plain story: db was on a; a vanished, db moved to b with a's snapshot, and was snapshotted there; a is back. */
static struct copy *moved_while_away(struct world *world)
{
    capture_with(world, "a");
    capture_with(world, "b");
    know_profile(world, "b");
    hold(&world->previous, "b", true, true);
    world->captured[0].away_known = world->captured[0].missed_known = true;
    world->captured[0].away = world->captured[0].missed = 10000;
    find(world);
    struct copy *copy = copy_on(world, "a");
    assert_non_null(copy);
    assert_int_equal(copy->home_count, 1);
    set_snapshots(world, &copy->facts.here, "o");
    set_snapshots(world, &copy->facts.homes[0], "on");
    set_snapshots(world, &copy->facts.coordinator, "on");
    copy->facts.generation_known = true;
    copy->facts.profile_known = copy->facts.profile_present = true;
    copy->facts.snapshotted_known = true;
    copy->facts.snapshotted = 9000;
    return copy;
}

static void superseded_when_moved_while_away(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
    assert_string_equal(copy->home, "b");
    assert_true(copy->wants_rescue && copy->wants_fence);
    assert_true(copy_drops_service(copy) && copy_drops_snapshot(copy));
    assert_int_equal(copy_on(world, "b")->verdict, COPY_KEPT);
}

/* Whatever condition fails, nothing is left out, and all holders that answer are rescued. */
static void assert_conflict(struct world *world, struct copy *copy)
{
    judge(world);
    assert_int_equal(copy->verdict, COPY_CONFLICT);
    assert_true(copy->wants_rescue);
    assert_false(copy->wants_fence);
    assert_false(copy_drops_service(copy) || copy_drops_snapshot(copy));
    assert_true(copy_on(world, "b")->wants_rescue);
}

static void conflict_when_deployed_since(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->away = false;
    assert_conflict(world, copy);
}

static void conflict_when_another_profile_is_known(void **state)
{
    struct world *world = *state;
    assert_non_null(manifest_add_profile(&world->previous, "a", "/nix/store/00000000000000000000000000000009-a"));
    manifest_sort(&world->previous);
    struct copy *copy = moved_while_away(world);
    assert_false(copy->away);
    assert_conflict(world, copy);
}

/* Its profile is known, but it is not the newest one that a manifest has of it. */
static void conflict_when_another_profile_was_known_before(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    assert_true(copy->away);
    copy->facts.profile_present = false;
    assert_conflict(world, copy);
}

static void conflict_when_renamed(void **state)
{
    struct world *world = *state;
    assert_non_null(manifest_add_profile(&world->previous, "old-name", profile_of("a")));
    hold(&world->previous, "old-name", true, false);
    assert_conflict(world, moved_while_away(world));
}

static void conflict_when_replicated(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.in_generation[0] = true;
    assert_conflict(world, copy);
}

static void conflict_when_no_generation_has_it(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.generation_known = false;
    assert_conflict(world, copy);
}

static void conflict_when_unrelated(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    set_snapshots(world, &copy->facts.homes[0], "x");
    set_snapshots(world, &copy->facts.coordinator, "x");
    assert_conflict(world, copy);
}

static void conflict_when_coordinator_order_is_reversed(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    set_snapshots(world, &copy->facts.homes[0], "n");
    set_snapshots(world, &copy->facts.coordinator, "no");
    assert_conflict(world, copy);
}

static void superseded_by_coordinator_order(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    set_snapshots(world, &copy->facts.homes[0], "n");
    set_snapshots(world, &copy->facts.coordinator, "okn");
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
}

static void superseded_when_home_is_silent_and_coordinator_newer(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.homes[0].answered = false;
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
}

static void conflict_when_home_is_silent_and_coordinator_not_newer(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.homes[0].answered = false;
    set_snapshots(world, &copy->facts.coordinator, "o");
    assert_conflict(world, copy);
}

static void conflict_when_never_snapshotted(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.snapshotted_known = false;
    assert_conflict(world, copy);
}

static void conflict_when_snapshot_is_too_old(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.snapshotted = 10000 - 3600;
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
    copy->facts.snapshotted--;
    assert_conflict(world, copy);
}

/* The host was down: the target may have lived until it was missed. */
static void conflict_when_missed_long_after(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    world->captured[0].missed = 20000;
    assert_conflict(world, copy);
    world->captured[0].missed_known = false;
    assert_conflict(world, copy);
}

static void held_in_the_loop(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.snapshotted_known = false;
    world->options.hold = true;
    judge(world);
    assert_int_equal(copy->verdict, COPY_HELD);
    assert_true(copy->wants_rescue && copy_on(world, "b")->wants_rescue);
    assert_int_equal(copy_on(world, "b")->verdict, COPY_KEPT);
    assert_int_equal(world->captured[0].standing, STANDING_HELD);
    world->options.on_conflict = CONFLICT_KEEP;
    assert_conflict(world, copy);
    assert_int_equal(world->captured[0].standing, STANDING_PLAIN);
}

static void nobody_is_held_without_a_previous_manifest(void **state)
{
    struct world *world = *state;
    world->previous_known = false;
    world->options.hold = true;
    capture_with(world, "a");
    capture_with(world, "b");
    find(world);
    assert_conflict(world, copy_on(world, "a"));
}

static void two_preferred_ones_decide_nothing(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->facts.snapshotted_known = false;
    world->captured[0].standing = world->captured[1].standing = STANDING_PREFERRED;
    assert_conflict(world, copy);
    world->captured[1].standing = STANDING_PLAIN;
    judge(world);
    assert_int_equal(copy->verdict, COPY_KEPT);
    assert_int_equal(copy_on(world, "b")->verdict, COPY_SUPERSEDED);
    assert_string_equal(copy_on(world, "b")->home, "a");
}

static void conflict_when_absence_is_not_known(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    world->captured[0].away_known = false;
    assert_conflict(world, copy);
}

static void conflict_when_name_is_not_key(void **state)
{
    struct world *world = *state;
    static const char *const here[] = { "10.0.0.1", "b", "c" };
    static const char *const there[] = { "a", "10.0.0.2", "c" };
    world_targets(world, here);
    struct copy *copy = moved_while_away(world);
    assert_conflict(world, copy);
    world_targets(world, there);
    assert_conflict(world, copy);
    world_targets(world, names);
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
}

static void conflict_when_rescue_fails(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->rescue = OUTCOME_FAILED;
    judge(world);
    assert_int_equal(copy->verdict, COPY_CONFLICT);
    assert_false(copy_drops_service(copy) || copy_drops_snapshot(copy));
}

static void service_stays_when_fence_fails(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    copy->rescue = OUTCOME_DONE;
    copy->fence = OUTCOME_FAILED;
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
    assert_false(copy_drops_service(copy));
    assert_true(copy_drops_snapshot(copy));
}

/* The first reconstruction put a's present profile into the manifest, without the component. */
static struct copy *second_reconstruction(struct world *world)
{
    know_profile(world, "a");
    return moved_while_away(world);
}

static void second_reconstruction_says_the_same(void **state)
{
    struct world *world = *state;
    struct copy *copy = second_reconstruction(world);
    assert_true(copy->away && copy->service_left_out);
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
    assert_true(copy_drops_service(copy) && copy_drops_snapshot(copy));
    assert_true(copy->wants_rescue && copy->wants_fence); /* it may have been written to since */
}

static void stays_left_out_when_homes_are_gone(void **state)
{
    struct world *world = *state;
    know_profile(world, "a");
    capture_with(world, "a");
    world->captured[0].away_known = world->captured[0].missed_known = true;
    world->captured[0].away = world->captured[0].missed = 10000;
    find(world);
    struct copy *copy = copy_on(world, "a");
    assert_non_null(copy);
    copy->facts.snapshotted_known = true;
    copy->facts.snapshotted = 9000;
    set_snapshots(world, &copy->facts.here, "o");
    set_snapshots(world, &copy->facts.coordinator, "o");
    judge(world);
    assert_int_equal(copy->verdict, COPY_LEFT_OUT);
    assert_true(copy_drops_service(copy));
    assert_false(copy_drops_snapshot(copy));
    /* The coordinator has what the lost home had: that is restored. */
    set_snapshots(world, &copy->facts.coordinator, "on");
    judge(world);
    assert_int_equal(copy->verdict, COPY_SUPERSEDED);
    assert_true(copy_drops_service(copy) && copy_drops_snapshot(copy));
}

static void left_out_survives_the_next_reconstruction(void **state)
{
    struct world *world = *state;
    know_profile(world, "a");
    hold(&world->previous, "a", false, true); /* as written when it stayed left out */
    capture_with(world, "a");
    find(world);
    struct copy *copy = copy_on(world, "a");
    assert_non_null(copy);
    judge(world);
    assert_int_equal(copy->verdict, COPY_LEFT_OUT);
    assert_true(copy_drops_service(copy));
}

/* a was away and is the only one that has it. */
static struct copy *older_disk(struct world *world)
{
    capture_with(world, "a");
    world->captured[0].away_known = world->captured[0].missed_known = true;
    world->captured[0].away = world->captured[0].missed = 10000;
    find(world);
    struct copy *copy = copy_on(world, "a");
    assert_non_null(copy);
    copy->facts.snapshotted_known = true;
    copy->facts.snapshotted = 9000;
    set_snapshots(world, &copy->facts.here, "o");
    set_snapshots(world, &copy->facts.coordinator, "on");
    return copy;
}

static void regressed_when_coordinator_is_newer(void **state)
{
    struct world *world = *state;
    struct copy *copy = older_disk(world);
    judge(world);
    assert_int_equal(copy->verdict, COPY_REGRESSED);
    assert_true(copy->wants_rescue);
    assert_false(copy->wants_fence);
    assert_true(copy_drops_snapshot(copy));
    assert_false(copy_drops_service(copy));
}

static void regressed_when_silent_since_the_deployment(void **state)
{
    struct world *world = *state;
    know_profile(world, "a");
    hold(&world->previous, "a", true, true);
    struct copy *copy = older_disk(world);
    judge(world);
    assert_int_equal(copy->verdict, COPY_REGRESSED);
}

static void kept_when_coordinator_is_not_newer(void **state)
{
    struct world *world = *state;
    struct copy *copy = older_disk(world);
    set_snapshots(world, &copy->facts.coordinator, "o");
    judge(world);
    assert_int_equal(copy->verdict, COPY_KEPT);
    set_snapshots(world, &copy->facts.coordinator, "n");
    judge(world);
    assert_int_equal(copy->verdict, COPY_KEPT);
    assert_false(copy->wants_rescue);
}

static void replicas_by_design_are_no_conflict(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < 2; i++) {
        capture_with(world, names[i]);
        know_profile(world, names[i]);
        hold(&world->previous, names[i], true, true);
    }
    find(world);
    judge(world);
    for (size_t i = 0; i < world->copies.count; i++) {
        assert_int_equal(world->copies.items[i].verdict, COPY_KEPT);
        assert_false(world->copies.items[i].wants_rescue);
    }
}

static void a_written_reconstruction_settles_no_conflict(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < 2; i++) {
        capture_with(world, names[i]);
        know_profile(world, names[i]);
        hold(&world->previous, names[i], true, true);
    }
    hold(&world->deployed, "b", true, true);
    world->deployed_known = true;
    find(world);
    assert_conflict(world, copy_on(world, "a"));
}

static void conflict_when_previous_is_lost(void **state)
{
    struct world *world = *state;
    world->previous_known = false;
    capture_with(world, "a");
    capture_with(world, "b");
    find(world);
    assert_conflict(world, copy_on(world, "a"));
}

static void one_holder_needs_no_judgement(void **state)
{
    struct world *world = *state;
    world->previous_known = false;
    capture_with(world, "a");
    find(world);
    assert_int_equal(world->copies.count, 0);
}

static void keep_policy_leaves_all_as_it_is(void **state)
{
    struct world *world = *state;
    struct copy *copy = moved_while_away(world);
    world->options.superseded = SUPERSEDED_KEEP;
    judge(world);
    assert_false(copy_drops_service(copy) || copy_drops_snapshot(copy));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static unsigned generations_read;

static int two_generations(const char *path, int (*each)(void *closure, const char *name), void *closure)
{
    (void)path;
    return each(closure, "default-1-link") || each(closure, "default-2-link");
}

static int read_generation(const char *path, size_t limit, char **data, size_t *length)
{
    static const char mapping[] = "<mapping><component>db-1.0</component><container>database</container><service>" KEY
                                  "</service><target>%s</target></mapping>";
    CLEANUP_FREE char *on_a = string_format(mapping, "a"), *on_c = string_format(mapping, "c");
    assert_string_equal(path, "/profiles/default-1-link");
    (void)limit;
    generations_read++;
    *data = string_format("<manifest version=\"2\"><services><service name=\"" KEY "\"><name>db</name><pkg>" DB_PACKAGE
                          "</pkg><type>x</type></service></services><infrastructure/><snapshotMappings>%s%s"
                          "</snapshotMappings></manifest>", on_a, on_c);
    *length = strlen(*data);
    return 0;
}

static int ask_nobody(const struct dydisnix_work *work, unsigned jobs)
{
    struct dydisnix_program program = { 0 };
    struct dydisnix_result result = { .ending = DYDISNIX_TIMED_OUT };
    (void)jobs;
    while (work->next(work->closure, &program))
        work->done(work->closure, &program, &result);
    return 0;
}

/* However many copies want to know what a generation has, it is read once, and the current one not at all. */
static void a_generation_is_read_once(void **state)
{
    struct world *world = *state;
    struct dydisnix_operations table = real_operations;
    table.list = two_generations;
    table.read = read_generation;
    table.run = ask_nobody;
    capture_with(world, "a");
    capture_with(world, "c");
    know_profile(world, "b");
    hold(&world->previous, "b", true, true);
    const struct previous previous = { .known = true, .profile = (char *)"/profiles/default", .generation = 2,
                                       .manifest = world->previous };
    assert_int_equal(copies_find(&world->capture, &world->previous, &world->copies), 0);
    assert_int_equal(world->copies.count, 2);
    operations_use(&table);
    assert_int_equal(facts_gather(&world->copies, &world->infrastructure, &previous, NULL, &world->options,
                                  world->strings), 0);
    operations_use(&real_operations);
    assert_int_equal(generations_read, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_true(world->copies.items[i].facts.generation_known);
        assert_false(world->copies.items[i].facts.in_generation[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(superseded_when_moved_while_away),
        TEST(conflict_when_deployed_since),
        TEST(conflict_when_another_profile_is_known),
        TEST(conflict_when_another_profile_was_known_before),
        TEST(conflict_when_renamed),
        TEST(conflict_when_replicated),
        TEST(conflict_when_no_generation_has_it),
        TEST(conflict_when_unrelated),
        TEST(conflict_when_coordinator_order_is_reversed),
        TEST(superseded_by_coordinator_order),
        TEST(superseded_when_home_is_silent_and_coordinator_newer),
        TEST(conflict_when_home_is_silent_and_coordinator_not_newer),
        TEST(conflict_when_never_snapshotted),
        TEST(conflict_when_snapshot_is_too_old),
        TEST(conflict_when_missed_long_after),
        TEST(held_in_the_loop),
        TEST(nobody_is_held_without_a_previous_manifest),
        TEST(two_preferred_ones_decide_nothing),
        TEST(conflict_when_absence_is_not_known),
        TEST(conflict_when_name_is_not_key),
        TEST(conflict_when_rescue_fails),
        TEST(service_stays_when_fence_fails),
        TEST(second_reconstruction_says_the_same),
        TEST(stays_left_out_when_homes_are_gone),
        TEST(left_out_survives_the_next_reconstruction),
        TEST(regressed_when_coordinator_is_newer),
        TEST(regressed_when_silent_since_the_deployment),
        TEST(kept_when_coordinator_is_not_newer),
        TEST(replicas_by_design_are_no_conflict),
        TEST(a_written_reconstruction_settles_no_conflict),
        TEST(conflict_when_previous_is_lost),
        TEST(a_generation_is_read_once),
        TEST(one_holder_needs_no_judgement),
        TEST(keep_policy_leaves_all_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
