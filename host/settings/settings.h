/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What dydisnix-self-adapt is asked to do: its options and their environment variables.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/presence/presence.h"
#include "host/settings/stage-names.h"

struct plugin_option {
    const char *plugin, *key, *value;
};

struct settings;

/* Resolves links in the directories of its files as they are now: a cycle reads all of them from one place,
 * however they change meanwhile. */
void settings_resolve(struct settings *settings);

/* Seconds that a stage may take; 0: there is no limit, or no such stage. */
long settings_stage_timeout(const struct settings *settings, const char *stage);

struct settings {
    /* Files are absolute. */
    char *services, *qos, *infrastructure, *augment, *filters, *ids, *id_resources;
    const char *ids_service_property;
    const char *profile;
    char *coordinator_profile_path;
    const char *max_concurrent_transfers, *keep, *extra_params, *target_property, *interface;
    bool no_migration, delete_state, depth_first, show_trace;
    char **generator; /* the words of --geninfra; NULL: none */
    char **stream;    /* of --geninfra-stream */
    char **guard;     /* of --guard */
    int64_t interval; /* seconds */
    bool snapshot, reconstruct, once, allow_empty, verbose, log_json;
    bool release_stale_locks;
    bool refuse_missing;                             /* of --on-missing-snapshot */
    bool force_conflict, force_keys, force_provider; /* go on where the check would stop */
    int64_t retry_min, retry_max;                    /* seconds */
    bool probes;                                     /* ask targets whether they are there */
    int64_t probe_interval, probe_timeout;           /* seconds */
    int64_t settle;                                  /* seconds that a model has to be still */
    struct presence_policy presence;
    int64_t resync;                      /* seconds; 0: never */
    int64_t stage_timeouts[STAGES];      /* seconds; 0: none */
    int64_t cycle_timeout, stop_timeout; /* seconds; the first 0: none */
    bool check, dry_run, exit_with_parent;
    char *state_directory; /* of this profile */
    bool state_is_copy;    /* of a dry run or a check, removed at the end */
    const char **plugins;
    size_t plugin_count;
    struct plugin_option *plugin_options;
    size_t plugin_option_count;
    char *socket;            /* where dydisnix-self-adaptctl asks; NULL: nowhere */
    bool socket_given;       /* it was asked for, so the loop does not start without it */
    char *metrics;           /* where numbers are written for node-exporter; NULL: nowhere */
    char **command;          /* --run; NULL: none */
    bool list_plugins;       /* tell which plugins there are, */
    const char *dump_plugin; /* or what this one is; and nothing else */
};

enum settings_outcome { SETTINGS_READY, SETTINGS_LIST, SETTINGS_DONE, SETTINGS_WRONG, SETTINGS_FAILED };

/* Reads options and environment. READY: go on; LIST: only plugins are to be told; DONE: help or version was
 * printed; WRONG: wrong usage, said on stderr; FAILED: no memory or no such directory, said too. */
enum settings_outcome settings_read(struct settings *settings, int argc, char **argv);

void settings_clear(struct settings *settings);

/* The file with the model that the generator of --geninfra-stream gave last, malloc()ed; NULL: no memory. */
char *stream_file(const struct settings *settings);

#endif
