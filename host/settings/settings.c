/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/settings/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/settings/default-paths.h"
#include "host/settings/files.h"
#include "host/settings/options.h"
#include "host/settings/stage-names.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

#define STAGE_SECONDS(name, seconds) seconds,

static enum settings_outcome wrong(const char *format, const char *text)
{
    log_error(NULL, format, text);
    return SETTINGS_WRONG;
}

void settings_resolve(struct settings *settings)
{
    char **files[] = { &settings->services, &settings->qos, &settings->infrastructure, &settings->augment,
                       &settings->filters,  &settings->ids, &settings->id_resources };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *resolved = *files[i] ? file_resolved(*files[i]) : NULL;
        if (!resolved)
            continue; /* whoever reads it says what is wrong */
        free(*files[i]);
        *files[i] = resolved;
    }
}

long settings_stage_timeout(const struct settings *settings, const char *stage)
{
    for (size_t i = 0; i < STAGES; i++)
        if (strcmp(stage_names[i], stage) == 0)
            return settings->stage_timeouts[i];
    return 0;
}

/* At blanks, without quoting, as the shell did with the script's variable. text NULL: not given. */
static enum settings_outcome split_command(char ***command, const char *option, const char *text)
{
    CLEANUP_FREE char *copy = strdup(text ? text : "");
    size_t count = 0;
    if (!text)
        return SETTINGS_READY;
    char **words = *command = calloc(strlen(text) / 2 + 2, sizeof *words);
    char *save = NULL;
    if (!copy || !words)
        return SETTINGS_FAILED;
    for (char *word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save))
        if (!(words[count++] = strdup(word)))
            return SETTINGS_FAILED;
    if (count > 0)
        return SETTINGS_READY;
    log_error(NULL, "--%s=%s: a program is expected", option, text);
    return SETTINGS_WRONG;
}

static enum settings_outcome split_commands(struct given *given)
{
    struct settings *settings = given->settings;
    enum settings_outcome outcome = split_command(&settings->generator, "geninfra", given->generator);
    if (outcome == SETTINGS_READY)
        outcome = split_command(&settings->stream, "geninfra-stream", given->stream);
    if (outcome == SETTINGS_READY)
        outcome = split_command(&settings->guard, "guard", given->guard);
    return outcome;
}

/* Exactly one source of models. */
static enum settings_outcome check_source(struct given *given)
{
    const char *environment = getenv("DYDISNIX_GENINFRA");
    bool file = given->settings->infrastructure != NULL;
    if (given->generator && !*given->generator)
        given->generator = NULL; /* as the script had it */
    if (file && given->generator)
        return wrong("%s", "--infrastructure and --geninfra exclude each other");
    if (given->stream && (file || given->generator))
        return wrong("%s", "--geninfra-stream excludes --infrastructure and --geninfra");
    if (!file && !given->generator && !given->stream && environment && *environment)
        given->generator = environment;
    if (!file && !given->generator && !given->stream)
        return wrong("%s", "An infrastructure generator or an infrastructure model must be specified!");
    if (given->probe && given->no_probe)
        return wrong("%s", "--probe and --no-probe exclude each other");
    given->settings->probes = given->probe || (file && !given->no_probe);
    return SETTINGS_READY;
}

/* Also with the plugin alone, by its name or its file. */
static bool reconstructs(const struct settings *settings)
{
    for (size_t i = 0; i < settings->plugin_count; i++) {
        const char *name = string_base_name(settings->plugins[i]);
        if (strcmp(name, "reconstruct") == 0 || strcmp(name, "reconstruct.so") == 0)
            return true;
    }
    return settings->reconstruct;
}

static enum settings_outcome check_models(struct given *given)
{
    struct settings *settings = given->settings;
    if (!settings->services)
        return wrong("%s", "A services expression must be specified!");
    if (!settings->qos)
        return wrong("%s", "A quality of service model must be specified!");
    enum settings_outcome outcome = check_source(given);
    if (outcome != SETTINGS_READY)
        return outcome;
    if (settings->ids && !settings->id_resources)
        return wrong("%s", "--ids needs --id-resources");
    if (given->of_reconstruct && !reconstructs(settings))
        return wrong("--%s needs --reconstruct", given->of_reconstruct);
    if (!is_profile_name(settings->profile))
        return wrong("--profile=%s: the name of a profile is expected", settings->profile);
    if (settings->retry_max < settings->retry_min)
        settings->retry_max = settings->retry_min;
    return split_commands(given);
}

/* And the control socket. */
static enum settings_outcome find_state_directory(struct given *given)
{
    struct settings *settings = given->settings;
    CLEANUP_FREE char *directory =
        given->state_directory ? file_absolute(given->state_directory) : default_state_directory();
    if (!directory && !given->state_directory)
        return wrong("%s", "there is no home directory: --state-dir is needed");
    settings->state_directory = directory ? string_format("%s/%s", directory, settings->profile) : NULL;
    settings->socket_given = settings->socket != NULL;
    if (!settings->socket)
        settings->socket = default_socket(settings->profile);
    return settings->state_directory ? SETTINGS_READY : SETTINGS_FAILED;
}

static enum settings_outcome read_environment(struct settings *settings)
{
    const char *profile = getenv("DISNIX_PROFILE");
    *settings = (struct settings){
        .interval = 5,
        .retry_min = 5,
        .retry_max = 300,
        .probe_interval = 30,
        .probe_timeout = 10,
        .presence = { .flap_count = 5, .flap_window = 600, .flap_stable = 300, .lost_most = -1 },
        .stage_timeouts = { CYCLE_STAGES(STAGE_SECONDS, STAGE_SECONDS) },
        .stop_timeout = 60
    };
    settings->profile = profile && *profile ? profile : "default";
    return SETTINGS_READY;
}

enum settings_outcome settings_read(struct settings *settings, int argc, char **argv)
{
    struct given given = { .settings = settings };
    enum settings_outcome outcome = read_environment(settings);
    if (outcome == SETTINGS_READY)
        outcome = options_read(&given, argc, argv);
    if (outcome != SETTINGS_READY)
        return outcome;
    if (given.run && optind == argc)
        return wrong("%s", "--run needs a command");
    if (given.run && settings->once)
        return wrong("%s", "--once and --run exclude each other");
    if (settings->list_plugins || settings->dump_plugin)
        return SETTINGS_LIST;
    settings->command = given.run ? argv + optind : NULL;
    if ((outcome = check_models(&given)) != SETTINGS_READY)
        return outcome;
    if (settings->reconstruct && (outcome = option_add_plugin(settings, "reconstruct")) != SETTINGS_READY)
        return outcome;
    return find_state_directory(&given);
}

void settings_clear(struct settings *settings)
{
    char *const files[] = { settings->services,        settings->qos,
                            settings->infrastructure,  settings->augment,
                            settings->filters,         settings->ids,
                            settings->id_resources,    settings->coordinator_profile_path,
                            settings->state_directory, settings->socket,
                            settings->metrics };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        free(files[i]);
    char **const commands[] = { settings->generator, settings->stream, settings->guard };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        for (size_t j = 0; commands[i] && commands[i][j]; j++)
            free(commands[i][j]);
        free(commands[i]);
    }
    free(settings->plugins);
    free(settings->plugin_options);
}

char *stream_file(const struct settings *settings)
{
    return string_format("%s/stream.nix", settings->state_directory);
}
