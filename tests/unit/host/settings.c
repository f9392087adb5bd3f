/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Command lines of the script of Dynamic Disnix mean what they meant there.
 */
#include "tests/unit/unit.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings/settings.h"
#include "lib/world/operations.h"

enum kind { TEXT, NUMBER, FLAG, WORDS };

#define FIELD(member) offsetof(struct settings, member)

/* All options of the script but for --help. */
static const struct {
    const char *name, *value;
    enum kind kind;
    size_t at;
} options[] = {
    { "services", "/v", TEXT, FIELD(services) },
    { "qos", "/v", TEXT, FIELD(qos) },
    { "augment", "/v", TEXT, FIELD(augment) },
    { "ids", "/v", TEXT, FIELD(ids) },
    { "id-resources", "/v", TEXT, FIELD(id_resources) },
    { "ids-service-property", "v", TEXT, FIELD(ids_service_property) },
    { "filters", "/v", TEXT, FIELD(filters) },
    { "interval", "7", NUMBER, FIELD(interval) },
    { "profile", "v", TEXT, FIELD(profile) },
    { "coordinator-profile-path", "/v", TEXT, FIELD(coordinator_profile_path) },
    { "max-concurrent-transfers", "7", TEXT, FIELD(max_concurrent_transfers) },
    { "no-migration", NULL, FLAG, FIELD(no_migration) },
    { "delete-state", NULL, FLAG, FIELD(delete_state) },
    { "geninfra", "v", WORDS, FIELD(generator) },
    { "snapshot", NULL, FLAG, FIELD(snapshot) },
    { "reconstruct", NULL, FLAG, FIELD(reconstruct) },
    { "depth-first", NULL, FLAG, FIELD(depth_first) },
    { "keep", "7", TEXT, FIELD(keep) },
    { "show-trace", NULL, FLAG, FIELD(show_trace) },
    { "interface", "v", TEXT, FIELD(interface) },
    { "extra-params", "v", TEXT, FIELD(extra_params) },
    { "target-property", "v", TEXT, FIELD(target_property) },
};
enum { OPTIONS = sizeof options / sizeof *options };

#define TEST(name)                    \
    {                                 \
#name, name, NULL, NULL, NULL \
    }

static unsigned errors, warnings;

static void count_message(enum dydisnix_level level, const char *target, const char *format,
                          va_list arguments)
{
    (void)target, (void)format, (void)arguments;
    errors += level == DYDISNIX_ERROR;
    warnings += level == DYDISNIX_WARNING;
}

static const struct dydisnix_operations counting = { .size = sizeof counting, .log = count_message };

/* With what is required, and up to four words more, which stay until the next call. */
static enum settings_outcome read_words(struct settings *settings, const char *one, const char *two,
                                        const char *three, const char *four)
{
    static char texts[10][64], *argv[11];
    const char *words[] = { "dydisnix-self-adapt",
                            "--state-dir=/s",
                            "-s/s",
                            "-q/q",
                            "--geninfra=g",
                            "--id-resources=/r",
                            one,
                            two,
                            three,
                            four,
                            NULL };
    int argc = 0;
    for (; words[argc]; argc++) {
        snprintf(texts[argc], sizeof texts[argc], "%s", words[argc]);
        argv[argc] = texts[argc];
    }
    argv[argc] = NULL;
    errors = warnings = 0;
    optind = 0;
    operations_use(&counting);
    return settings_read(settings, argc, argv);
}

static bool has_value(const struct settings *settings, size_t i)
{
    const char *at = (const char *)settings + options[i].at;
    switch (options[i].kind) {
    case FLAG: return *(const bool *)at;
    case NUMBER: return *(const int64_t *)at == atoll(options[i].value);
    case WORDS: return strcmp((*(char **const *)at)[0], options[i].value) == 0;
    default: return *(char *const *)at && strcmp(*(char *const *)at, options[i].value) == 0;
    }
}

/* How many options of the script, --help too, a prefix may stand for. */
static unsigned meanings(const char *prefix, size_t length)
{
    unsigned count = strncmp("help", prefix, length) == 0;
    for (size_t i = 0; i < OPTIONS; i++)
        count += strncmp(options[i].name, prefix, length) == 0;
    return count;
}

static void every_short_form_means_what_it_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTIONS; i++)
        for (size_t length = 1; length <= strlen(options[i].name); length++) {
            char word[64];
            struct settings settings;
            if (options[i].name[length] && meanings(options[i].name, length) != 1)
                continue;
            snprintf(word, sizeof word, "--%.*s", (int)length, options[i].name);
            if (read_words(&settings, word, options[i].value, NULL, NULL) != SETTINGS_READY
                || !has_value(&settings, i))
                fail_msg("%s is not --%s", word, options[i].name);
            settings_clear(&settings);
        }
}

static void letters_mean_what_they_meant(void **state)
{
    static const struct {
        const char *word, *name;
    } letters[] = { { "-s", "services" }, { "-q", "qos" },     { "-a", "augment" },
                    { "-F", "filters" },  { "-p", "profile" }, { "-m", "max-concurrent-transfers" } };
    (void)state;
    for (size_t l = 0; l < sizeof letters / sizeof *letters; l++)
        for (size_t i = 0; i < OPTIONS; i++) {
            struct settings settings;
            if (strcmp(letters[l].name, options[i].name) != 0)
                continue;
            assert_int_equal(read_words(&settings, letters[l].word, options[i].value, NULL, NULL),
                             SETTINGS_READY);
            assert_true(has_value(&settings, i));
            settings_clear(&settings);
        }
}

static void an_interval_is_what_sleep_takes(void **state)
{
    static const struct {
        const char *text;
        long seconds;
    } right[] = { { "1", 1 },   { "30", 30 }, { "1m", 60 },   { "2h", 7200 }, { "1d", 86400 }, { "15s", 15 },
                  { "0.5", 1 }, { "1.5", 2 }, { "0.5m", 30 }, { "0", 1 },     { "", 5 } };
    static const char *const wrong[] = { "x", "5x",   "-1",  "1mm", "1 ",  " 1",
                                         ".", "0x10", "1e3", "nan", "inf", "99999999999999999999" };
    struct settings settings;
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        assert_int_equal(read_words(&settings, "--interval", right[i].text, NULL, NULL), SETTINGS_READY);
        assert_int_equal(settings.interval, right[i].seconds);
        settings_clear(&settings);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(read_words(&settings, "--interval", wrong[i], NULL, NULL), SETTINGS_WRONG);
        assert_int_equal(errors, 1);
        settings_clear(&settings);
    }
}

/* The loop counts milliseconds: a year of them is more than 32 bits hold. */
static void a_year_is_no_overflow(void **state)
{
    static const char *const options_of_time[] = { "--interval",       "--retry-min",     "--retry-max",
                                                   "--resync",         "--cycle-timeout", "--stop-timeout",
                                                   "--probe-interval", "--probe-timeout" };
    (void)state;
    for (size_t i = 0; i < sizeof options_of_time / sizeof *options_of_time; i++) {
        struct settings settings;
        assert_int_equal(read_words(&settings, options_of_time[i], "31536000", NULL, NULL), SETTINGS_READY);
        const int64_t milliseconds[] = { settings.interval * 1000,       settings.retry_min * 1000,
                                         settings.retry_max * 1000,      settings.resync * 1000,
                                         settings.cycle_timeout * 1000,  settings.stop_timeout * 1000,
                                         settings.probe_interval * 1000, settings.probe_timeout * 1000 };
        assert_true(milliseconds[i] == INT64_C(31536000000));
        settings_clear(&settings);
    }
}

static void an_empty_generator_is_none(void **state)
{
    struct settings settings;
    (void)state;
    setenv("DYDISNIX_GENINFRA", "theirs -x", 1);
    assert_int_equal(read_words(&settings, "--geninfra", "", NULL, NULL), SETTINGS_READY);
    assert_string_equal(settings.generator[0], "theirs");
    assert_string_equal(settings.generator[1], "-x");
    settings_clear(&settings);
    unsetenv("DYDISNIX_GENINFRA");
}

static void words_of_no_option_are_passed_over(void **state)
{
    struct settings settings;
    (void)state;
    assert_int_equal(read_words(&settings, "stray", "--snapshot", "other", "--reconstruct"), SETTINGS_READY);
    assert_true(settings.snapshot && settings.reconstruct);
    assert_int_equal(warnings, 2);
    settings_clear(&settings);
    assert_int_equal(read_words(&settings, "stray", "--run", "true", "--snapshot"), SETTINGS_READY);
    assert_string_equal(settings.command[1], "--snapshot");
    assert_false(settings.snapshot);
    assert_int_equal(warnings, 1);
    settings_clear(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_short_form_means_what_it_meant), TEST(letters_mean_what_they_meant),
        TEST(an_interval_is_what_sleep_takes),      TEST(a_year_is_no_overflow),
        TEST(an_empty_generator_is_none),           TEST(words_of_no_option_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
