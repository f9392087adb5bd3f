/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction is asked to do.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unreachable_policy { UNREACHABLE_KEEP, UNREACHABLE_SKIP, UNREACHABLE_FAIL };
enum superseded_policy { SUPERSEDED_NEWEST, SUPERSEDED_KEEP, SUPERSEDED_FAIL };

struct options {
    const char *source;          /* named in messages about options */
    const char *interface;       /* NULL: $DISNIX_CLIENT_INTERFACE or disnix-ssh-client */
    const char *target_property; /* NULL: $DISNIX_TARGET_PROPERTY or hostname */
    const char *profile;
    const char *coordinator_profile_directory; /* NULL: the user's own under Nix's profiles */
    bool coordinator_profile;                  /* false: the manifest goes into the store only */
    bool show_trace;
    bool dry_run; /* decide and report; nothing is done to a target, the store or a profile */
    unsigned jobs;
    unsigned max_concurrent_transfers;
    int64_t timeout;          /* milliseconds for one query of a target */
    int64_t transfer_timeout; /* milliseconds for one closure */
    int64_t target_timeout;   /* milliseconds for all calls of a target */
    int64_t stage_timeout;    /* milliseconds that the host gives the whole; 0: no limit */
    const char
        *roots; /* made for what keeps closures from garbage collections meanwhile; NULL: a temporary one */
    uint64_t closure_limit;     /* bytes of one export */
    struct budget *budget;      /* what targets have used of their time; NULL: it is not kept */
    int64_t superseded_max_age; /* seconds */
    size_t manifest_limit;      /* bytes of one profile manifest */
    unsigned depth_limit;       /* levels of elements in one profile manifest */
    const char *save_input;     /* directory for what the decision is made from; NULL: it is not kept */
    enum unreachable_policy unreachable;
    enum superseded_policy superseded;
    int manifest_version; /* 1 or 2; 0: 1 if every captured profile is of version 1 */
    bool late;            /* somebody does what is to be done right before services change: the host does */
};

extern const struct options options_default;

/* Sets what KEY=VALUE names: unreachable, superseded, manifest-version, superseded-max-age, timeout,
 * transfer-timeout, target-timeout, max-closure-size, jobs, max-concurrent-transfers, max-manifest-size,
 * max-depth, profile, save-input. value is borrowed. 0, or -1 after a message. */
int options_set(struct options *options, const char *key, const char *value);

/* What of the options matters to a decision, by their names, as options_set() takes them. New reference. */
json_t *options_describe(const struct options *options);

#endif
