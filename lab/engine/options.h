/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command lines of the engine's programs. They share their options; each knows some of them.
 */
#ifndef ENGINE_OPTIONS_H
#define ENGINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum engine_option {
    OPTION_ALL,
    OPTION_AUGMENT,
    OPTION_CONTAINER,
    OPTION_COMPONENT,
    OPTION_COORDINATOR_PROFILE_PATH,
    OPTION_DELETE_STATE,
    OPTION_DEPLOY_STATE,
    OPTION_DEPTH_FIRST,
    OPTION_DISTRIBUTION,
    OPTION_EXTRA_PARAMS,
    OPTION_FILTERS,
    OPTION_HELP,
    OPTION_ID_RESOURCES,
    OPTION_IDS,
    OPTION_INFRASTRUCTURE,
    OPTION_INTERFACE,
    OPTION_KEEP,
    OPTION_MAX_CONCURRENT_TRANSFERS,
    OPTION_NO_COORDINATOR_PROFILE,
    OPTION_NO_LOCK,
    OPTION_NO_MIGRATION,
    OPTION_NO_OUT_LINK,
    OPTION_NO_ROLLBACK,
    OPTION_NO_TARGET_PROFILES,
    OPTION_NO_UPGRADE,
    OPTION_OLD_MANIFEST,
    OPTION_OUTPUT_FILE,
    OPTION_PROFILE,
    OPTION_QOS,
    OPTION_SERVICE_PROPERTY,
    OPTION_SERVICES,
    OPTION_SHOW_TRACE,
    OPTION_STDOUT,
    OPTION_TARGET_PROPERTY,
    OPTION_TRANSFER_ONLY,
    OPTION_COUNT
};

#define ENGINE_OPTION(name) (UINT64_C(1) << OPTION_##name)

struct engine_options {
    const char *values[OPTION_COUNT]; /* "" for an option without argument that was given; NULL: not given */
    const char *operand;              /* the one argument that is no option; NULL: none */
};

/* Reads the options that known has bits for. -1: go on; else the status to exit with, after a message or the
 * help. */
int engine_options_read(int count, char **arguments, uint64_t known, bool takes_operand,
                        struct engine_options *options);

/* The option, or the variable of the environment, or what is left. */
const char *engine_option_or(const struct engine_options *options, enum engine_option option,
                             const char *variable, const char *otherwise);

#endif
