/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/settings/settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/settings/default-paths.h"
#include "host/settings/usage.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

enum {
    OPTION_FIRST = 256, OPTION_IDS, OPTION_ID_RESOURCES, OPTION_IDS_SERVICE_PROPERTY, OPTION_INTERVAL,
    OPTION_COORDINATOR_PROFILE_PATH, OPTION_NO_MIGRATION, OPTION_DELETE_STATE, OPTION_GENINFRA,
    OPTION_SNAPSHOT, OPTION_RECONSTRUCT, OPTION_DEPTH_FIRST, OPTION_KEEP, OPTION_SHOW_TRACE,
    OPTION_INTERFACE, OPTION_EXTRA_PARAMS, OPTION_TARGET_PROPERTY, OPTION_ONCE, OPTION_RUN, OPTION_PLUGIN,
    OPTION_PLUGIN_OPTION, OPTION_STATE_DIR, OPTION_ALLOW_EMPTY, OPTION_RETRY_MIN, OPTION_RETRY_MAX,
    OPTION_VERBOSE, OPTION_FORCE_CONFLICT, OPTION_FORCE_KEYS,
    OPTION_FORCE_PROVIDER, OPTION_RELEASE_STALE_LOCKS, OPTION_OF_RECONSTRUCT, OPTION_GENINFRA_STREAM, OPTION_PROBE,
    OPTION_NO_PROBE,
    OPTION_PROBE_INTERVAL, OPTION_PROBE_TIMEOUT, OPTION_SETTLE, OPTION_GRACE, OPTION_FLAP_COUNT,
    OPTION_FLAP_WINDOW, OPTION_FLAP_STABLE, OPTION_MAX_TARGETS_LOST, OPTION_RESYNC, OPTION_STAGE_TIMEOUT,
    OPTION_CYCLE_TIMEOUT, OPTION_STOP_TIMEOUT, OPTION_DRY_RUN, OPTION_EXIT_WITH_PARENT, OPTION_GUARD,
    OPTION_LIST_PLUGINS, OPTION_DUMP_PLUGIN, OPTION_LOG_FORMAT, OPTION_SOCKET
};

static const struct option long_options[] = {
    { "services", required_argument, NULL, 's' },
    { "qos", required_argument, NULL, 'q' },
    { "infrastructure", required_argument, NULL, 'i' },
    { "augment", required_argument, NULL, 'a' },
    { "filters", required_argument, NULL, 'F' },
    { "ids", required_argument, NULL, OPTION_IDS },
    { "id-resources", required_argument, NULL, OPTION_ID_RESOURCES },
    { "ids-service-property", required_argument, NULL, OPTION_IDS_SERVICE_PROPERTY },
    { "interval", required_argument, NULL, OPTION_INTERVAL },
    { "profile", required_argument, NULL, 'p' },
    { "coordinator-profile-path", required_argument, NULL, OPTION_COORDINATOR_PROFILE_PATH },
    { "max-concurrent-transfers", required_argument, NULL, 'm' },
    { "no-migration", no_argument, NULL, OPTION_NO_MIGRATION },
    { "delete-state", no_argument, NULL, OPTION_DELETE_STATE },
    { "geninfra", required_argument, NULL, OPTION_GENINFRA },
    { "snapshot", no_argument, NULL, OPTION_SNAPSHOT },
    { "reconstruct", no_argument, NULL, OPTION_RECONSTRUCT },
    { "depth-first", no_argument, NULL, OPTION_DEPTH_FIRST },
    { "keep", required_argument, NULL, OPTION_KEEP },
    { "show-trace", no_argument, NULL, OPTION_SHOW_TRACE },
    { "interface", required_argument, NULL, OPTION_INTERFACE },
    { "extra-params", required_argument, NULL, OPTION_EXTRA_PARAMS },
    { "target-property", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "once", no_argument, NULL, OPTION_ONCE },
    { "run", no_argument, NULL, OPTION_RUN },
    { "plugin", required_argument, NULL, OPTION_PLUGIN },
    { "plugin-option", required_argument, NULL, OPTION_PLUGIN_OPTION },
    { "list-plugins", no_argument, NULL, OPTION_LIST_PLUGINS },
    { "dump-plugin", required_argument, NULL, OPTION_DUMP_PLUGIN },
    { "state-dir", required_argument, NULL, OPTION_STATE_DIR },
    { "allow-empty", no_argument, NULL, OPTION_ALLOW_EMPTY },
    { "retry-min", required_argument, NULL, OPTION_RETRY_MIN },
    { "retry-max", required_argument, NULL, OPTION_RETRY_MAX },
    { "socket", required_argument, NULL, OPTION_SOCKET },
    { "log-format", required_argument, NULL, OPTION_LOG_FORMAT },
    { "verbose", no_argument, NULL, OPTION_VERBOSE },
    { "force-conflict", no_argument, NULL, OPTION_FORCE_CONFLICT },
    { "force-keys", no_argument, NULL, OPTION_FORCE_KEYS },
    { "force-provider", no_argument, NULL, OPTION_FORCE_PROVIDER },
    { "release-stale-locks", no_argument, NULL, OPTION_RELEASE_STALE_LOCKS },
    { "unreachable", required_argument, NULL, OPTION_OF_RECONSTRUCT },
    { "superseded", required_argument, NULL, OPTION_OF_RECONSTRUCT },
    { "superseded-max-age", required_argument, NULL, OPTION_OF_RECONSTRUCT },
    { "geninfra-stream", required_argument, NULL, OPTION_GENINFRA_STREAM },
    { "probe", no_argument, NULL, OPTION_PROBE },
    { "no-probe", no_argument, NULL, OPTION_NO_PROBE },
    { "probe-interval", required_argument, NULL, OPTION_PROBE_INTERVAL },
    { "probe-timeout", required_argument, NULL, OPTION_PROBE_TIMEOUT },
    { "settle", required_argument, NULL, OPTION_SETTLE },
    { "grace", required_argument, NULL, OPTION_GRACE },
    { "flap-count", required_argument, NULL, OPTION_FLAP_COUNT },
    { "flap-window", required_argument, NULL, OPTION_FLAP_WINDOW },
    { "flap-stable", required_argument, NULL, OPTION_FLAP_STABLE },
    { "max-targets-lost", required_argument, NULL, OPTION_MAX_TARGETS_LOST },
    { "resync", required_argument, NULL, OPTION_RESYNC },
    { "stage-timeout", required_argument, NULL, OPTION_STAGE_TIMEOUT },
    { "cycle-timeout", required_argument, NULL, OPTION_CYCLE_TIMEOUT },
    { "stop-timeout", required_argument, NULL, OPTION_STOP_TIMEOUT },
    { "dry-run", no_argument, NULL, OPTION_DRY_RUN },
    { "exit-with-parent", no_argument, NULL, OPTION_EXIT_WITH_PARENT },
    { "guard", required_argument, NULL, OPTION_GUARD },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'v' },
    /* What the script of Dynamic Disnix took as short for an option; options that it did not have make them
     * ambiguous. */
    { "a", required_argument, NULL, 'a' },
    { "c", required_argument, NULL, OPTION_COORDINATOR_PROFILE_PATH },
    { "e", required_argument, NULL, OPTION_EXTRA_PARAMS },
    { "ex", required_argument, NULL, OPTION_EXTRA_PARAMS },
    { "f", required_argument, NULL, 'F' },
    { "g", required_argument, NULL, OPTION_GENINFRA },
    { "ge", required_argument, NULL, OPTION_GENINFRA },
    { "gen", required_argument, NULL, OPTION_GENINFRA },
    { "geni", required_argument, NULL, OPTION_GENINFRA },
    { "genin", required_argument, NULL, OPTION_GENINFRA },
    { "geninf", required_argument, NULL, OPTION_GENINFRA },
    { "geninfr", required_argument, NULL, OPTION_GENINFRA },
    { "m", required_argument, NULL, 'm' },
    { "ma", required_argument, NULL, 'm' },
    { "max", required_argument, NULL, 'm' },
    { "max-", required_argument, NULL, 'm' },
    { "n", no_argument, NULL, OPTION_NO_MIGRATION },
    { "no", no_argument, NULL, OPTION_NO_MIGRATION },
    { "no-", no_argument, NULL, OPTION_NO_MIGRATION },
    { "p", required_argument, NULL, 'p' },
    { "pr", required_argument, NULL, 'p' },
    { "pro", required_argument, NULL, 'p' },
    { "r", no_argument, NULL, OPTION_RECONSTRUCT },
    { "re", no_argument, NULL, OPTION_RECONSTRUCT },
    { "se", required_argument, NULL, 's' },
    { NULL, 0, NULL, 0 },
};

#define STAGE_NAME(name, seconds) #name,
const char *const stage_names[] = { CYCLE_STAGES(STAGE_NAME, STAGE_NAME) NULL };
#define STAGE_SECONDS(name, seconds) seconds,

static const char units[] = "smhd";
static const int64_t unit_seconds[] = { 1, 60, 3600, 24 * 3600 };
static const int64_t year = 365 * 24 * 3600; /* more seconds than that are a mistake */

struct reading {
    struct settings *settings;
    const char *state_directory, *generator, *stream, *guard;
    const char *index_name; /* of the long option at hand */
    bool run, probe, no_probe;
    enum settings_outcome outcome;
};

static enum settings_outcome wrong(const char *format, const char *text)
{
    log_error(NULL, format, text);
    return SETTINGS_WRONG;
}

static const char *option_name(int option)
{
    const struct option *found = long_options;
    while (found->name && found->val != option)
        found++;
    return found->name;
}

static enum settings_outcome wrong_value(int option, const char *value, const char *expected)
{
    log_error(NULL, "--%s=%s: %s is expected", option_name(option), value, expected);
    return SETTINGS_WRONG;
}

/* The directory of a path without links; NULL with errno set: it is not there. */
static char *real_directory(const char *file, const char **name)
{
    const char *slash = strrchr(file, '/');
    CLEANUP_FREE char *directory = slash ? strndup(file, slash > file ? (size_t)(slash - file) : 1) : strdup(".");
    *name = slash ? slash + 1 : file;
    return directory ? realpath(directory, NULL) : NULL;
}

/* Absolute, so that it can never be taken for an option or for a search path of Nix. Links in it stay: they may lead
 * elsewhere while the loop runs. */
static char *absolute_file(const char *file)
{
    CLEANUP_FREE char *copy = strdup(file), *directory = NULL, *here = NULL;
    const char *name;
    if (!copy)
        return NULL;
    for (char *end = copy + strlen(copy); end > copy + 1 && end[-1] == '/'; end--)
        end[-1] = '\0';
    directory = real_directory(copy, &name);
    here = directory && copy[0] != '/' ? realpath(".", NULL) : NULL;
    if (directory && (here || copy[0] == '/')) {
        const char *relative = strncmp(copy, "./", 2) == 0 ? copy + 2 : copy;
        return here ? string_format("%s/%s", strcmp(here, "/") == 0 ? "" : here, relative) : strdup(copy);
    }
    log_error(NULL, "%s: %s", file, strerror(errno));
    return NULL;
}

void settings_resolve(struct settings *settings)
{
    char **files[] = { &settings->services, &settings->qos, &settings->infrastructure, &settings->augment,
                       &settings->filters, &settings->ids, &settings->id_resources };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *name;
        CLEANUP_FREE char *directory = *files[i] ? real_directory(*files[i], &name) : NULL;
        char *resolved = directory ? string_format("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name) : NULL;
        if (!resolved)
            continue; /* whoever reads it says what is wrong */
        free(*files[i]);
        *files[i] = resolved;
    }
}

static enum settings_outcome set_file(char **setting, int option, const char *file)
{
    if (!*file)
        return wrong_value(option, file, "a file");
    free(*setting);
    *setting = absolute_file(file);
    return *setting ? SETTINGS_READY : SETTINGS_FAILED;
}

static enum settings_outcome set_text(const char **setting, int option, const char *text)
{
    if (!*text)
        return wrong_value(option, text, "a value");
    *setting = text;
    return SETTINGS_READY;
}

static enum settings_outcome set_number(int64_t *setting, const char *option, const char *text,
                                         int64_t least)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < least || number > year) {
        log_error(NULL, "--%s=%s: a whole number of at least %lld is expected", option, text, (long long)least);
        return SETTINGS_WRONG;
    }
    *setting = number;
    return SETTINGS_READY;
}

static enum settings_outcome set_checked_number(const char **setting, const char *option, const char *text)
{
    int64_t ignored;
    *setting = text;
    return set_number(&ignored, option, text, 1);
}

static enum settings_outcome set_log_format(struct settings *settings, const char *format)
{
    settings->log_json = strcmp(format, "json") == 0;
    return settings->log_json || strcmp(format, "text") == 0
               ? SETTINGS_READY
               : wrong_value(OPTION_LOG_FORMAT, format, "text or json");
}

static enum settings_outcome add_plugin(struct settings *settings, const char *plugin)
{
    const char **grown = realloc(settings->plugins, (settings->plugin_count + 1) * sizeof *grown);
    if (!grown)
        return SETTINGS_FAILED;
    settings->plugins = grown;
    settings->plugins[settings->plugin_count++] = plugin;
    return SETTINGS_READY;
}

static enum settings_outcome add_plugin_option(struct settings *settings, const char *plugin, const char *key,
                                               const char *value)
{
    struct plugin_option *grown = realloc(settings->plugin_options,
                                          (settings->plugin_option_count + 1) * sizeof *grown);
    if (!grown)
        return SETTINGS_FAILED;
    settings->plugin_options = grown;
    settings->plugin_options[settings->plugin_option_count++] = (struct plugin_option){ plugin, key, value };
    return SETTINGS_READY;
}

/* NAME:KEY=VALUE; cuts the argument into its parts. */
static enum settings_outcome parse_plugin_option(struct settings *settings, char *text)
{
    char *colon = strchr(text, ':'), *equals = colon ? strchr(colon, '=') : NULL;
    if (!equals || colon == text || equals == colon + 1)
        return wrong("--plugin-option=%s: NAME:KEY=VALUE is expected", text);
    *colon = *equals = '\0';
    return add_plugin_option(settings, text, colon + 1, equals + 1);
}

/* As sleep(1) takes it: a fraction, a unit. In whole seconds, one at least. Nothing is the default. */
static enum settings_outcome set_interval(int64_t *setting, const char *text)
{
    char *end = NULL;
    double number = strtod(text, &end);
    const char *unit = *end && !end[1] ? strchr(units, *end) : NULL;
    double seconds = number * (double)(unit ? unit_seconds[unit - units] : 1);
    if (!*text)
        return SETTINGS_READY;
    if (end != text + strspn(text, "0123456789.") || end == text || (*end && !unit) || seconds > (double)year)
        return wrong_value(OPTION_INTERVAL, text, "a number of seconds, or one with s, m, h or d,");
    int64_t whole = (int64_t)seconds;
    *setting = (double)whole < seconds || seconds < 1 ? whole + 1 : whole;
    return SETTINGS_READY;
}

/* N or P%. */
static enum settings_outcome set_lost(struct presence_policy *policy, int option, const char *text)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    bool percent = end != text && strcmp(end, "%") == 0;
    if (errno || end == text || (*end && !percent) || number < 0 || number > (percent ? 100 : 1000000))
        return wrong_value(option, text, "a number of targets or a percentage");
    policy->lost_most = number;
    policy->lost_percent = percent;
    return SETTINGS_READY;
}

/* Seconds, or a number with s, m, h or d. */
static enum settings_outcome set_duration(int64_t *setting, int option, const char *text)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    const char *unit = *end && !end[1] ? strchr(units, *end) : NULL;
    int64_t factor = unit ? unit_seconds[unit - units] : 1;
    if (errno || end == text || (*end && !unit) || number < 1 || number > year / factor)
        return wrong_value(option, text, "a number of seconds, or one with s, m, h or d,");
    *setting = number * factor;
    return SETTINGS_READY;
}

/* STAGE=SECONDS; cuts the argument into its parts. */
long settings_stage_timeout(const struct settings *settings, const char *stage)
{
    for (size_t i = 0; i < STAGES; i++)
        if (strcmp(stage_names[i], stage) == 0)
            return settings->stage_timeouts[i];
    return 0;
}

static enum settings_outcome set_stage_timeout(struct settings *settings, char *text)
{
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    for (size_t i = 0; equals && i < STAGES; i++)
        if (strcmp(stage_names[i], text) == 0)
            return set_number(&settings->stage_timeouts[i], "stage-timeout", equals + 1, 0);
    if (equals)
        *equals = '=';
    return wrong("--stage-timeout=%s: STAGE=SECONDS is expected", text);
}

static enum settings_outcome take_flag(struct reading *reading, int option)
{
    struct settings *settings = reading->settings;
    switch (option) {
    case OPTION_NO_MIGRATION: settings->no_migration = true; break;
    case OPTION_DELETE_STATE: settings->delete_state = true; break;
    case OPTION_SNAPSHOT: settings->snapshot = true; break;
    case OPTION_RECONSTRUCT: settings->reconstruct = true; break;
    case OPTION_DEPTH_FIRST: settings->depth_first = true; break;
    case OPTION_SHOW_TRACE: settings->show_trace = true; break;
    case OPTION_ONCE: settings->once = true; break;
    case OPTION_RUN: reading->run = true; break;
    case OPTION_LIST_PLUGINS: settings->list_plugins = true; break;
    case OPTION_ALLOW_EMPTY: settings->allow_empty = true; break;
    case OPTION_VERBOSE: settings->verbose = true; break;
    case OPTION_FORCE_CONFLICT: settings->force_conflict = true; break;
    case OPTION_FORCE_KEYS: settings->force_keys = true; break;
    case OPTION_FORCE_PROVIDER: settings->force_provider = true; break;
    case OPTION_PROBE: reading->probe = true; break;
    case OPTION_NO_PROBE: reading->no_probe = true; break;
    case OPTION_DRY_RUN: settings->dry_run = true; break;
    case OPTION_EXIT_WITH_PARENT: settings->exit_with_parent = true; break;
    case OPTION_RELEASE_STALE_LOCKS: settings->release_stale_locks = true; break;
    case 'h': fputs(usage_text, stdout); return SETTINGS_DONE;
    case 'v': puts("dydisnix-self-adapt (" PACKAGE_NAME " " PACKAGE_VERSION ")"); return SETTINGS_DONE;
    default:
        fputs("Try 'dydisnix-self-adapt --help'.\n", stderr);
        return SETTINGS_WRONG;
    }
    return SETTINGS_READY;
}

/* How the loop watches, waits and gives up. */
static enum settings_outcome take_policy(struct reading *reading, int option, char *value)
{
    struct settings *settings = reading->settings;
    struct presence_policy *presence = &settings->presence;
    const char *name = option_name(option);
    int64_t number = 0;
    enum settings_outcome outcome;
    switch (option) {
    case OPTION_GENINFRA_STREAM: reading->stream = value; return SETTINGS_READY;
    case OPTION_GUARD: reading->guard = value; return SETTINGS_READY;
    case OPTION_MAX_TARGETS_LOST: return set_lost(presence, option, value);
    case OPTION_STAGE_TIMEOUT: return set_stage_timeout(settings, value);
    case OPTION_RESYNC: return set_duration(&settings->resync, option, value);
    case OPTION_PROBE_INTERVAL: return set_number(&settings->probe_interval, name, value, 1);
    case OPTION_PROBE_TIMEOUT: return set_number(&settings->probe_timeout, name, value, 1);
    case OPTION_SETTLE: return set_number(&settings->settle, name, value, 0);
    case OPTION_FLAP_COUNT: return set_number(&presence->flap_count, name, value, 0);
    case OPTION_CYCLE_TIMEOUT: return set_number(&settings->cycle_timeout, name, value, 0);
    case OPTION_STOP_TIMEOUT: return set_number(&settings->stop_timeout, name, value, 0);
    case OPTION_GRACE:
    case OPTION_FLAP_WINDOW:
    case OPTION_FLAP_STABLE:
        outcome = set_number(&number, name, value, 0);
        *(option == OPTION_GRACE         ? &presence->grace
          : option == OPTION_FLAP_WINDOW ? &presence->flap_window
                                         : &presence->flap_stable) = number;
        return outcome;
    default: return take_flag(reading, option);
    }
}

static enum settings_outcome take_value(struct reading *reading, int option, char *value)
{
    struct settings *settings = reading->settings;
    switch (option) {
    case OPTION_IDS_SERVICE_PROPERTY: settings->ids_service_property = value; break;
    case OPTION_INTERVAL: return set_interval(&settings->interval, value);
    case OPTION_RETRY_MIN: return set_number(&settings->retry_min, "retry-min", value, 1);
    case OPTION_RETRY_MAX: return set_number(&settings->retry_max, "retry-max", value, 1);
    case 'm':
        return set_checked_number(&settings->max_concurrent_transfers, "max-concurrent-transfers", value);
    case OPTION_KEEP: return set_checked_number(&settings->keep, "keep", value);
    case 'p': settings->profile = value; break;
    case OPTION_GENINFRA: reading->generator = *value ? value : NULL; break;
    case OPTION_INTERFACE: return set_text(&settings->interface, option, value);
    case OPTION_EXTRA_PARAMS: settings->extra_params = value; break;
    case OPTION_TARGET_PROPERTY: return set_text(&settings->target_property, option, value);
    case OPTION_PLUGIN: return add_plugin(settings, value);
    case OPTION_DUMP_PLUGIN: return set_text(&settings->dump_plugin, option, value);
    case OPTION_PLUGIN_OPTION: return parse_plugin_option(settings, value);
    case OPTION_LOG_FORMAT: return set_log_format(settings, value);
    case OPTION_STATE_DIR: return set_text(&reading->state_directory, option, value);
    case OPTION_OF_RECONSTRUCT: return add_plugin_option(settings, "reconstruct", reading->index_name, value);
    default: return take_policy(reading, option, value);
    }
    return SETTINGS_READY;
}

static enum settings_outcome take_option(struct reading *reading, int option, char *value)
{
    struct settings *settings = reading->settings;
    switch (option) {
    case 's': return set_file(&settings->services, option, value);
    case 'q': return set_file(&settings->qos, option, value);
    case 'i': return set_file(&settings->infrastructure, option, value);
    case 'a': return set_file(&settings->augment, option, value);
    case 'F': return set_file(&settings->filters, option, value);
    case OPTION_IDS: return set_file(&settings->ids, option, value);
    case OPTION_ID_RESOURCES: return set_file(&settings->id_resources, option, value);
    case OPTION_SOCKET: return set_file(&settings->socket, option, value);
    case OPTION_COORDINATOR_PROFILE_PATH: return set_file(&settings->coordinator_profile_path, option, value);
    default: return take_value(reading, option, value);
    }
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

static enum settings_outcome split_commands(struct reading *reading)
{
    struct settings *settings = reading->settings;
    enum settings_outcome outcome = split_command(&settings->generator, "geninfra", reading->generator);
    if (outcome == SETTINGS_READY)
        outcome = split_command(&settings->stream, "geninfra-stream", reading->stream);
    if (outcome == SETTINGS_READY)
        outcome = split_command(&settings->guard, "guard", reading->guard);
    return outcome;
}

/* Exactly one source of models. */
static enum settings_outcome check_source(struct reading *reading)
{
    const char *environment = getenv("DYDISNIX_GENINFRA");
    bool file = reading->settings->infrastructure != NULL;
    if (file && reading->generator)
        return wrong("%s", "--infrastructure and --geninfra exclude each other");
    if (reading->stream && (file || reading->generator))
        return wrong("%s", "--geninfra-stream excludes --infrastructure and --geninfra");
    if (!file && !reading->generator && !reading->stream && environment && *environment)
        reading->generator = environment;
    if (!file && !reading->generator && !reading->stream)
        return wrong("%s", "An infrastructure generator or an infrastructure model must be specified!");
    if (reading->probe && reading->no_probe)
        return wrong("%s", "--probe and --no-probe exclude each other");
    reading->settings->probes = reading->probe || (file && !reading->no_probe);
    return SETTINGS_READY;
}

static enum settings_outcome check_models(struct reading *reading)
{
    struct settings *settings = reading->settings;
    if (!settings->services)
        return wrong("%s", "A services expression must be specified!");
    if (!settings->qos)
        return wrong("%s", "A quality of service model must be specified!");
    enum settings_outcome outcome = check_source(reading);
    if (outcome != SETTINGS_READY)
        return outcome;
    if (settings->ids && !settings->id_resources)
        return wrong("%s", "--ids needs --id-resources");
    if (!is_profile_name(settings->profile))
        return wrong("--profile=%s: the name of a profile is expected", settings->profile);
    if (settings->retry_max < settings->retry_min)
        settings->retry_max = settings->retry_min;
    return split_commands(reading);
}

/* And the control socket. */
static enum settings_outcome find_state_directory(struct reading *reading)
{
    struct settings *settings = reading->settings;
    CLEANUP_FREE char *directory = reading->state_directory ? absolute_file(reading->state_directory)
                                                            : default_state_directory();
    if (!directory && !reading->state_directory)
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
        .interval = 5, .retry_min = 5, .retry_max = 300, .probe_interval = 30, .probe_timeout = 10,
        .presence = { .flap_count = 5, .flap_window = 600, .flap_stable = 300, .lost_most = -1 },
        .stage_timeouts = { CYCLE_STAGES(STAGE_SECONDS, STAGE_SECONDS) }, .stop_timeout = 60
    };
    settings->profile = profile && *profile ? profile : "default";
    return SETTINGS_READY;
}

/* The script passed over words that belong to no option; so does this, but says so. False: the options end here. */
static bool pass_over(const struct reading *reading, int argc, char **argv)
{
    if (reading->run || optind >= argc)
        return false;
    log_warning(NULL, "%s belongs to no option, and is ignored", argv[optind++]);
    return true;
}

static enum settings_outcome read_options(struct reading *reading, int argc, char **argv)
{
    enum settings_outcome outcome = SETTINGS_READY;
    int option, index = 0;
    do {
        while (outcome == SETTINGS_READY
               && (option = getopt_long(argc, argv, "+s:q:i:a:F:p:m:hv", long_options, &index)) != -1) {
            reading->index_name = long_options[index].name;
            outcome = take_option(reading, option, optarg);
        }
    } while (outcome == SETTINGS_READY && pass_over(reading, argc, argv));
    return outcome;
}

enum settings_outcome settings_read(struct settings *settings, int argc, char **argv)
{
    struct reading reading = { .settings = settings };
    enum settings_outcome outcome = read_environment(settings);
    if (outcome == SETTINGS_READY)
        outcome = read_options(&reading, argc, argv);
    if (outcome != SETTINGS_READY)
        return outcome;
    if (reading.run && optind == argc)
        return wrong("%s", "--run needs a command");
    if (reading.run && settings->once)
        return wrong("%s", "--once and --run exclude each other");
    if (settings->list_plugins || settings->dump_plugin)
        return SETTINGS_LIST;
    settings->command = reading.run ? argv + optind : NULL;
    if ((outcome = check_models(&reading)) != SETTINGS_READY)
        return outcome;
    if (settings->reconstruct && (outcome = add_plugin(settings, "reconstruct")) != SETTINGS_READY)
        return outcome;
    return find_state_directory(&reading);
}

void settings_clear(struct settings *settings)
{
    char *const files[] = { settings->services, settings->qos, settings->infrastructure, settings->augment,
                            settings->filters, settings->ids, settings->id_resources,
                            settings->coordinator_profile_path, settings->state_directory, settings->socket };
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
