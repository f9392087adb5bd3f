/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One deployment by Disnix's rules, and its phases. Each phase prints what it does and complains of what
 * fails.
 */
#ifndef DEPLOYMENT_H
#define DEPLOYMENT_H

#include <stdbool.h>

#include "lib/base/arguments.h"
#include "lib/manifest/manifest.h"
#include "lib/manifest/previous.h"

struct deployment {
    const char *profile;
    const char *coordinator_directory; /* NULL: the user's own */
    const char *manifest_path;
    struct strings *strings;
    struct manifest manifest;
    struct previous previous; /* the deployment that there was; known or not */
    unsigned transfers;       /* closures and snapshots at once */
    const char *keep;         /* generations of snapshots that a depth-first migration leaves */
    bool no_upgrade;          /* as if there had been none before */
    bool no_lock, no_migration, no_rollback;
    bool delete_state, depth_first, transfer_only, all_snapshots;
};

/* How an activation ended; the exit status of disnix-activate. */
enum activation {
    ACTIVATION_DONE,
    ACTIVATION_ROLLED_BACK, /* or it failed, and was not to be rolled back */
    ACTIVATION_OLD_LOST,    /* not all that is obsolete is active again */
    ACTIVATION_NEW_LEFT     /* not all that is new is inactive again */
};

/* Reads and checks a manifest. 0, or -1 after a message. */
int deployment_read_manifest(struct deployment *deployment, const char *path);
/* Reads what was deployed before: file, or the coordinator profile's current generation. 0, or -1 after a
 * message. */
int deployment_read_previous(struct deployment *deployment, const char *file);
void deployment_clear(struct deployment *deployment);

/* The phases; false: it failed, and said so. */
bool distribute_closures(const struct deployment *deployment);
bool acquire_locks(const struct deployment *deployment);
bool release_locks(const struct deployment *deployment);
enum activation activate_configuration(const struct deployment *deployment);
bool snapshot_state(const struct deployment *deployment);
bool restore_state(const struct deployment *deployment);
bool delete_state(const struct deployment *deployment, const struct manifest *manifest);
bool migrate_state(const struct deployment *deployment);
bool set_target_profiles(const struct deployment *deployment);
bool set_coordinator_profile(const struct deployment *deployment);

/* Calls a client interface. output: what it printed, malloc()ed; NULL: it goes where ours goes, as it is. 0,
 * or -1: not done. */
int client_call(struct arguments *arguments, const char *target, char **output);

/* The file that an absolute path leads to, its last name's links followed; malloc()ed, NULL: there is none.
 */
char *follow_links(const char *path);

/* For string_lines(): each line becomes an argument of closure, a struct arguments. */
int add_line(void *closure, char *line);

/* Says what happens on a target, on standard output; NULL: on the coordinator. */
void announce(const char *target, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
