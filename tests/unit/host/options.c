/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/unit.h"

#include "lib/world/operations.h"
#include "plugin/settings/options.h"

static unsigned messages;

static void count_message(enum dydisnix_level level, const char *target, const char *format,
                          va_list arguments)
{
    (void)level, (void)target, (void)format, (void)arguments;
    messages++;
}

static const struct dydisnix_operations counting = { .size = sizeof counting, .log = count_message };

static int set(struct options *options, const char *key, const char *value)
{
    messages = 0;
    operations_use(&counting);
    return options_set(options, key, value);
}

static void what_is_right_is_taken(void **state)
{
    static const char *const right[][2] = {
        { "unreachable", "keep" },
        { "unreachable", "skip" },
        { "unreachable", "fail" },
        { "superseded", "newest" },
        { "superseded", "keep" },
        { "superseded", "fail" },
        { "manifest-version", "auto" },
        { "manifest-version", "1" },
        { "manifest-version", "2" },
        { "superseded-max-age", "0" },
        { "timeout", "1" },
        { "transfer-timeout", "2592000" },
        { "jobs", "4096" },
        { "max-concurrent-transfers", "1024" },
        { "profile", "a b" },
        { "max-manifest-size", "1" },
        { "max-manifest-size", "1099511627776" },
        { "max-depth", "1" },
        { "max-depth", "256" },
        { "save-input", "/a b" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct options options = options_default;
        assert_int_equal(set(&options, right[i][0], right[i][1]), 0);
        assert_int_equal(messages, 0);
    }
}

static void what_is_wrong_changes_nothing(void **state)
{
    static const char *const wrong[][2] = {
        { "unreachable", "" },
        { "unreachable", "Keep" },
        { "superseded", "skip" },
        { "manifest-version", "" },
        { "manifest-version", "3" },
        { "manifest-version", "01" },
        { "superseded-max-age", "-1" },
        { "superseded-max-age", "1h" },
        { "superseded-max-age", "999999999999" },
        { "timeout", "0" },
        { "timeout", "" },
        { "timeout", " 1" },
        { "timeout", "+1" },
        { "timeout", "0x10" },
        { "timeout", "99999999999999999999" },
        { "transfer-timeout", "0" },
        { "jobs", "0" },
        { "jobs", "4097" },
        { "max-concurrent-transfers", "1025" },
        { "max-concurrent-transfers", "1.5" },
        { "profile", "" },
        { "profile", ".." },
        { "profile", "a/b" },
        { "profile", "-x" },
        { "profile", "a\nb" },
        { "", "1" },
        { "Timeout", "1" },
        { "manifest-limit", "1" },
        { "max-manifest-size", "0" },
        { "max-manifest-size", "64M" },
        { "max-depth", "0" },
        { "max-depth", "257" },
        { "save-input", "" },
        { "save-input", "here" },
        { "on-conflict", "keep" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct options options = options_default;
        assert_int_equal(set(&options, wrong[i][0], wrong[i][1]), -1);
        assert_int_equal(messages, 1);
        assert_memory_equal(&options, &options_default, sizeof options);
    }
}

static void units_are_seconds_outside(void **state)
{
    struct options options = options_default;
    (void)state;
    assert_int_equal(set(&options, "timeout", "7"), 0);
    assert_int_equal(options.timeout, 7000);
    assert_int_equal(set(&options, "transfer-timeout", "8"), 0);
    assert_int_equal(options.transfer_timeout, 8000);
    assert_int_equal(set(&options, "superseded-max-age", "9"), 0);
    assert_int_equal(options.superseded_max_age, 9);
}

/* 2^40 bytes are as many as a size counts, not none. */
static void the_largest_size_is_large(void **state)
{
    struct options options = options_default;
    (void)state;
    assert_int_equal(set(&options, "max-manifest-size", "1099511627776"), 0);
    assert_true(options.manifest_limit > (size_t)1 << 29);
}

/* What describes the options makes them again. */
static void described_and_taken(void **state)
{
    struct options options = options_default, again = options_default;
    (void)state;
    set(&options, "unreachable", "skip");
    set(&options, "superseded", "fail");
    set(&options, "superseded-max-age", "9");
    set(&options, "max-manifest-size", "1000");
    set(&options, "max-depth", "7");
    json_t *described = options_describe(&options), *value;
    const char *key;
    json_object_foreach(described, key, value) {
        char number[32];
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        if (!json_is_boolean(value))
            assert_int_equal(set(&again, key, json_is_string(value) ? json_string_value(value) : number), 0);
    }
    assert_memory_equal(&again, &options, sizeof again);
    json_decref(described);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_taken),    cmocka_unit_test(what_is_wrong_changes_nothing),
        cmocka_unit_test(units_are_seconds_outside), cmocka_unit_test(the_largest_size_is_large),
        cmocka_unit_test(described_and_taken),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
