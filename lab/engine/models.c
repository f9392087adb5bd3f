/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The programs that work on models: disnix-manifest, disnix-env, dydisnix-gendist, dydisnix-augment-infra,
 * dydisnix-id-assign. Nix does the work; models and files go to it by name, data as JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/engine/engine.h"
#include "lab/engine/options.h"
#include "lab/engine/placement.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define NIX_OPTIONS                                                                           \
    (ENGINE_OPTION(SERVICES) | ENGINE_OPTION(INFRASTRUCTURE) | ENGINE_OPTION(EXTRA_PARAMS)    \
     | ENGINE_OPTION(INTERFACE) | ENGINE_OPTION(TARGET_PROPERTY) | ENGINE_OPTION(NO_OUT_LINK) \
     | ENGINE_OPTION(SHOW_TRACE))
#define MANIFEST_OPTIONS (NIX_OPTIONS | ENGINE_OPTION(DISTRIBUTION) | ENGINE_OPTION(DEPLOY_STATE))
#define DEPLOY_OPTIONS                                                                              \
    (ENGINE_OPTION(PROFILE) | ENGINE_OPTION(COORDINATOR_PROFILE_PATH)                               \
     | ENGINE_OPTION(MAX_CONCURRENT_TRANSFERS) | ENGINE_OPTION(NO_UPGRADE) | ENGINE_OPTION(NO_LOCK) \
     | ENGINE_OPTION(NO_MIGRATION) | ENGINE_OPTION(DELETE_STATE) | ENGINE_OPTION(DEPTH_FIRST)       \
     | ENGINE_OPTION(KEEP))

/* A file that Nix gets: whole path, for Nix would take a relative one from the expression's place. */
struct file_argument {
    enum engine_option option;
    const char *parameter; /* of the expression */
    bool required;
    const char *what;
};

static int add_model_file(struct arguments *arguments, const struct engine_options *options,
                          const struct file_argument *file)
{
    const char *value = options->values[file->option];
    if (!value && file->required) {
        log_error(NULL, "%s must be specified", file->what);
        return -1;
    }
    if (!value)
        return 0;
    CLEANUP_FREE char *path = realpath(value, NULL);
    if (!path) {
        log_error(NULL, "%s: %s", value, strerror(errno));
        return -1;
    }
    arguments_add(arguments, "--argstr");
    arguments_option(arguments, file->parameter, path);
    return 0;
}

static int add_files(struct arguments *arguments, const struct engine_options *options,
                     const struct file_argument *files)
{
    for (; files->parameter; files++)
        if (add_model_file(arguments, options, files) != 0)
            return -1;
    return 0;
}

static void add_parameter(struct arguments *arguments, const char *parameter, const char *text)
{
    if (!text)
        return;
    arguments_add(arguments, "--argstr");
    arguments_option(arguments, parameter, text);
}

/* What the user asked Nix for, and the expression last. */
static void add_common(struct arguments *arguments, const struct engine_options *options,
                       const char *expression)
{
    const char *directory = getenv("DYDISNIX_NIX_EXPRESSIONS");
    if (options->values[OPTION_EXTRA_PARAMS]) {
        arguments_add(arguments, "--arg");
        arguments_option(arguments, "extraParams", options->values[OPTION_EXTRA_PARAMS]);
    }
    if (options->values[OPTION_SHOW_TRACE])
        arguments_add(arguments, "--show-trace");
    arguments_format(arguments, "%s/%s", directory && *directory ? directory : NIX_EXPRESSION_DIR,
                     expression);
}

/* Runs Nix; *output: what it printed, malloc()ed. The status to exit with. */
static int run_nix(const struct arguments *arguments, char **output)
{
    const struct dydisnix_program program = { .argv = arguments_vector(arguments) };
    struct dydisnix_result result = { 0 };
    if (!program.argv)
        return 1;
    bool done = run_program(&program, &result) == 0;
    *output = result.output;
    return done ? 0 : result.ending == DYDISNIX_EXITED && result.status > 0 ? result.status : 1;
}

/* Evaluates an expression whose value is a string. */
static int evaluate_text(struct arguments *arguments, char **text)
{
    CLEANUP_FREE char *output = NULL;
    int status = run_nix(arguments, &output);
    CLEANUP_JSON json_t *value = status == 0 ? json_loads(output, JSON_DECODE_ANY, NULL) : NULL;
    *text = json_is_string(value) ? strdup(json_string_value(value)) : NULL;
    return *text ? 0 : status ? status : 1;
}

static void begin_evaluation(struct arguments *arguments)
{
    static const char *const words[] = { "nix-instantiate", "--eval", "--strict", "--json",
                                         "--read-write-mode" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        arguments_add(arguments, words[i]);
}

static const struct file_argument services_file = { OPTION_SERVICES, "servicesFile", true,
                                                    "A services expression" };

/* Builds the manifest; *path is its store path. */
static int build_manifest(const struct engine_options *options, char **path)
{
    const struct file_argument files[] = {
        services_file,
        { OPTION_INFRASTRUCTURE, "infrastructureFile", true, "An infrastructure expression" },
        { OPTION_DISTRIBUTION, "distributionFile", true, "A distribution expression" },
        { 0 },
    };
    const char *deploy_state = engine_option_or(options, OPTION_DEPLOY_STATE, "DISNIX_DEPLOY_STATE", NULL);
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "nix-build");
    if (options->values[OPTION_NO_OUT_LINK])
        arguments_add(&arguments, "--no-out-link");
    if (add_files(&arguments, options, files) != 0)
        return 1;
    add_parameter(
        &arguments, "clientInterface",
        engine_option_or(options, OPTION_INTERFACE, "DISNIX_CLIENT_INTERFACE", "disnix-ssh-client"));
    add_parameter(&arguments, "targetProperty",
                  engine_option_or(options, OPTION_TARGET_PROPERTY, "DISNIX_TARGET_PROPERTY", "hostname"));
    if (deploy_state && (!*deploy_state || strcmp(deploy_state, "1") == 0)) {
        arguments_add(&arguments, "--arg");
        arguments_option(&arguments, "deployState", "true");
    }
    add_common(&arguments, options, "manifest.nix");
    int status = run_nix(&arguments, path);
    if (*path)
        (*path)[strcspn(*path, "\n")] = '\0';
    return status;
}

int disnix_manifest_main(int count, char **arguments)
{
    struct engine_options options;
    CLEANUP_FREE char *path = NULL;
    int status = engine_options_read(count, arguments, MANIFEST_OPTIONS, false, &options);
    if (status >= 0)
        return status;
    status = build_manifest(&options, &path);
    if (status == 0)
        puts(path);
    return status;
}

/* The options of disnix-env that are disnix-deploy's. */
static void add_deploy_options(struct arguments *arguments, const struct engine_options *options)
{
    static const struct {
        enum engine_option option;
        const char *name;
        bool takes_value;
    } passed[] = {
        { OPTION_PROFILE, "--profile", true },
        { OPTION_COORDINATOR_PROFILE_PATH, "--coordinator-profile-path", true },
        { OPTION_MAX_CONCURRENT_TRANSFERS, "--max-concurrent-transfers", true },
        { OPTION_KEEP, "--keep", true },
        { OPTION_NO_UPGRADE, "--no-upgrade", false },
        { OPTION_NO_LOCK, "--no-lock", false },
        { OPTION_NO_MIGRATION, "--no-migration", false },
        { OPTION_DELETE_STATE, "--delete-state", false },
        { OPTION_DEPTH_FIRST, "--depth-first", false },
    };
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        const char *value = options->values[passed[i].option];
        if (value && passed[i].takes_value)
            arguments_format(arguments, "%s=%s", passed[i].name, value);
        else if (value)
            arguments_add(arguments, passed[i].name);
    }
}

int disnix_env_main(int count, char **arguments)
{
    struct engine_options options;
    CLEANUP_FREE char *path = NULL;
    CLEANUP_ARGUMENTS struct arguments deploy = { 0 };
    int status = engine_options_read(count, arguments, MANIFEST_OPTIONS | DEPLOY_OPTIONS, false, &options);
    if (status >= 0)
        return status;
    options.values[OPTION_NO_OUT_LINK] = "";
    if (build_manifest(&options, &path) != 0)
        return 1;
    arguments_add(&deploy, "disnix-deploy");
    add_deploy_options(&deploy, &options);
    arguments_add(&deploy, path);
    return arguments_vector(&deploy) ? disnix_deploy_main((int)deploy.count, deploy.items) : 1;
}

/* Keeps a store path as the link "result" in the working directory, as nix-build does. */
static int make_out_link(const char *path)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *output = NULL;
    const char *const words[] = { "nix-store", "--realise", "--add-root", "./result", "--indirect", path };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        arguments_add(&arguments, words[i]);
    return run_nix(&arguments, &output);
}

static int print_file(const char *path)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    if (operations->read(path, (size_t)1 << 30, &text, &length) != 0)
        return 1;
    return fwrite(text, 1, length, stdout) == length ? 0 : 1;
}

/* Evaluates the distribution; previous: the file with what is deployed now, or NULL. */
static int generate_distribution(const struct engine_options *options, const char *previous, char **path)
{
    const struct file_argument files[] = {
        services_file,
        { OPTION_INFRASTRUCTURE, "infrastructureFile", true, "An infrastructure expression" },
        { OPTION_QOS, "qosFile", false, NULL },
        { OPTION_FILTERS, "filtersFile", false, NULL },
        { 0 },
    };
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    begin_evaluation(&arguments);
    if (add_files(&arguments, options, files) != 0)
        return 1;
    add_parameter(&arguments, "previousFile", previous);
    add_common(&arguments, options, "distribution.nix");
    return evaluate_text(&arguments, path);
}

int dydisnix_gendist_main(int count, char **arguments)
{
    struct engine_options options;
    CLEANUP_FREE char *path = NULL;
    CLEANUP_FREE char *directory = NULL;
    CLEANUP_FREE char *previous = NULL;
    int status =
        engine_options_read(count, arguments,
                            NIX_OPTIONS | ENGINE_OPTION(QOS) | ENGINE_OPTION(FILTERS) | ENGINE_OPTION(PROFILE)
                                | ENGINE_OPTION(COORDINATOR_PROFILE_PATH) | ENGINE_OPTION(STDOUT),
                            false, &options);
    if (status >= 0)
        return status;
    if (operations->temporary_directory("disnix", &directory) != 0) {
        log_error(NULL, "no temporary directory: %s", strerror(errno));
        return 1;
    }
    const char *profile = options.values[OPTION_PROFILE] ? options.values[OPTION_PROFILE] : "default";
    status = placement_save(options.values[OPTION_COORDINATOR_PROFILE_PATH], profile, directory, &previous);
    if (status == 0)
        status = generate_distribution(&options, previous, &path);
    operations->remove(directory);
    if (status == 0 && !options.values[OPTION_NO_OUT_LINK])
        status = make_out_link(path);
    if (status != 0)
        return status;
    return options.values[OPTION_STDOUT] ? print_file(path) : puts(path) < 0;
}

int dydisnix_augment_infra_main(int count, char **arguments)
{
    const struct file_argument files[] = {
        { OPTION_INFRASTRUCTURE, "infrastructureFile", true, "An infrastructure expression" },
        { OPTION_AUGMENT, "augmentFile", true, "An augment expression" },
        { 0 },
    };
    struct engine_options options;
    CLEANUP_FREE char *path = NULL;
    CLEANUP_ARGUMENTS struct arguments nix = { 0 };
    int status = engine_options_read(count, arguments, ENGINE_OPTION(INFRASTRUCTURE) | ENGINE_OPTION(AUGMENT),
                                     false, &options);
    if (status >= 0)
        return status;
    begin_evaluation(&nix);
    if (add_files(&nix, &options, files) != 0)
        return 1;
    add_common(&nix, &options, "augmented-infrastructure.nix");
    status = evaluate_text(&nix, &path);
    if (status == 0)
        puts(path);
    return status;
}

/* Writes the text to the file that was asked for, or prints it. */
static int deliver(const struct engine_options *options, const char *text)
{
    const char *file = options->values[OPTION_OUTPUT_FILE];
    if (!file)
        return fputs(text, stdout) < 0;
    char *here = *file == '/' ? NULL : realpath(".", NULL);
    CLEANUP_FREE char *path = here ? string_format("%s/%s", here, file) : strdup(file);
    free(here);
    if (path && operations->write(path, text, strlen(text), 0644) == 0)
        return 0;
    log_error(NULL, "%s: %s", file, strerror(errno));
    return 1;
}

int dydisnix_id_assign_main(int count, char **arguments)
{
    const struct file_argument files[] = {
        services_file,
        { OPTION_INFRASTRUCTURE, "infrastructureFile", true, "An infrastructure expression" },
        { OPTION_DISTRIBUTION, "distributionFile", true, "A distribution expression" },
        { OPTION_ID_RESOURCES, "resourcesFile", true, "An id resources expression" },
        { OPTION_IDS, "idsFile", false, NULL },
        { 0 },
    };
    struct engine_options options;
    CLEANUP_FREE char *text = NULL;
    CLEANUP_ARGUMENTS struct arguments nix = { 0 };
    int status = engine_options_read(count, arguments,
                                     ENGINE_OPTION(SERVICES) | ENGINE_OPTION(INFRASTRUCTURE)
                                         | ENGINE_OPTION(DISTRIBUTION) | ENGINE_OPTION(ID_RESOURCES)
                                         | ENGINE_OPTION(IDS) | ENGINE_OPTION(SERVICE_PROPERTY)
                                         | ENGINE_OPTION(EXTRA_PARAMS) | ENGINE_OPTION(OUTPUT_FILE),
                                     false, &options);
    if (status >= 0)
        return status;
    begin_evaluation(&nix);
    if (add_files(&nix, &options, files) != 0)
        return 1;
    add_parameter(&nix, "serviceProperty", options.values[OPTION_SERVICE_PROPERTY]);
    add_common(&nix, &options, "ids.nix");
    status = evaluate_text(&nix, &text);
    return status == 0 ? deliver(&options, text) : status;
}
