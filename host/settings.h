/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What dydisnix-self-adapt is asked to do: its options and their environment variables.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct plugin_option {
    const char *plugin, *key, *value;
};

struct settings {
    /* Files are absolute. */
    char *services, *qos, *infrastructure, *augment, *filters, *ids, *id_resources;
    const char *ids_service_property;
    const char *profile;
    char *coordinator_profile_path;
    const char *max_concurrent_transfers, *keep, *extra_params, *target_property, *interface;
    bool no_migration, delete_state, depth_first, show_trace;
    char **generator; /* the words of --geninfra; NULL with --infrastructure */
    long interval;    /* seconds */
    bool snapshot, reconstruct, once, allow_empty, verbose;
    bool release_stale_locks;
    bool force_conflict, force_superseded, force_keys, force_provider; /* go on where the check would stop */
    long retry_min, retry_max; /* seconds */
    char *state_directory;     /* of this profile */
    const char **plugins;
    size_t plugin_count;
    struct plugin_option *plugin_options;
    size_t plugin_option_count;
    char **command; /* --run; NULL: none */
};

enum settings_outcome { SETTINGS_READY, SETTINGS_DONE, SETTINGS_WRONG, SETTINGS_FAILED };

/* Reads options and environment. READY: go on; DONE: help or version was printed; WRONG: wrong usage, said on
 * stderr; FAILED: no memory or no such directory, said too. */
enum settings_outcome settings_read(struct settings *settings, int argc, char **argv);

void settings_clear(struct settings *settings);

#endif
