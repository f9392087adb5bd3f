/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the host remembers: when targets went away, and when components were snapshotted on them.
 */
#include "tests/unit/unit.h"

#include "host/record/state.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static json_int_t snapshotted(const struct state *state)
{
    return json_integer_value(json_object_get(
        json_object_get(json_object_get(json_object_get(state->root, "snapshots"), "a"), "database"), "db"));
}

static void rescue(struct state *state, int64_t now)
{
    json_t *report =
        json_pack("{s[{ss ss ss}]}", "rescued", "target", "a", "container", "database", "component", "db");
    state_rescued(state, report, now);
    json_decref(report);
}

/* Else a rescue would settle the conflict that made it necessary. */
static void a_rescue_after_an_absence_tells_nothing_of_before(void **unused)
{
    struct target targets[] = { { .name = "a" } };
    const struct infrastructure with = { .targets = targets, .count = 1 }, without = { 0 };
    struct state state;
    (void)unused;
    operations_use(&real_operations);
    assert_int_equal(state_load("/nowhere/at/all", &state), 0);
    state_see(&state, &with, NULL, 1000);
    rescue(&state, 1100);
    assert_int_equal(snapshotted(&state), 1100);
    state_see(&state, &without, NULL, 2000);
    state_see(&state, &with, NULL, 3000);
    rescue(&state, 3100);
    assert_int_equal(snapshotted(&state), 1100);
    state_deployed(&state, "manifest", &with);
    rescue(&state, 4000);
    assert_int_equal(snapshotted(&state), 4000);
    state_clear(&state);
}

/* However long the host itself was down. */
static void what_is_missed_is_noted_once(void **unused)
{
    struct target targets[] = { { .name = "a" } };
    const struct infrastructure with = { .targets = targets, .count = 1 }, without = { 0 };
    struct state state;
    (void)unused;
    operations_use(&real_operations);
    assert_int_equal(state_load("/nowhere/at/all", &state), 0);
    state_see(&state, &with, NULL, 1000);
    state_see(&state, &without, NULL, 90000);
    state_see(&state, &without, NULL, 95000);
    state_see(&state, &with, NULL, 96000);
    state_see(&state, &without, NULL, 97000);
    const json_t *target = json_object_get(json_object_get(state.root, "targets"), "a");
    assert_int_equal(json_integer_value(json_object_get(target, "away")), 1000);
    assert_int_equal(json_integer_value(json_object_get(target, "missed")), 90000);
    state_see(&state, &with, NULL, 98000);
    state_deployed(&state, "manifest", &with);
    assert_null(json_object_get(target, "away"));
    assert_null(json_object_get(target, "missed"));
    state_clear(&state);
}

static json_int_t member(const struct state *state, const char *name, const char *key)
{
    const json_t *target = json_object_get(json_object_get(state->root, "targets"), name);
    return json_integer_value(json_object_get(target, key));
}

/* How old a snapshot was when its machine died depends on it: the last answer counts, not the last cycle. */
static void a_target_went_away_after_its_last_answer(void **unused)
{
    struct target targets[] = { { .name = "a" }, { .name = "b" } };
    const struct infrastructure model = { .targets = targets, .count = 2 },
                                one = { .targets = targets, .count = 1 };
    json_t *heard = json_pack("{si s[ss] s{}}", "at", 5000, "asked", "a", "b", "silent");
    json_t *silent = json_pack("{si s[ss] s{si}}", "at", 6000, "asked", "a", "b", "silent", "b", 5500);
    struct state state;
    (void)unused;
    operations_use(&real_operations);
    assert_int_equal(state_load("/nowhere/at/all", &state), 0);
    state_probed(&state, heard);
    state_see(&state, &model, NULL, 1000);
    state_probed(&state, heard);
    assert_int_equal(member(&state, "b", "seen"), 5000);
    state_probed(&state, silent);
    state_see(&state, &model, json_object_get(silent, "silent"), 6010);
    assert_int_equal(member(&state, "a", "seen"), 6010);
    assert_int_equal(member(&state, "a", "away"), 0);
    assert_int_equal(member(&state, "b", "seen"), 5500);
    assert_int_equal(member(&state, "b", "away"), 5500);
    state_see(&state, &one, NULL, 7000);
    state_see(&state, &model, NULL, 8000);
    assert_int_equal(member(&state, "b", "seen"), 8000);
    assert_int_equal(member(&state, "b", "away"), 5500);
    json_decref(heard);
    json_decref(silent);
    state_clear(&state);
}

static char *directory, *file, *copy;

static void state_is(const char *text)
{
    assert_int_equal(operations->write(file, text, strlen(text), 0600), 0);
}

static void load_state(void *closure)
{
    struct state state;
    assert_int_equal(state_load(directory, &state), *(int *)closure);
    state_clear(&state);
}

static void loading_gives(int expected, const char *told)
{
    char *messages = unit_written(STDERR_FILENO, load_state, &expected);
    if (told ? !strstr(messages, told) : messages[0] != '\0')
        fail_msg("told: %s", messages);
    free(messages);
}

static void holds(const char *path, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(operations->read(path, 1 << 20, &text, &length), 0);
    assert_string_equal(text, expected);
    free(text);
}

/* What was held, paused and left to do must not be forgotten because it cannot be read just now. */
static void only_what_is_not_there_is_empty(void **unused)
{
    static const struct {
        const char *text, *told;
    } damaged[] = {
        { "", "state.json is damaged: line " },
        { "{\"version\":1,", "state.json is damaged: line " },
        { "[]", "it has no version" },
        { "{}", "it has no version" },
        { "{\"version\":\"1\"}", "it has no version" },
        { "{\"version\":1,\"targets\":[]}", "its member targets is none" },
        { "{\"version\":1,\"paused\":true}", "its member paused is none" },
        { "{\"version\":1,\"survivors\":{\"kept\":{\"process\":true}}}", "its member kept is none" },
    };
    (void)unused;
    operations_use(&real_operations);
    assert_int_equal(operations->temporary_directory("state", &directory), 0);
    file = string_format("%s/state.json", directory);
    copy = string_format("%s/state.json.damaged", directory);
    loading_gives(0, NULL);
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        state_is(damaged[i].text);
        loading_gives(-1, damaged[i].told);
        holds(file, damaged[i].text);
        holds(copy, damaged[i].text);
    }
    unlink(copy);
    state_is("{\"version\":2,\"paused\":true}");
    loading_gives(-1, "is of version 2, from a newer release; this one knows version 1");
    holds(file, "{\"version\":2,\"paused\":true}");
    assert_int_equal(access(copy, F_OK), -1);
    unlink(file);
    assert_int_equal(symlink("state.json", file), 0);
    loading_gives(-1, "state.json: ");
    unlink(file);
    assert_int_equal(symlink("on/a/disk/that/is/not/mounted", file), 0);
    loading_gives(-1, "state.json: a link that leads nowhere");
    unlink(file);
    state_is("{\"version\":1,\"targets\":{}}");
    loading_gives(0, NULL);
    operations->remove(directory);
    free(directory);
    free(file);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_not_there_is_empty),
        cmocka_unit_test(a_target_went_away_after_its_last_answer),
        cmocka_unit_test(a_rescue_after_an_absence_tells_nothing_of_before),
        cmocka_unit_test(what_is_missed_is_noted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
