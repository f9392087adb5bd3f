/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/settings/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/model/paths.h"
#include "lib/model/xml.h"
#include "lib/world/operations.h"

const struct options options_default = {
    .source = "reconstruct",
    .profile = "default",
    .coordinator_profile = true,
    .jobs = 64,
    .max_concurrent_transfers = 2,
    .timeout = 60 * 1000,
    .transfer_timeout = 1200 * 1000,
    .target_timeout = 1500 * 1000,
    .closure_limit = (uint64_t)16 << 30,
    .superseded_max_age = 3600,
    .manifest_limit = 64 * 1024 * 1024,
    .depth_limit = XML_DEPTH_DEFAULT,
};

static const char *const unreachable_words[] = { "keep", "skip", "fail", NULL };
static const char *const superseded_words[] = { "newest", "keep", "fail", NULL };
static const char *const version_words[] = { "auto", "1", "2", NULL };

static int refuse(const struct options *options, const char *key, const char *value, const char *expected)
{
    log_error(NULL, "%s: %s=%s: %s expected", options->source, key, value, expected);
    return -1;
}

static int choose(const struct options *options, const char *key, const char *value, const char *const *words,
                  const char *expected)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return refuse(options, key, value, expected);
}

/* A whole number from least to most, or -1. */
static long long number(const struct options *options, const char *key, const char *value, long long least,
                        long long most)
{
    errno = 0;
    long long result = strtoll(value, NULL, 10);
    if (errno || !*value || value[strspn(value, "0123456789")] || result < least || result > most) {
        log_error(NULL, "%s: %s=%s: a whole number from %lld to %lld expected", options->source, key, value,
                  least, most);
        return -1;
    }
    return result;
}

static int set_policy(struct options *options, const char *key, const char *value)
{
    int chosen = -1;
    if (strcmp(key, "unreachable") == 0) {
        if ((chosen = choose(options, key, value, unreachable_words, "keep, skip or fail")) >= 0)
            options->unreachable = (enum unreachable_policy)chosen;
    } else if (strcmp(key, "superseded") == 0) {
        if ((chosen = choose(options, key, value, superseded_words, "newest, keep or fail")) >= 0)
            options->superseded = (enum superseded_policy)chosen;
    } else if (strcmp(key, "manifest-version") == 0) {
        if ((chosen = choose(options, key, value, version_words, "1, 2 or auto")) >= 0)
            options->manifest_version = chosen;
    } else {
        log_error(NULL, "%s: there is no option %s", options->source, key);
    }
    return chosen < 0 ? -1 : 0;
}

enum number {
    SUPERSEDED_MAX_AGE,
    TIMEOUT,
    TRANSFER_TIMEOUT,
    TARGET_TIMEOUT,
    MAX_CLOSURE_SIZE,
    JOBS,
    MAX_CONCURRENT_TRANSFERS,
    MAX_MANIFEST_SIZE,
    MAX_DEPTH,
    NUMBERS
};

#define DAY (24LL * 3600)

static const struct {
    const char *key;
    long long least, most;
} numbers[NUMBERS] = {
    [SUPERSEDED_MAX_AGE] = { "superseded-max-age", 0, 3650 * DAY },
    [TIMEOUT] = { "timeout", 1, DAY },
    [TRANSFER_TIMEOUT] = { "transfer-timeout", 1, 30 * DAY },
    [TARGET_TIMEOUT] = { "target-timeout", 1, 30 * DAY },
    [MAX_CLOSURE_SIZE] = { "max-closure-size", 1, 1LL << 50 },
    [JOBS] = { "jobs", 1, 4096 },
    [MAX_CONCURRENT_TRANSFERS] = { "max-concurrent-transfers", 1, 1024 },
    [MAX_MANIFEST_SIZE] = { "max-manifest-size", 1, 1LL << 40 },
    [MAX_DEPTH] = { "max-depth", 1, XML_DEPTH_MAX },
};

static int set_number(struct options *options, enum number which, const char *value)
{
    long long given = number(options, numbers[which].key, value, numbers[which].least, numbers[which].most);
    if (given < 0)
        return -1;
    switch (which) {
    case SUPERSEDED_MAX_AGE: options->superseded_max_age = given; break;
    case TIMEOUT: options->timeout = given * 1000; break;
    case TRANSFER_TIMEOUT: options->transfer_timeout = given * 1000; break;
    case TARGET_TIMEOUT: options->target_timeout = given * 1000; break;
    case MAX_CLOSURE_SIZE: options->closure_limit = (uint64_t)given; break;
    case JOBS: options->jobs = (unsigned)given; break;
    case MAX_CONCURRENT_TRANSFERS: options->max_concurrent_transfers = (unsigned)given; break;
    case MAX_MANIFEST_SIZE: options->manifest_limit = BYTES_AT_MOST(given); break;
    default: options->depth_limit = (unsigned)given;
    }
    return 0;
}

int options_set(struct options *options, const char *key, const char *value)
{
    if (strcmp(key, "profile") == 0) {
        if (!is_profile_name(value))
            return refuse(options, key, value, "the name of a profile");
        options->profile = value;
        return 0;
    }
    if (strcmp(key, "save-input") == 0) {
        if (value[0] != '/')
            return refuse(options, key, value, "an absolute path");
        options->save_input = value;
        return 0;
    }
    for (int i = 0; i < NUMBERS; i++)
        if (strcmp(key, numbers[i].key) == 0)
            return set_number(options, (enum number)i, value);
    return set_policy(options, key, value);
}

json_t *options_describe(const struct options *options)
{
    return json_pack("{ss ss sI ss sI sI sb sb}", "unreachable", unreachable_words[options->unreachable],
                     "superseded", superseded_words[options->superseded], "superseded-max-age",
                     (json_int_t)options->superseded_max_age, "manifest-version",
                     version_words[options->manifest_version], "max-manifest-size",
                     (json_int_t)options->manifest_limit, "max-depth", (json_int_t)options->depth_limit,
                     "dry-run", options->dry_run, "late", options->late);
}
