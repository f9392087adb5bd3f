/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/nearest.h"
#include "lib/world/operations.h"

static const struct {
    const char *name;
    char letter;
    const char *argument; /* NULL: takes none */
} all_options[OPTION_COUNT] = {
    [OPTION_ALL] = { "all", 0, NULL },
    [OPTION_AUGMENT] = { "augment", 'a', "FILE" },
    [OPTION_CONTAINER] = { "container", 'c', "NAME" },
    [OPTION_COMPONENT] = { "component", 'C', "NAME" },
    [OPTION_COORDINATOR_PROFILE_PATH] = { "coordinator-profile-path", 0, "DIRECTORY" },
    [OPTION_DELETE_STATE] = { "delete-state", 0, NULL },
    [OPTION_DEPLOY_STATE] = { "deploy-state", 0, NULL },
    [OPTION_DEPTH_FIRST] = { "depth-first", 0, NULL },
    [OPTION_DISTRIBUTION] = { "distribution", 'd', "FILE" },
    [OPTION_EXTRA_PARAMS] = { "extra-params", 0, "EXPRESSION" },
    [OPTION_FILTERS] = { "filters", 'F', "FILE" },
    [OPTION_HELP] = { "help", 'h', NULL },
    [OPTION_ID_RESOURCES] = { "id-resources", 0, "FILE" },
    [OPTION_IDS] = { "ids", 0, "FILE" },
    [OPTION_INFRASTRUCTURE] = { "infrastructure", 'i', "FILE" },
    [OPTION_INTERFACE] = { "interface", 0, "PROGRAM" },
    [OPTION_KEEP] = { "keep", 0, "NUMBER" },
    [OPTION_MAX_CONCURRENT_TRANSFERS] = { "max-concurrent-transfers", 'm', "NUMBER" },
    [OPTION_NO_COORDINATOR_PROFILE] = { "no-coordinator-profile", 0, NULL },
    [OPTION_NO_LOCK] = { "no-lock", 0, NULL },
    [OPTION_NO_MIGRATION] = { "no-migration", 0, NULL },
    [OPTION_NO_OUT_LINK] = { "no-out-link", 0, NULL },
    [OPTION_NO_ROLLBACK] = { "no-rollback", 0, NULL },
    [OPTION_NO_TARGET_PROFILES] = { "no-target-profiles", 0, NULL },
    [OPTION_NO_UPGRADE] = { "no-upgrade", 0, NULL },
    [OPTION_OLD_MANIFEST] = { "old-manifest", 'o', "MANIFEST" },
    [OPTION_OUTPUT_FILE] = { "output-file", 0, "FILE" },
    [OPTION_PROFILE] = { "profile", 'p', "NAME" },
    [OPTION_QOS] = { "qos", 'q', "FILE" },
    [OPTION_SERVICE_PROPERTY] = { "service-property", 0, "NAME" },
    [OPTION_SERVICES] = { "services", 's', "FILE" },
    [OPTION_SHOW_TRACE] = { "show-trace", 0, NULL },
    [OPTION_STDOUT] = { "stdout", 0, NULL },
    [OPTION_TARGET_PROPERTY] = { "target-property", 0, "NAME" },
    [OPTION_TRANSFER_ONLY] = { "transfer-only", 0, NULL },
};

static bool is_option_known(uint64_t known, size_t option)
{
    return option == OPTION_HELP || (known >> option & 1);
}

static void print_help(const char *program, uint64_t known, bool takes_operand)
{
    printf("Usage: %s [OPTION]...%s\n\n", program, takes_operand ? " [MANIFEST]" : "");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!is_option_known(known, i))
            continue;
        if (all_options[i].letter)
            printf("  -%c, ", all_options[i].letter);
        else
            printf("      ");
        printf("--%s%s%s\n", all_options[i].name, all_options[i].argument ? "=" : "",
               all_options[i].argument ? all_options[i].argument : "");
    }
    puts("\nPart of the lab of dydisnix-self-adapt: does what Disnix's program of this name does.");
}

/* Fills in what getopt_long() wants to know of the known options. */
static void describe_options(uint64_t known, struct option *names, char *letters)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!is_option_known(known, i))
            continue;
        *names++ =
            (struct option){ all_options[i].name, all_options[i].argument ? required_argument : no_argument,
                             NULL, 256 + (int)i };
        if (all_options[i].letter) {
            *letters++ = all_options[i].letter;
            if (all_options[i].argument)
                *letters++ = ':';
        }
    }
    *names = (struct option){ 0 };
    *letters = '\0';
}

static enum engine_option option_of_letter(int letter)
{
    size_t i = 0;
    while (i < OPTION_COUNT && all_options[i].letter != letter)
        i++;
    return i;
}

int engine_options_read(int count, char **arguments, uint64_t known, bool takes_operand,
                        struct engine_options *options)
{
    struct option names[OPTION_COUNT + 1];
    char letters[2 * OPTION_COUNT + 1];
    int found;
    *options = (struct engine_options){ 0 };
    describe_options(known, names, letters);
    optind = 0; /* from the beginning, also of a word of short options */
    while ((found = option_next(count, arguments, letters, names, NULL)) != -1) {
        if (found == '?')
            return 1;
        enum engine_option option =
            found >= 256 ? (enum engine_option)(found - 256) : option_of_letter(found);
        options->values[option] = optarg ? optarg : "";
    }
    if (options->values[OPTION_HELP]) {
        print_help(arguments[0], known, takes_operand);
        return 0;
    }
    if (optind < count && takes_operand)
        options->operand = arguments[optind++];
    if (optind < count) {
        log_error(NULL, "%s: what is this: %s", arguments[0], arguments[optind]);
        return 1;
    }
    return -1;
}

const char *engine_option_or(const struct engine_options *options, enum engine_option option,
                             const char *variable, const char *otherwise)
{
    const char *value = options->values[option];
    if (!value)
        value = getenv(variable);
    return value ? value : otherwise;
}
