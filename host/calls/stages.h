/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The programs of Disnix and Dynamic Disnix that the stages of a cycle run when no plugin takes them.
 */
#ifndef STAGES_H
#define STAGES_H

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/calls/slow.h"
#include "host/settings/settings.h"
#include "lib/base/arguments.h"

/* Runs a program of the pipeline with the settings that such programs take from the environment. show: its
 * output is passed on; else *output gets it, without final newlines. 0, or -1 after a message that names the
 * program and how it ended. *exit_status: negative where it has none, STAGE_HUNG if its own deadline has
 * ended it. */
#define STAGE_HUNG (-2)
struct stage_program {
    const struct arguments *arguments;
    const char *transcript; /* where it keeps what it prints; NULL: nowhere */
    int64_t deadline;       /* milliseconds; 0: none but that of the stage */
    int64_t patience;       /* milliseconds from INT to KILL when that has come; 0: KILL at once */
    bool show;
    bool quiet;              /* nothing that it prints is shown, but what it says last if it fails */
    const struct slow *slow; /* whom it may wait for; NULL: nobody, or that is not told */
};
int stage_run(const struct settings *settings, const struct stage_program *program, char **output,
              size_t *length, int *exit_status);

/* Adds --profile and --coordinator-profile-path to what a program of Disnix gets. */
void stage_profile_options(struct arguments *arguments, const struct settings *settings);

/* Keeps a store path from garbage collections as long as the link DIRECTORY/NAME is there. 0, or -1 after a
 * message; *vanished: a collection had already taken it, and who made it can make it again. */
int stage_keep(const struct settings *settings, const char *path, const char *directory, const char *name,
               bool *vanished);

/* So often in all. */
#define KEEP_ATTEMPTS 3

/* Asks the guard whether the stage may change something: its command with the name of the stage as last
 * argument. 0; -1 after a message: it may not; GUARD_DEPOSED after one: and neither may any other, ever
 * again. */
#define GUARD_DEPOSED 3
int stage_guard(const struct settings *settings, const char *stage);

/* Each makes the report of its stage. event: as given to hooks. 0, or -1 after a message. */
int stage_capture(const struct settings *settings, const char *directory, json_t **report);
int stage_augment(const struct settings *settings, const json_t *event, json_t **report);
int stage_redistribute(const struct settings *settings, const json_t *event, json_t **report);
int stage_assign_ids(const struct settings *settings, const json_t *event);

#endif
