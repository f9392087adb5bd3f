/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pins: which components stay where they are, and where that leaves services.
 */
#include "tests/unit/unit.h"

#include "host/copies/pins.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

/* What a deployment would go from and to, on targets a, b and c. */
struct plan {
    struct strings *strings;
    struct manifest previous, new;
};

static void add_target(struct plan *plan, struct manifest *manifest, const char *name)
{
    struct nix_attribute hostname = { "hostname", { .type = NIX_STRING, .text = name } };
    const struct target target = {
        .name = strings_intern(plan->strings, name),
        .properties = { .type = NIX_ATTRS, .children = &hostname, .count = 1 },
        .containers = { .type = NIX_ATTRS },
        .system = "x86_64-linux",
        .number_of_cores = "1",
        .client_interface = "client",
        .target_property = "hostname",
    };
    assert_int_equal(manifest_add_target(manifest, &target), 0);
}

/* A service under its key, which need not be a hash here. */
static void add_service(struct manifest *manifest, const char *key, const char *name)
{
    const struct service service = { .key = key,
                                     .name = name,
                                     .type = "process",
                                     .pkg = "/nix/store/00000000000000000000000000000000-x",
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

static void hold(struct manifest *manifest, const char *component, const char *key, const char *target,
                 const char *container, const char *provider)
{
    const struct snapshot_mapping mapping = { target, container, component, key, provider };
    assert_non_null(manifest_add_snapshot_mapping(manifest, &mapping));
    place(manifest, key, target, container, provider);
}

static int setup(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    struct plan *plan = calloc(1, sizeof *plan);
    operations_use(&real_operations);
    plan->strings = strings_new();
    manifest_init(&plan->previous, plan->strings);
    manifest_init(&plan->new, plan->strings);
    for (size_t i = 0; i < 3; i++) {
        add_target(plan, &plan->previous, names[i]);
        add_target(plan, &plan->new, names[i]);
    }
    /* The package, and with it the key, is another one: only the name is the same. */
    add_service(&plan->previous, "old", "records");
    add_service(&plan->new, "new", "records");
    *state = plan;
    return 0;
}

static int teardown(void **state)
{
    struct plan *plan = *state;
    manifest_clear(&plan->previous);
    manifest_clear(&plan->new);
    strings_free(plan->strings);
    free(plan);
    return 0;
}

/* Single quotes are double ones. */
static json_t *read_json(const char *text)
{
    char *copy = strdup(text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = json_loads(copy, 0, NULL);
    assert_non_null(value);
    free(copy);
    return value;
}

static void expect_json(json_t *value, const char *text)
{
    json_t *expected = read_json(text);
    if (!json_equal(value, expected)) {
        char *got = json_dumps(value, JSON_INDENT(1));
        fail_msg("%s", got ? got : "nothing");
    }
    json_decref(expected);
    json_decref(value);
}

static json_t *find(const struct plan *plan, const char *survivors_text, const char *report_text)
{
    json_t *survivors = survivors_text ? read_json(survivors_text) : NULL;
    json_t *report = report_text ? read_json(report_text) : NULL;
    json_t *pins =
        pins_find(plan->previous.version ? &plan->previous : NULL, &plan->new, survivors, report, true);
    json_decref(survivors);
    json_decref(report);
    return pins;
}

static void expect_pins(const struct plan *plan, const char *survivors, const char *report, size_t count)
{
    json_t *pins = find(plan, survivors, report);
    assert_int_equal(json_array_size(pins), count);
    json_decref(pins);
}

/* The services that are placed elsewhere. */
static void expect_places(const struct plan *plan, const char *survivors, const char *expected)
{
    json_t *pins = find(plan, survivors, NULL), *places = pins_places(&plan->previous, &plan->new, pins);
    json_decref(pins);
    expect_json(places, expected);
}

#define DISPUTED_ON_B "{'disputed': {'b': {'database': {'db-1': {}}}}}"
#define KEPT "{'kept': {'database': {'db-1': []}}}"

static void a_component_does_not_go_where_it_is_in_dispute(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_json(find(plan, NULL, NULL), "[]");
    expect_json(find(plan, "{'disputed': {'c': {'database': {'db-1': {}}}}}", NULL), "[]");
    expect_json(find(plan, "{'disputed': {'b': {'other': {'db-1': {}}}}}", NULL), "[]");
    expect_json(find(plan, "{'disputed': {'b': {'database': {'db-2': {}}}}}", NULL), "[]");
    expect_json(find(plan, DISPUTED_ON_B, NULL),
                "[{'component': 'db-1', 'container': 'database', 'target': 'b', 'targets': ['a'],"
                " 'reason': 'its copy on target b is in dispute'}]");
    expect_places(plan, DISPUTED_ON_B, "{'records': [{'target': 'a', 'container': 'database'}]}");
}

static void what_is_in_dispute_where_it_is_may_stay_there(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "b", "database", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_json(find(plan, DISPUTED_ON_B, NULL), "[]");
    hold(&plan->new, "db-1", "new", "c", "database", NULL); /* and may become more */
    expect_json(find(plan, DISPUTED_ON_B, NULL), "[]");
}

static void a_component_of_which_several_copies_are_kept_has_exactly_these_homes(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->previous, "db-1", "old", "b", "database", NULL);
    hold(&plan->new, "db-1", "new", "a", "database", NULL);
    expect_json(find(plan, "{'kept': {'database': {'db-2': []}}}", NULL), "[]");
    expect_json(find(plan, KEPT, NULL),
                "[{'component': 'db-1', 'container': 'database', 'targets': ['a', 'b'],"
                " 'reason': 'several copies of it are kept'}]");
    expect_places(plan, KEPT,
                  "{'records': [{'target': 'a', 'container': 'database'},"
                  " {'target': 'b', 'container': 'database'}]}");
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_json(find(plan, KEPT, NULL), "[]");
    hold(&plan->new, "db-1", "new", "c", "database", NULL);
    expect_pins(plan, KEPT, NULL, 1);
}

/* The distribution wants it no more: nothing moves. */
static void a_component_that_goes_altogether_is_no_move(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    expect_json(find(plan,
                     "{'disputed': {'a': {'database': {'db-1': {}}}}, 'kept': {'database': {'db-1': []}}}",
                     NULL),
                "[]");
}

static void homes_that_have_left_the_model_are_no_homes(void **state)
{
    struct plan *plan = *state;
    add_target(plan, &plan->previous, "gone");
    hold(&plan->previous, "db-1", "old", "gone", "database", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_json(find(plan, DISPUTED_ON_B, NULL),
                "[{'component': 'db-1', 'container': 'database', 'target': 'b', 'targets': [],"
                " 'reason': 'its copy on target b is in dispute'}]");
    expect_places(plan, DISPUTED_ON_B, "{}");
    hold(&plan->previous, "db-1", "old", "b", "database", NULL);
    expect_json(find(plan, KEPT, NULL), "[]");
}

#define LATE_ON_A "{'late': [{'target': 'a', 'container': 'database', 'component': 'db-1'}]}"

/* The manifest leaves it out there, so that it gets newer state. */
static void what_waits_for_newer_state_stays_where_it_lives(void **state)
{
    struct plan *plan = *state;
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_json(find(plan, DISPUTED_ON_B, LATE_ON_A),
                "[{'component': 'db-1', 'container': 'database', 'target': 'b', 'targets': ['a'],"
                " 'reason': 'its copy on target b is in dispute'}]");
    json_t *pins = find(plan, DISPUTED_ON_B, LATE_ON_A);
    expect_json(pins_places(&plan->previous, &plan->new, pins),
                "{'records': [{'target': 'a', 'container': 'database'}]}");
    expect_json(pins_places(NULL, &plan->new, pins),
                "{'records': [{'target': 'a', 'container': 'database'}]}");
    json_decref(pins);
    expect_json(find(plan, DISPUTED_ON_B,
                     "{'late': [{'target': 'a', 'container': 'database', 'component': 'db-1',"
                     " 'fence': false}]}"), /* that is to go */
                "[{'component': 'db-1', 'container': 'database', 'target': 'b', 'targets': [],"
                " 'reason': 'its copy on target b is in dispute'}]");
    expect_json(find(plan, NULL, LATE_ON_A), "[]"); /* and may move, if nothing is against it */
    manifest_clear(&plan->new);
    manifest_init(&plan->new, plan->strings);
    for (const char *const *name = (const char *const[]){ "a", "b", "c", NULL }; *name; name++)
        add_target(plan, &plan->new, *name);
    add_service(&plan->new, "new", "records");
    hold(&plan->new, "db-1", "new", "a", "database", NULL);
    expect_json(find(plan, KEPT, LATE_ON_A), "[]");
    expect_json(find(plan, DISPUTED_ON_B, LATE_ON_A), "[]");
}

static void nothing_is_placed_where_it_is_not_known_what_is_there(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_json(find(plan, NULL, "{'targets': {'b': {'status': 'captured'}}}"), "[]");
    expect_json(find(plan, NULL, "{'targets': {'b': {'status': 'invalid'}}}"),
                "[{'component': 'db-1', 'container': 'database', 'target': 'b', 'targets': ['a'],"
                " 'reason': 'it is not known whether target b holds it already'}]");
    expect_pins(plan, NULL, "{'targets': {'b': {'status': 'silent'}}}", 1);
    hold(&plan->previous, "db-1", "old", "b", "database", NULL);
    expect_json(find(plan, NULL, "{'targets': {'b': {'status': 'silent'}}}"), "[]");
}

/* Of two manifests whose connection keys are what the targets are called, one calls a target otherwise. */
static void what_cannot_move_with_its_state_stays(void **state)
{
    struct plan *plan = *state;
    static const char renamed[] = "d";
    plan->previous.infrastructure.targets[2].name = plan->new.infrastructure.targets[2].name = renamed;
    hold(&plan->previous, "db-1", "old", renamed, "database", NULL);
    hold(&plan->new, "db-1", "new", "a", "database", NULL);
    expect_json(find(plan, NULL, NULL),
                "[{'component': 'db-1', 'container': 'database', 'targets': ['d'],"
                " 'reason': 'Disnix moves no state from target d to a, the name of one of which is not its"
                " connection key', 'remedy': 'rename the target, or let it go without its state by"
                " --force-keys'}]");
    expect_places(plan, NULL, "{'records': [{'target': 'd', 'container': 'database'}]}");
    hold(&plan->new, "db-1", "new", renamed, "database", NULL); /* the state stays there, too */
    expect_json(find(plan, NULL, NULL), "[]");
}

static void without_a_previous_manifest_there_is_no_place_to_stay(void **state)
{
    struct plan *plan = *state;
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    plan->previous.version = 0;
    expect_json(find(plan, DISPUTED_ON_B, NULL),
                "[{'component': 'db-1', 'container': 'database', 'target': 'b', 'targets': [],"
                " 'reason': 'its copy on target b is in dispute'}]");
    plan->previous.version = 2;
}

/* One service in two containers is two components. */
static void the_same_service_in_another_container_goes_where_it_should(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->previous, "db-1", "old", "a", "other", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    hold(&plan->new, "db-1", "new", "c", "other", NULL);
    expect_places(
        plan, DISPUTED_ON_B,
        "{'records': [{'target': 'c', 'container': 'other'}, {'target': 'a', 'container': 'database'}]}");
}

/* Two services with one package are one component. */
static void each_service_of_a_component_stays_where_it_has_it(void **state)
{
    struct plan *plan = *state;
    add_service(&plan->previous, "old-2", "archive");
    add_service(&plan->new, "new-2", "archive");
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->previous, "db-1", "old-2", "c", "database", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    hold(&plan->new, "db-1", "new-2", "c", "database", NULL);
    expect_places(plan, DISPUTED_ON_B,
                  "{'records': [{'target': 'a', 'container': 'database'}],"
                  " 'archive': [{'target': 'c', 'container': 'database'}]}");
}

/* The new manifest has it under another service: that one goes where it was. */
static void a_service_that_is_called_otherwise_now_stays_for_it(void **state)
{
    struct plan *plan = *state;
    add_service(&plan->new, "new-2", "renamed");
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->new, "db-1", "new-2", "b", "database", NULL);
    expect_places(plan, DISPUTED_ON_B, "{'renamed': [{'target': 'a', 'container': 'database'}]}");
}

static void a_provider_without_state_is_there_too(void **state)
{
    struct plan *plan = *state;
    add_service(&plan->previous, "old-server", "server");
    add_service(&plan->new, "new-server", "server");
    place(&plan->previous, "old-server", "a", "process", NULL);
    place(&plan->previous, "old-server", "c", "process", NULL);
    hold(&plan->previous, "db-1", "old", "a", "database", "old-server");
    place(&plan->new, "new-server", "b", "process", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", "new-server");
    expect_places(
        plan, DISPUTED_ON_B,
        "{'records': [{'target': 'a', 'container': 'database'}],"
        " 'server': [{'target': 'b', 'container': 'process'}, {'target': 'a', 'container': 'process'}]}");
    place(&plan->new, "new-server", "a", "process", NULL);
    expect_places(plan, DISPUTED_ON_B, "{'records': [{'target': 'a', 'container': 'database'}]}");
}

static void a_provider_with_state_stays_and_so_does_its_own(void **state)
{
    struct plan *plan = *state;
    add_service(&plan->previous, "old-server", "server");
    add_service(&plan->new, "new-server", "server");
    add_service(&plan->previous, "old-base", "base");
    add_service(&plan->new, "new-base", "base");
    place(&plan->previous, "old-base", "a", "process", NULL);
    place(&plan->previous, "old-base", "c", "process", NULL);
    hold(&plan->previous, "server-1", "old-server", "a", "inner", "old-base");
    hold(&plan->previous, "server-1", "old-server", "c", "inner", NULL);
    hold(&plan->previous, "db-1", "old", "a", "database", "old-server");
    place(&plan->new, "new-base", "b", "process", NULL);
    hold(&plan->new, "server-1", "new-server", "b", "inner", "new-base");
    hold(&plan->new, "db-1", "new", "b", "database", "new-server");
    expect_places(
        plan, DISPUTED_ON_B,
        "{'records': [{'target': 'a', 'container': 'database'}],"
        " 'server': [{'target': 'a', 'container': 'inner'}, {'target': 'c', 'container': 'inner'}],"
        " 'base': [{'target': 'b', 'container': 'process'}, {'target': 'a', 'container': 'process'}]}");
}

/* A manifest may say so, and it ends nevertheless. */
static void providers_of_each_other_end(void **state)
{
    static const char *const services[] = { "one", "two" };
    struct plan *plan = *state;
    for (size_t i = 0; i < 2; i++) {
        add_service(&plan->previous, services[i], services[i]);
        add_service(&plan->new, services[i], services[i]);
        place(&plan->previous, services[i], "a", "x", services[1 - i]);
        place(&plan->new, services[i], "c", "x", NULL);
    }
    hold(&plan->previous, "db-1", "old", "a", "database", "one");
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_places(plan, DISPUTED_ON_B,
                  "{'records': [{'target': 'a', 'container': 'database'}],"
                  " 'one': [{'target': 'c', 'container': 'x'}, {'target': 'a', 'container': 'x'}],"
                  " 'two': [{'target': 'c', 'container': 'x'}, {'target': 'a', 'container': 'x'}]}");
}

/* The services model would not know it, and the whole distribution would be refused. */
static void a_provider_that_is_none_any_more_is_not_placed(void **state)
{
    struct plan *plan = *state;
    add_service(&plan->previous, "old-server", "server");
    place(&plan->previous, "old-server", "a", "process", NULL);
    hold(&plan->previous, "db-1", "old", "a", "database", "old-server");
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    expect_places(plan, DISPUTED_ON_B, "{'records': [{'target': 'a', 'container': 'database'}]}");
}

static void what_is_remembered_may_be_anything(void **state)
{
    static const char *const texts[] = { "[]", "{'disputed': [], 'kept': 'x'}", "{'disputed': {'b': []}}",
                                         "{'disputed': {'b': {'database': 1}}, 'kept': {'database': 1}}" };
    struct plan *plan = *state;
    hold(&plan->previous, "db-1", "old", "a", "database", NULL);
    hold(&plan->new, "db-1", "new", "b", "database", NULL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_json(find(plan, texts[i], NULL), "[]");
}

/* A compromised target can claim as many. */
static void many_pins_take_no_squares(void **state)
{
    enum { MANY = 50000 };
    struct plan *plan = *state;
    json_t *components = json_object(),
           *survivors = json_pack("{s{s{so}}}", "disputed", "b", "database", components);
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "db-%d", i);
        json_object_set_new(components, name, json_object());
        const struct snapshot_mapping old = { "a", "database", name, "old", NULL },
                                      new = { "b", "database", name, "new", NULL };
        assert_non_null(manifest_add_snapshot_mapping(&plan->previous, &old));
        assert_non_null(manifest_add_snapshot_mapping(&plan->new, &new));
    }
    manifest_sort(&plan->previous);
    manifest_sort(&plan->new);
    int64_t started = operations->now();
    json_t *pins = pins_find(&plan->previous, &plan->new, survivors, NULL, true);
    json_t *places = pins_places(&plan->previous, &plan->new, pins);
    assert_int_equal(json_array_size(pins), MANY);
    assert_true(operations->now() - started < 20000);
    json_decref(pins);
    json_decref(places);
    json_decref(survivors);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_component_does_not_go_where_it_is_in_dispute),
        TEST(what_is_in_dispute_where_it_is_may_stay_there),
        TEST(a_component_of_which_several_copies_are_kept_has_exactly_these_homes),
        TEST(a_component_that_goes_altogether_is_no_move),
        TEST(homes_that_have_left_the_model_are_no_homes),
        TEST(what_waits_for_newer_state_stays_where_it_lives),
        TEST(nothing_is_placed_where_it_is_not_known_what_is_there),
        TEST(what_cannot_move_with_its_state_stays),
        TEST(without_a_previous_manifest_there_is_no_place_to_stay),
        TEST(the_same_service_in_another_container_goes_where_it_should),
        TEST(each_service_of_a_component_stays_where_it_has_it),
        TEST(a_service_that_is_called_otherwise_now_stays_for_it),
        TEST(a_provider_without_state_is_there_too),
        TEST(a_provider_with_state_stays_and_so_does_its_own),
        TEST(providers_of_each_other_end),
        TEST(a_provider_that_is_none_any_more_is_not_placed),
        TEST(what_is_remembered_may_be_anything),
        TEST(many_pins_take_no_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
