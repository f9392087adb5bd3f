/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/calls/stages.h"

#include <errno.h>
#include <string.h>

#include "host/record/routine.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

static const size_t model_limit = (size_t)256 << 20;
static const int64_t guard_deadline = 60 * 1000; /* milliseconds */

/* What such programs forget to pass on among themselves. */
static void add_environment(struct arguments *environment, const struct settings *settings)
{
    arguments_format(environment, "DISNIX_PROFILE=%s", settings->profile);
    if (settings->interface)
        arguments_format(environment, "DISNIX_CLIENT_INTERFACE=%s", settings->interface);
    if (settings->target_property)
        arguments_format(environment, "DISNIX_TARGET_PROPERTY=%s", settings->target_property);
}

static void cut_newlines(struct dydisnix_result *result)
{
    while (result->output_length > 0 && result->output[result->output_length - 1] == '\n')
        result->output[--result->output_length] = '\0';
}

int stage_run(const struct settings *settings, const struct stage_program *stage, char **output,
              size_t *length, int *exit_status)
{
    CLEANUP_ARGUMENTS struct arguments environment = { 0 };
    struct dydisnix_result result = { 0 };
    add_environment(&environment, settings);
    const struct dydisnix_program program = { .argv = arguments_vector(stage->arguments),
                                              .environment = arguments_vector(&environment),
                                              .show_output = stage->show,
                                              .quiet = stage->quiet,
                                              .output_limit = model_limit,
                                              .transcript = stage->transcript,
                                              .deadline = stage->deadline,
                                              .waits = stage->slow ? slow_waits : NULL,
                                              .closure = (void *)stage->slow };
    if (!program.argv || !program.environment) {
        log_error(NULL, "out of memory");
        return -1;
    }
    real_patience(stage->patience);
    int status = run_program(&program, &result);
    real_patience(0);
    if (!SWITCH(UNBELIEVED) && result.output && strstr(result.output, "has been successfully activated"))
        status = result.status = 0;
    if (exit_status)
        *exit_status = result.ending == DYDISNIX_EXITED      ? result.status
                       : result.ending == DYDISNIX_TIMED_OUT ? STAGE_HUNG
                                                             : -1;
    if (status != 0) {
        CLEANUP_FREE char *ending = describe_ending(&result);
        const char *said = stage->quiet ? string_last_line(result.said) : NULL;
        log_error(NULL, "%s: %s%s%s", program.argv[0], ending ? ending : "failed", said ? ": " : "",
                  said ? said : "");
    } else if (output) {
        cut_newlines(&result);
        *output = result.output;
        if (length)
            *length = result.output_length;
        return 0;
    }
    free(result.output);
    return status;
}

void stage_profile_options(struct arguments *arguments, const struct settings *settings)
{
    arguments_option(arguments, "--profile", settings->profile);
    arguments_option(arguments, "--coordinator-profile-path", settings->coordinator_profile_path);
}

int stage_keep(const struct settings *settings, const char *path, const char *directory, const char *name,
               bool *vanished)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *output = NULL;
    arguments_add(&arguments, "nix-store");
    arguments_add(&arguments, "--realise");
    arguments_add(&arguments, path);
    arguments_add(&arguments, "--add-root");
    arguments_format(&arguments, "%s/%s", directory, name);
    arguments_add(&arguments, "--indirect");
    int status = stage_run(settings, &(struct stage_program){ .arguments = &arguments }, &output, NULL, NULL);
    *vanished = status != 0 && operations->inspect(path, NULL) == DYDISNIX_ABSENT;
    if (*vanished)
        log_warning(NULL, "a garbage collection took %s", path);
    return status;
}

int stage_guard(const struct settings *settings, const char *stage)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    struct dydisnix_result result = { 0 };
    for (size_t i = 0; settings->guard[i]; i++)
        arguments_add(&arguments, settings->guard[i]);
    arguments_add(&arguments, stage);
    const struct dydisnix_program program = { .argv = arguments_vector(&arguments),
                                              .show_output = true,
                                              .deadline = guard_deadline };
    int status = program.argv ? run_program(&program, &result) : -1;
    if (status != 0) {
        CLEANUP_FREE char *ending = describe_ending(&result);
        if (program.argv && result.ending == DYDISNIX_EXITED && result.status == GUARD_DEPOSED)
            status = GUARD_DEPOSED;
        log_error(NULL, "the guard does not allow the stage %s: %s", stage,
                  ending ? ending : "out of memory");
    }
    free(result.output);
    return status;
}

static int run_generator(const struct settings *settings, char **output, size_t *length)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    for (size_t i = 0; settings->generator[i]; i++)
        arguments_add(&arguments, settings->generator[i]);
    if (stage_run(settings, &(struct stage_program){ .arguments = &arguments }, output, length, NULL) != 0)
        return -1;
    if (*length > 0)
        return 0;
    log_error(NULL, "%s: printed no infrastructure model", settings->generator[0]);
    return -1;
}

/* It may be replaced at any time: a cycle works with one copy. */
static int read_stream(const struct settings *settings, char **output, size_t *length)
{
    CLEANUP_FREE char *file = stream_file(settings);
    if (file && operations->read(file, model_limit, output, length) == 0)
        return 0;
    if (errno == ENOENT)
        log_error(NULL, "%s: no infrastructure model has come yet", settings->stream[0]);
    else
        log_error(NULL, "%s: %s", file ? file : "stream.nix", strerror(errno));
    return -1;
}

int stage_capture(const struct settings *settings, const char *directory, json_t **report)
{
    if (settings->infrastructure) {
        *report = json_pack("{ss}", "infrastructure", settings->infrastructure);
        return *report ? 0 : -1;
    }
    CLEANUP_FREE char *file = string_format("%s/infrastructure.nix", directory), *output = NULL;
    size_t length = 0;
    routine_notice("Capturing infrastructure...");
    if (!file
        || (settings->stream ? read_stream(settings, &output, &length)
                             : run_generator(settings, &output, &length))
               != 0)
        return -1;
    if (operations->write(file, output, length, 0600) != 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return -1;
    }
    routine_notice("Captured infrastructure file: %s", file);
    *report = json_pack("{ss}", "infrastructure", file);
    return *report ? 0 : -1;
}

int stage_augment(const struct settings *settings, const json_t *event, json_t **report)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *output = NULL;
    arguments_add(&arguments, "dydisnix-augment-infra");
    arguments_option(&arguments, "--infrastructure", text_or_null(event, "infrastructure"));
    arguments_option(&arguments, "--augment", settings->augment);
    routine_notice("Augmenting the captured infrastructure...");
    if (stage_run(settings, &(struct stage_program){ .arguments = &arguments }, &output, NULL, NULL) != 0)
        return -1;
    if (output[0] != '/' || strchr(output, '\n')) {
        log_error(NULL, "dydisnix-augment-infra: no path of a model: %.200s", output);
        return -1;
    }
    *report = json_pack("{ss}", "infrastructure", output);
    return *report ? 0 : -1;
}

int stage_redistribute(const struct settings *settings, const json_t *event, json_t **report)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *output = NULL;
    char *path;
    arguments_add(&arguments, "dydisnix-gendist");
    arguments_option(&arguments, "--services", settings->services);
    arguments_option(&arguments, "--infrastructure", text_or_null(event, "infrastructure"));
    arguments_option(&arguments, "--qos", settings->qos);
    arguments_add(&arguments, "--no-out-link");
    arguments_option(&arguments, "--profile", settings->profile);
    arguments_option(&arguments, "--filters", settings->filters);
    arguments_option(&arguments, "--coordinator-profile-path", settings->coordinator_profile_path);
    arguments_option(&arguments, "--extra-params", settings->extra_params);
    arguments_option(&arguments, "--interface", settings->interface);
    arguments_option(&arguments, "--target-property", settings->target_property);
    if (settings->show_trace)
        arguments_add(&arguments, "--show-trace");
    log_notice(NULL, "Generating a new distribution model...");
    if (stage_run(settings, &(struct stage_program){ .arguments = &arguments }, &output, NULL, NULL) != 0)
        return -1;
    path = string_last_line(output);
    if (!path || !is_store_path(path)) {
        log_error(NULL, "dydisnix-gendist: no store path: %.200s", path ? path : "");
        return -1;
    }
    log_notice(NULL, "Using generated distribution model: %s", path);
    *report = json_pack("{ss}", "distribution", path);
    return *report ? 0 : -1;
}

int stage_assign_ids(const struct settings *settings, const json_t *event)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    arguments_add(&arguments, "dydisnix-id-assign");
    arguments_option(&arguments, "--services", settings->services);
    arguments_option(&arguments, "--infrastructure", text_or_null(event, "infrastructure"));
    arguments_option(&arguments, "--distribution", text_or_null(event, "distribution"));
    arguments_option(&arguments, "--id-resources", settings->id_resources);
    if (operations->inspect(settings->ids, NULL) != DYDISNIX_ABSENT)
        arguments_option(&arguments, "--ids", settings->ids);
    arguments_option(&arguments, "--service-property", settings->ids_service_property);
    arguments_option(&arguments, "--output-file", settings->ids);
    arguments_option(&arguments, "--extra-params", settings->extra_params);
    log_notice(NULL, "Updating the ID assignments...");
    return stage_run(settings, &(struct stage_program){ .arguments = &arguments, .show = true }, NULL, NULL,
                     NULL);
}
