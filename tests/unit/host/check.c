/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The check before a deployment: what it stops, what it lets pass, and each option to go on.
 */
#include "tests/unit/unit.h"

#include "host/deploy/check.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

#define KEY "1111111111111111111111111111111111111111111111111111111111111111"
#define PROVIDER "2222222222222222222222222222222222222222222222222222222222222222"

struct plan {
    struct strings *strings;
    struct manifest previous, new;
    struct settings settings;
};

static void add_target(struct plan *plan, struct manifest *manifest, const char *name, const char *key)
{
    struct nix_attribute hostname = { "hostname", { .type = NIX_STRING, .text = key } };
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

static void hold(struct manifest *manifest, const char *target, const char *provider)
{
    const struct snapshot_mapping mapping = {
        .target = target, .container = "database", .component = "db-1.0", .service = KEY, .provider = provider
    };
    assert_non_null(manifest_add_snapshot_mapping(manifest, &mapping));
    manifest_sort(manifest);
}

static int setup(void **state)
{
    static const char *const names[] = { "a", "b" };
    struct plan *plan = calloc(1, sizeof *plan);
    operations_use(&real_operations);
    plan->strings = strings_new();
    manifest_init(&plan->previous, plan->strings);
    manifest_init(&plan->new, plan->strings);
    for (size_t i = 0; i < 2; i++) {
        add_target(plan, &plan->previous, names[i], names[i]);
        add_target(plan, &plan->new, names[i], names[i]);
    }
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

static int check(const struct plan *plan, const char *report_text)
{
    json_t *report = report_text ? json_loads(report_text, 0, NULL) : NULL;
    int status = check_deployment(&plan->previous, &plan->new, NULL, report, &plan->settings);
    json_decref(report);
    return status;
}

/* The one finding that there should be. */
static void expect_finding(const struct plan *plan, const char *report_text, const char *kind,
                           const char *target)
{
    json_t *report = report_text ? json_loads(report_text, 0, NULL) : NULL, *finding;
    json_t *findings = check_findings(&plan->previous, &plan->new, NULL, report, &plan->settings);
    char option[64];
    snprintf(option, sizeof option, "--force-%s", kind);
    assert_int_equal(json_array_size(findings), 1);
    finding = json_array_get(findings, 0);
    assert_string_equal(json_string_value(json_object_get(finding, "kind")), kind);
    assert_string_equal(json_string_value(json_object_get(finding, "component")), "db-1.0");
    assert_string_equal(json_string_value(json_object_get(finding, "container")), "database");
    assert_string_equal(json_string_value(json_object_get(finding, "option")), option);
    assert_non_null(strstr(json_string_value(json_object_get(finding, "text")), option));
    if (target)
        assert_string_equal(json_string_value(json_object_get(finding, "target")), target);
    else
        assert_null(json_object_get(finding, "target"));
    json_decref(findings);
    json_decref(report);
}

static const char superseded[] = "{\"superseded\": [{\"component\": \"db-1.0\", \"container\": \"database\","
                                 " \"target\": \"a\", \"home\": \"b\", \"reason\": \"?\"}]}";

/* It may hold the component already, and Disnix would restore over it. */
static void a_target_that_was_not_heard_gets_no_state(void **state)
{
    struct plan *plan = *state;
    static const char invalid[] = "{\"targets\": {\"b\": {\"status\": \"invalid\"}}}";
    hold(&plan->previous, "a", NULL);
    hold(&plan->new, "b", NULL);
    assert_int_equal(check(plan, "{\"targets\": {\"b\": {\"status\": \"captured\"}}}"), 0);
    expect_finding(plan, invalid, "conflict", "b");
    hold(&plan->previous, "b", NULL);
    assert_int_equal(check(plan, invalid), 0);
}

static void a_superseded_copy_may_be_replaced(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "b", NULL);
    hold(&plan->new, "a", NULL); /* it moves back: its home's state goes with it */
    assert_int_equal(check(plan, superseded), 0);
    hold(&plan->new, "b", NULL); /* or becomes a replica: it is saved before Disnix restores over it */
    assert_int_equal(check(plan, superseded), 0);
}

static void state_does_not_move_where_a_name_is_no_key(void **state)
{
    struct plan *plan = *state;
    add_target(plan, &plan->new, "c", "192.0.2.3");
    hold(&plan->previous, "a", NULL);
    hold(&plan->new, "c", NULL);
    expect_finding(plan, NULL, "keys", "c");
    assert_int_equal(check(plan, NULL), -1);
    plan->settings.no_migration = true;
    assert_int_equal(check(plan, NULL), 0);
    plan->settings.no_migration = false;
    plan->settings.force_keys = true;
    assert_int_equal(check(plan, NULL), 0);
}

static void state_does_not_move_from_where_a_name_is_no_key(void **state)
{
    struct plan *plan = *state;
    add_target(plan, &plan->previous, "c", "192.0.2.3");
    hold(&plan->previous, "a", NULL);
    hold(&plan->previous, "c", NULL); /* not the first of those that it leaves */
    hold(&plan->new, "b", NULL);
    expect_finding(plan, NULL, "keys", "b");
}

static void all_that_stands_against_it_is_found(void **state)
{
    struct plan *plan = *state;
    json_t *report = json_loads("{\"targets\": {\"c\": {\"status\": \"invalid\"}}}", 0, NULL), *findings;
    add_target(plan, &plan->new, "c", "192.0.2.3");
    hold(&plan->previous, "a", PROVIDER);
    hold(&plan->new, "c", NULL);
    findings = check_findings(&plan->previous, &plan->new, NULL, report, &plan->settings);
    assert_int_equal(json_array_size(findings), 3);
    json_decref(findings);
    json_decref(report);
}

static void state_moves_where_names_are_keys(void **state)
{
    struct plan *plan = *state;
    hold(&plan->previous, "a", NULL);
    hold(&plan->new, "b", NULL);
    assert_int_equal(check(plan, NULL), 0);
}

static void new_state_may_begin_anywhere(void **state)
{
    struct plan *plan = *state;
    add_target(plan, &plan->new, "c", "192.0.2.3");
    hold(&plan->new, "c", NULL);
    assert_int_equal(check(plan, NULL), 0);
}

static void the_provider_of_an_old_snapshot_stays(void **state)
{
    struct plan *plan = *state;
    const struct service provider = { .key = PROVIDER,
                                      .name = "host",
                                      .type = "process",
                                      .pkg = "/nix/store/00000000000000000000000000000000-host",
                                      .provides_containers = { .type = NIX_ATTRS } };
    hold(&plan->previous, "a", PROVIDER);
    hold(&plan->new, "a", PROVIDER);
    expect_finding(plan, NULL, "provider", "a");
    assert_int_equal(check(plan, NULL), -1);
    plan->settings.force_provider = true;
    assert_int_equal(check(plan, NULL), 0);
    plan->settings.force_provider = false;
    assert_non_null(manifest_add_service(&plan->new, &provider));
    manifest_sort(&plan->new);
    assert_int_equal(check(plan, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A hundred replicated services on a thousand targets have components in such numbers. */
static void many_components_take_no_squares(void **state)
{
    enum { MANY = 50000 };
    struct plan *plan = *state;
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "db-%d", i);
        struct snapshot_mapping mapping = { .target = "a",
                                            .container = "database",
                                            .component = strings_intern(plan->strings, name),
                                            .service = KEY };
        assert_non_null(manifest_add_snapshot_mapping(&plan->previous, &mapping));
        mapping.target = "b";
        assert_non_null(manifest_add_snapshot_mapping(&plan->new, &mapping));
    }
    manifest_sort(&plan->previous);
    manifest_sort(&plan->new);
    int64_t started = operations->now();
    assert_int_equal(check(plan, "{}"), 0);
    assert_true(operations->now() - started < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_target_that_was_not_heard_gets_no_state),
        TEST(a_superseded_copy_may_be_replaced),
        TEST(state_does_not_move_where_a_name_is_no_key),
        TEST(state_does_not_move_from_where_a_name_is_no_key),
        TEST(all_that_stands_against_it_is_found),
        TEST(state_moves_where_names_are_keys),
        TEST(new_state_may_begin_anywhere),
        TEST(many_components_take_no_squares),
        TEST(the_provider_of_an_old_snapshot_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
