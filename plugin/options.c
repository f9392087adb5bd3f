/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"
#include "paths.h"

const struct options options_default = {
    .profile = "default",
    .coordinator_profile = true,
    .jobs = 64,
    .max_concurrent_transfers = 2,
    .timeout = 60 * 1000,
    .transfer_timeout = 3600 * 1000,
    .superseded_max_age = 3600,
    .manifest_limit = 64 * 1024 * 1024,
};

static int refuse(const char *key, const char *value, const char *expected)
{
    log_error(NULL, "reconstruct: %s=%s: %s expected", key, value, expected);
    return -1;
}

static int choose(const char *key, const char *value, const char *const *words, const char *expected)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return refuse(key, value, expected);
}

/* A whole number from least to most, or -1. */
static long long number(const char *key, const char *value, long long least, long long most)
{
    errno = 0;
    long long result = strtoll(value, NULL, 10);
    if (errno || !*value || value[strspn(value, "0123456789")] || result < least || result > most) {
        log_error(NULL, "reconstruct: %s=%s: a whole number from %lld to %lld expected", key, value, least, most);
        return -1;
    }
    return result;
}

static int set_policy(struct options *options, const char *key, const char *value)
{
    static const char *const unreachable[] = { "keep", "skip", "fail", NULL };
    static const char *const superseded[] = { "newest", "keep", "fail", NULL };
    static const char *const versions[] = { "auto", "1", "2", NULL };
    static const char *const conflict[] = { "hold", "keep", "fail", NULL };
    int chosen = -1;
    if (strcmp(key, "unreachable") == 0) {
        if ((chosen = choose(key, value, unreachable, "keep, skip or fail")) >= 0)
            options->unreachable = (enum unreachable_policy)chosen;
    } else if (strcmp(key, "superseded") == 0) {
        if ((chosen = choose(key, value, superseded, "newest, keep or fail")) >= 0)
            options->superseded = (enum superseded_policy)chosen;
    } else if (strcmp(key, "on-conflict") == 0) {
        if ((chosen = choose(key, value, conflict, "hold, keep or fail")) >= 0)
            options->on_conflict = (enum conflict_policy)chosen;
    } else if (strcmp(key, "manifest-version") == 0) {
        if ((chosen = choose(key, value, versions, "1, 2 or auto")) >= 0)
            options->manifest_version = chosen;
    } else {
        log_error(NULL, "reconstruct: there is no option %s", key);
    }
    return chosen < 0 ? -1 : 0;
}

int options_set(struct options *options, const char *key, const char *value)
{
    const long long day = 24 * 3600;
    if (strcmp(key, "profile") == 0) {
        if (!is_profile_name(value))
            return refuse(key, value, "the name of a profile");
        options->profile = value;
        return 0;
    }
    long long given;
    if (strcmp(key, "superseded-max-age") == 0)
        return (given = number(key, value, 0, 3650 * day)) < 0 ? -1 : (options->superseded_max_age = given, 0);
    if (strcmp(key, "timeout") == 0)
        return (given = number(key, value, 1, day)) < 0 ? -1 : (options->timeout = given * 1000, 0);
    if (strcmp(key, "transfer-timeout") == 0)
        return (given = number(key, value, 1, 30 * day)) < 0 ? -1 : (options->transfer_timeout = given * 1000, 0);
    if (strcmp(key, "jobs") == 0)
        return (given = number(key, value, 1, 4096)) < 0 ? -1 : (options->jobs = (unsigned)given, 0);
    if (strcmp(key, "max-concurrent-transfers") == 0)
        return (given = number(key, value, 1, 1024)) < 0 ? -1
                                                          : (options->max_concurrent_transfers = (unsigned)given, 0);
    return set_policy(options, key, value);
}
