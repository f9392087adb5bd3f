/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whom a deployment waits for: who is named, how often, and what is remembered when a program is ended for
 * it.
 */
#include "tests/unit/unit.h"

#include "host/calls/slow.h"
#include "lib/manifest/manifest.h"
#include "lib/world/operations.h"

static char logged[4096];
static const struct dydisnix_running *running; /* up to one without a vector */

static void log_line(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    size_t length = strlen(logged);
    (void)level;
    length += (size_t)snprintf(logged + length, sizeof logged - length, "%s: ", target ? target : "-");
    length += (size_t)vsnprintf(logged + length, sizeof logged - length, format, arguments);
    snprintf(logged + length, sizeof logged - length, "\n");
}

static int list(int (*each)(void *closure, const struct dydisnix_running *program), void *closure)
{
    for (const struct dydisnix_running *program = running; program->argv; program++)
        each(closure, program);
    return 0;
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define MINUTES(count) ((count)*INT64_C(60000))

struct network {
    struct state state;
    struct manifest manifest;
    struct recovery recovery;
    struct slow slow;
};

static void add_target(struct manifest *manifest, const char *name, const char *key)
{
    struct nix_attribute hostname = { .name = "hostname", .value = { .type = NIX_STRING, .text = key } };
    const struct target target = { .name = name,
                                   .properties = { .type = NIX_ATTRS, .children = &hostname, .count = 1 },
                                   .containers = { .type = NIX_ATTRS },
                                   .system = "",
                                   .number_of_cores = "1",
                                   .client_interface = "client",
                                   .target_property = "hostname" };
    assert_int_equal(manifest_add_target(manifest, &target), 0);
}

static int setup(void **state)
{
    static struct dydisnix_operations table;
    static struct network network;
    table = real_operations;
    table.log = log_line;
    table.running = list;
    operations_use(&table);
    network = (struct network){ .state.root = json_object() };
    manifest_init(&network.manifest, strings_new());
    add_target(&network.manifest, "a", "a.net");
    add_target(&network.manifest, "b", "b");
    network.recovery.state = &network.state;
    network.slow = (struct slow){ .recovery = &network.recovery, .new = &network.manifest };
    logged[0] = '\0';
    *state = &network;
    return 0;
}

static int teardown(void **state)
{
    struct network *network = *state;
    struct strings *strings = network->manifest.strings;
    json_decref(network->state.root);
    manifest_clear(&network->manifest);
    strings_free(strings);
    return 0;
}

static const struct dydisnix_running usual[] = {
    { 1, ARGV("disnix-activate", "new"), MINUTES(10) },
    { 2, ARGV("sh", "client", "--target", "a.net", "--profile", "p", "--lock"), MINUTES(9) },
    { 3, ARGV("ssh", "host", "--target", "a.net"), MINUTES(1) }, /* of its own */
    { 4, ARGV("client", "--activate", "--target", "b"), MINUTES(2) },
    { 5, ARGV("client", "--activate", "--target", "c"), MINUTES(10) },
    { 6, ARGV("client", "--target"), MINUTES(10) },
    { 0 },
};

static void who_is_waited_for_is_said_again_and_again(void **state)
{
    struct network *network = *state;
    const char *line = "a: --lock has run for 9 minutes, and the deployment waits for it; "
                       "to end this call: kill 2\n";
    running = usual;
    slow_waits(&network->slow, MINUTES(9), false);
    assert_string_equal(logged, "");
    slow_waits(&network->slow, MINUTES(10), false);
    assert_string_equal(logged, line);
    slow_waits(&network->slow, MINUTES(11), false);
    slow_waits(&network->slow, MINUTES(59), false);
    assert_string_equal(logged, line);
    logged[0] = '\0';
    slow_waits(&network->slow, MINUTES(20), false);
    slow_waits(&network->slow, MINUTES(120), false);
    assert_string_equal(strstr(logged, "\n") + 1, line);
    assert_int_equal(json_object_size(network->state.root), 0);
}

static void when_nobody_is_waited_for_that_is_said(void **state)
{
    struct network *network = *state;
    running = &usual[6];
    slow_waits(&network->slow, MINUTES(60), false);
    assert_string_equal(logged, "-: the deployment has run for 60 minutes, and waits for no target\n");
}

static void who_was_waited_for_when_a_program_is_ended_is_remembered(void **state)
{
    struct network *network = *state;
    running = usual;
    slow_waits(&network->slow, MINUTES(10), true);
    assert_string_equal(logged, "a: --lock does not end\n");
    json_t *hung = json_object_get(json_object_get(network->state.root, "deployment"), "hung");
    assert_int_equal(json_object_size(hung), 1);
    assert_int_equal(json_integer_value(json_object_get(hung, "a")), 600);
}

static void where_nobody_is_blamed_all_calls_are_told(void **state)
{
    (void)state;
    running = usual;
    json_t *calls = slow_find(NULL);
    assert_int_equal(json_object_size(calls), 3);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(calls, "b"), "seconds")), 120);
    json_decref(calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(who_is_waited_for_is_said_again_and_again),
        TEST(when_nobody_is_waited_for_that_is_said),
        TEST(who_was_waited_for_when_a_program_is_ended_is_remembered),
        TEST(where_nobody_is_blamed_all_calls_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
