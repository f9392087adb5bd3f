/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/settings/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings/files.h"
#include "host/settings/stage-names.h"
#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/world/operations.h"

static const char units[] = "smhd";
static const int64_t unit_seconds[] = { 1, 60, 3600, 24 * 3600 };
static const int64_t year = 365 * 24 * 3600; /* more seconds than that are a mistake */

enum kind {
    FLAG,          /* bool */
    FILE_NAME,     /* char *: absolute, and its own */
    VALUE,         /* const char *: whatever it is */
    TEXT,          /* the same, not empty */
    NUMBER,        /* int64_t */
    NUMBER_AS_TEXT /* const char * */
};

struct row {
    const char *name;
    char letter;
    const char *argument; /* what it takes; NULL: nothing */
    enum kind kind;
    bool given; /* a member of struct given, else of struct settings */
    size_t offset;
    int64_t least; /* of a number */
    enum settings_outcome (*take)(struct given *given, const struct row *row,
                                  char *value); /* instead of kind */
    const char *shown, *help;                   /* for --help: in place of its name; NULL: nothing */
};

static enum settings_outcome wrong_value(const struct row *row, const char *value, const char *expected)
{
    log_error(NULL, "--%s=%s: %s is expected", row->name, value, expected);
    return SETTINGS_WRONG;
}

static enum settings_outcome set_file(char **setting, const struct row *row, const char *file)
{
    if (!*file)
        return wrong_value(row, file, "a file");
    free(*setting);
    *setting = file_absolute(file);
    return *setting ? SETTINGS_READY : SETTINGS_FAILED;
}

static enum settings_outcome set_text(const char **setting, const struct row *row, const char *text)
{
    if (!*text)
        return wrong_value(row, text, "a value");
    *setting = text;
    return SETTINGS_READY;
}

static enum settings_outcome set_number(int64_t *setting, const struct row *row, const char *text)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < row->least || number > year) {
        log_error(NULL, "--%s=%s: a whole number of at least %lld is expected", row->name, text,
                  (long long)row->least);
        return SETTINGS_WRONG;
    }
    *setting = number;
    return SETTINGS_READY;
}

static enum settings_outcome take_log_format(struct given *given, const struct row *row, char *format)
{
    given->settings->log_json = strcmp(format, "json") == 0;
    return given->settings->log_json || strcmp(format, "text") == 0
               ? SETTINGS_READY
               : wrong_value(row, format, "text or json");
}

static enum settings_outcome take_on_missing_snapshot(struct given *given, const struct row *row, char *word)
{
    given->settings->refuse_missing = strcmp(word, "fail") == 0;
    return given->settings->refuse_missing || strcmp(word, "warn") == 0
               ? SETTINGS_READY
               : wrong_value(row, word, "warn or fail");
}

enum settings_outcome option_add_plugin(struct settings *settings, const char *plugin)
{
    const char **grown = realloc(settings->plugins, (settings->plugin_count + 1) * sizeof *grown);
    if (!grown)
        return SETTINGS_FAILED;
    settings->plugins = grown;
    settings->plugins[settings->plugin_count++] = plugin;
    return SETTINGS_READY;
}

static enum settings_outcome take_plugin(struct given *given, const struct row *row, char *plugin)
{
    (void)row;
    return option_add_plugin(given->settings, plugin);
}

static enum settings_outcome add_plugin_option(struct settings *settings, const char *plugin, const char *key,
                                               const char *value)
{
    struct plugin_option *grown =
        realloc(settings->plugin_options, (settings->plugin_option_count + 1) * sizeof *grown);
    if (!grown)
        return SETTINGS_FAILED;
    settings->plugin_options = grown;
    settings->plugin_options[settings->plugin_option_count++] = (struct plugin_option){ plugin, key, value };
    return SETTINGS_READY;
}

static enum settings_outcome take_of_reconstruct(struct given *given, const struct row *row, char *value)
{
    given->of_reconstruct = row->name;
    return add_plugin_option(given->settings, "reconstruct", row->name, value);
}

/* NAME:KEY=VALUE; cuts the argument into its parts. */
static enum settings_outcome take_plugin_option(struct given *given, const struct row *row, char *text)
{
    char *colon = strchr(text, ':'), *equals = colon ? strchr(colon, '=') : NULL;
    if (!equals || colon == text || equals == colon + 1)
        return wrong_value(row, text, "NAME:KEY=VALUE");
    *colon = *equals = '\0';
    return add_plugin_option(given->settings, text, colon + 1, equals + 1);
}

/* As sleep(1) takes it: a fraction, a unit. In whole seconds, one at least. Nothing is the default. */
static enum settings_outcome take_interval(struct given *given, const struct row *row, char *text)
{
    char *end = NULL;
    double number = strtod(text, &end);
    const char *unit = *end && !end[1] ? strchr(units, *end) : NULL;
    double seconds = number * (double)(unit ? unit_seconds[unit - units] : 1);
    if (!*text)
        return SETTINGS_READY;
    if (end != text + strspn(text, "0123456789.") || end == text || (*end && !unit) || seconds > (double)year)
        return wrong_value(row, text, "a number of seconds, or one with s, m, h or d,");
    int64_t whole = (int64_t)seconds;
    given->settings->interval = (double)whole < seconds || seconds < 1 ? whole + 1 : whole;
    return SETTINGS_READY;
}

/* N or P%. */
static enum settings_outcome take_targets_lost(struct given *given, const struct row *row, char *text)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    bool percent = end != text && strcmp(end, "%") == 0;
    if (errno || end == text || (*end && !percent) || number < 0 || number > (percent ? 100 : 1000000))
        return wrong_value(row, text, "a number of targets or a percentage");
    given->settings->presence.lost_most = number;
    given->settings->presence.lost_percent = percent;
    return SETTINGS_READY;
}

/* Seconds, or a number with s, m, h or d. */
static enum settings_outcome take_resync(struct given *given, const struct row *row, char *text)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    const char *unit = *end && !end[1] ? strchr(units, *end) : NULL;
    int64_t factor = unit ? unit_seconds[unit - units] : 1;
    if (errno || end == text || (*end && !unit) || number < 1 || number > year / factor)
        return wrong_value(row, text, "a number of seconds, or one with s, m, h or d,");
    given->settings->resync = number * factor;
    return SETTINGS_READY;
}

static enum settings_outcome no_such_stage(const struct row *row, const char *stage)
{
    struct nearest nearest = { .word = stage };
    for (size_t i = 0; i < STAGES; i++)
        nearest_try(&nearest, stage_names[i]);
    CLEANUP_FREE char *question = nearest_question(&nearest);
    log_error(NULL, "--%s: there is no stage %s%s", row->name, stage, question ? question : "");
    return SETTINGS_WRONG;
}

/* STAGE=SECONDS; cuts the argument into its parts. */
static enum settings_outcome take_stage_timeout(struct given *given, const struct row *row, char *text)
{
    char *equals = strchr(text, '=');
    if (equals)
        *equals = '\0';
    for (size_t i = 0; equals && i < STAGES; i++)
        if (strcmp(stage_names[i], text) == 0)
            return set_number(&given->settings->stage_timeouts[i], row, equals + 1);
    if (!equals)
        return wrong_value(row, text, "STAGE=SECONDS");
    return no_such_stage(row, text);
}

static enum settings_outcome tell_usage(struct given *given, const struct row *row, char *value);

static enum settings_outcome tell_version(struct given *given, const struct row *row, char *value)
{
    (void)given;
    (void)row;
    (void)value;
    puts("dydisnix-self-adapt (" PACKAGE_NAME " " PACKAGE_VERSION ")");
    return SETTINGS_DONE;
}

/* In the order of --help. */
static const struct row rows[] = {
#define SETTING(member) .offset = offsetof(struct settings, member)
#define GIVEN(member) .given = true, .offset = offsetof(struct given, member)
    { .name = "services",
      .letter = 's',
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(services),
      .help = "services model" },
    { .name = "qos",
      .letter = 'q',
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(qos),
      .help = "quality of service model" },
    { .name = "infrastructure",
      .letter = 'i',
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(infrastructure),
      .help = "infrastructure model that is watched" },
    { .name = "geninfra",
      .argument = "COMMAND",
      .kind = VALUE,
      GIVEN(generator),
      .help = "program that prints the infrastructure model; split\n"
              "at blanks; excludes --infrastructure" },
    { .name = "geninfra-stream",
      .argument = "COMMAND",
      .kind = VALUE,
      GIVEN(stream),
      .help = "program that prints models for ever, each ended by a\n"
              "NUL byte; excludes --infrastructure and --geninfra" },
    { .name = "augment",
      .letter = 'a',
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(augment),
      .help = "augments the captured infrastructure model" },
    { .name = "ids",
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(ids),
      .help = "assignments of unique ids" },
    { .name = "id-resources",
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(id_resources),
      .help = "ranges for unique ids" },
    { .name = "ids-service-property",
      .argument = "NAME",
      .kind = VALUE,
      SETTING(ids_service_property),
      .help = "property of services that need unique ids" },
    { .name = "filters",
      .letter = 'F',
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(filters),
      .help = "filters for the quality of service model" },
    { .name = "interval",
      .argument = "DURATION",
      .take = take_interval,
      .help = "time between two captures, or snapshots (default: 5)" },
    { .name = "profile",
      .letter = 'p',
      .argument = "NAME",
      .kind = VALUE,
      SETTING(profile),
      .help = "profile (default: default)" },
    { .name = "coordinator-profile-path",
      .argument = "DIRECTORY",
      .kind = FILE_NAME,
      SETTING(coordinator_profile_path),
      .help = "where the coordinator profile is" },
    { .name = "max-concurrent-transfers",
      .letter = 'm',
      .argument = "NUMBER",
      .kind = NUMBER_AS_TEXT,
      SETTING(max_concurrent_transfers),
      .least = 1,
      .help = "closures transferred at once (default: 2)" },
    { .name = "no-migration", .kind = FLAG, SETTING(no_migration), .help = "do not migrate state" },
    { .name = "delete-state", .kind = FLAG, SETTING(delete_state), .help = "delete obsolete state" },
    { .name = "depth-first", .kind = FLAG, SETTING(depth_first), .help = "migrate state depth-first" },
    { .name = "keep",
      .argument = "NUMBER",
      .kind = NUMBER_AS_TEXT,
      SETTING(keep),
      .least = 1,
      .help = "snapshots to keep (default: 1)" },
    { .name = "snapshot", .kind = FLAG, SETTING(snapshot), .help = "take snapshots in each cycle" },
    { .name = "reconstruct",
      .kind = FLAG,
      SETTING(reconstruct),
      .help = "reconstruct the manifest before redeploying" },
    { .name = "extra-params",
      .argument = "EXPRESSION",
      .kind = VALUE,
      SETTING(extra_params),
      .help = "extra parameters of the models" },
    { .name = "show-trace", .kind = FLAG, SETTING(show_trace), .help = "let Nix show traces" },
    { .name = "target-property",
      .argument = "PROPERTY",
      .kind = TEXT,
      SETTING(target_property),
      .help = "property by which targets are reached that name\n"
              "none (default: hostname)" },
    { .name = "interface",
      .argument = "CLIENT",
      .kind = TEXT,
      SETTING(interface),
      .help = "client interface of targets that name none\n"
              "(default: disnix-ssh-client)" },
    { .name = "once", .kind = FLAG, SETTING(once), .help = "one cycle, then end with its status" },
    { .name = "run",
      .shown = "--run -- COMMAND [ARGUMENT]...",
      .kind = FLAG,
      GIVEN(run),
      .help = "live as long as COMMAND, which starts when the\n"
              "first cycle is done; end with its status" },
    { .name = "plugin", .argument = "NAME|FILE|script:FILE", .take = take_plugin, .help = "load a plugin" },
    { .name = "plugin-option",
      .argument = "NAME:KEY=VALUE",
      .take = take_plugin_option,
      .help = "configure a plugin" },
    { .name = "list-plugins", .kind = FLAG, SETTING(list_plugins), .help = "print which plugins there are" },
    { .name = "dump-plugin",
      .argument = "NAME|FILE|script:FILE",
      .kind = TEXT,
      SETTING(dump_plugin),
      .help = "print what is known of a plugin" },
    { .name = "unreachable",
      .argument = "keep|skip|fail",
      .take = take_of_reconstruct,
      .help = "targets that give no usable answer" },
    { .name = "superseded",
      .argument = "newest|keep|fail",
      .take = take_of_reconstruct,
      .help = "state that is newer elsewhere" },
    { .name = "superseded-max-age",
      .argument = "SECONDS",
      .take = take_of_reconstruct,
      .help = "how old the last snapshot may be (default: 3600)" },
    { .name = "on-missing-snapshot",
      .argument = "warn|fail",
      .take = take_on_missing_snapshot,
      .help = "state whose machine is gone, and of which no snapshot\n"
              "exists (default: warn)" },
    { .name = "force-conflict",
      .kind = FLAG,
      SETTING(force_conflict),
      .help = "deploy though a component in dispute would move" },
    { .name = "force-keys",
      .kind = FLAG,
      SETTING(force_keys),
      .help = "deploy though state would move between targets\n"
              "whose names are not their connection keys" },
    { .name = "force-provider",
      .kind = FLAG,
      SETTING(force_provider),
      .help = "deploy though the provider of an old snapshot's\n"
              "container is gone" },
    { .name = "probe",
      .shown = "--probe, --no-probe",
      .kind = FLAG,
      GIVEN(probe),
      .help = "ask targets whether they are there, or do not\n"
              "(default: with --infrastructure only)" },
    { .name = "no-probe", .kind = FLAG, GIVEN(no_probe) },
    { .name = "probe-interval",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(probe_interval),
      .least = 1,
      .help = "time between two rounds of asking (default: 30)" },
    { .name = "probe-timeout",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(probe_timeout),
      .least = 1,
      .help = "how long a target may take to answer (default: 10)" },
    { .name = "settle",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(settle),
      .help = "how long a model has to be still (default: 0)" },
    { .name = "grace",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(presence.grace),
      .help = "a target that vanished counts as gone after this time\n"
              "(default: 0)" },
    { .name = "flap-count",
      .argument = "NUMBER",
      .kind = NUMBER,
      SETTING(presence.flap_count),
      .help = "a target that vanishes this often is left out\n"
              "(default: 5; 0: never)" },
    { .name = "flap-window",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(presence.flap_window),
      .help = "within this time (default: 600)" },
    { .name = "flap-stable",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(presence.flap_stable),
      .help = "until it has stayed for this time (default: 300)" },
    { .name = "max-targets-lost",
      .argument = "N|P%",
      .take = take_targets_lost,
      .help = "adaptation pauses when more are lost at once" },
    { .name = "resync",
      .argument = "DURATION",
      .take = take_resync,
      .help = "adapt again after this time though nothing has\n"
              "changed; seconds, or with s, m, h or d" },
    { .name = "guard",
      .argument = "COMMAND",
      .kind = VALUE,
      GIVEN(guard),
      .help = "asked before each stage that changes something;\n"
              "not 0: the cycle ends there, 3: the loop too" },
    { .name = "check",
      .kind = FLAG,
      SETTING(check),
      .help = "tell whether all is there that the loop needs" },
    { .name = "dry-run",
      .kind = FLAG,
      SETTING(dry_run),
      .help = "print the plan of each cycle, change nothing" },
    { .name = "stage-timeout",
      .argument = "STAGE=SECONDS",
      .take = take_stage_timeout,
      .help = "how long a stage may take; 0: for ever" },
    { .name = "cycle-timeout",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(cycle_timeout),
      .help = "how long a cycle may take (default: 0, for ever)" },
    { .name = "stop-timeout",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(stop_timeout),
      .help = "time for a deployment to roll back when it is ended\n"
              "(default: 60)" },
    { .name = "exit-with-parent",
      .kind = FLAG,
      SETTING(exit_with_parent),
      .help = "end as with TERM when the parent ends" },
    { .name = "release-stale-locks",
      .kind = FLAG,
      SETTING(release_stale_locks),
      .help = "release all locks if the state directory was lost" },
    { .name = "allow-empty",
      .kind = FLAG,
      SETTING(allow_empty),
      .help = "accept an infrastructure without targets" },
    { .name = "retry-min",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(retry_min),
      .least = 1,
      .help = "first delay after a failed cycle (default: 5)" },
    { .name = "retry-max",
      .argument = "SECONDS",
      .kind = NUMBER,
      SETTING(retry_max),
      .least = 1,
      .help = "longest delay (default: 300)" },
    { .name = "state-dir",
      .argument = "DIRECTORY",
      .kind = TEXT,
      GIVEN(state_directory),
      .help = "where the loop keeps what it knows" },
    { .name = "socket",
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(socket),
      .help = "socket at which dydisnix-self-adaptctl asks" },
    { .name = "metrics",
      .argument = "FILE",
      .kind = FILE_NAME,
      SETTING(metrics),
      .help = "numbers for node-exporter" },
    { .name = "log-format",
      .argument = "text|json",
      .take = take_log_format,
      .help = "form of the messages (default: text)" },
    { .name = "verbose", .kind = FLAG, SETTING(verbose), .help = "show more" },
    { .name = "help", .letter = 'h', .take = tell_usage, .help = "print this text" },
    { .name = "version", .letter = 'v', .take = tell_version, .help = "print the version" },
};
enum { ROWS = sizeof rows / sizeof *rows };

static const char usage_before[] =
    "Usage: dydisnix-self-adapt -s SERVICES -q QOS [-i INFRASTRUCTURE] [OPTION]...\n"
    "\n"
    "Watches the infrastructure and, on each change, reconstructs the deployment manifest,\n"
    "distributes the services anew and redeploys them.\n"
    "\n"
    "Options:\n";
static const char usage_after[] =
    "\n"
    "Environment: DISNIX_CLIENT_INTERFACE, DISNIX_TARGET_PROPERTY, DISNIX_PROFILE,\n"
    "DYDISNIX_GENINFRA, DYDISNIX_PLUGIN_PATH. An option beats its variable.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

/* What the script of Dynamic Disnix took as short for an option; options that it did not have make them
 * ambiguous. */
static const struct {
    const char *short_form, *name;
} short_forms[] = {
    { "a", "augment" },
    { "c", "coordinator-profile-path" },
    { "e", "extra-params" },
    { "ex", "extra-params" },
    { "f", "filters" },
    { "g", "geninfra" },
    { "ge", "geninfra" },
    { "gen", "geninfra" },
    { "geni", "geninfra" },
    { "genin", "geninfra" },
    { "geninf", "geninfra" },
    { "geninfr", "geninfra" },
    { "m", "max-concurrent-transfers" },
    { "ma", "max-concurrent-transfers" },
    { "max", "max-concurrent-transfers" },
    { "max-", "max-concurrent-transfers" },
    { "n", "no-migration" },
    { "no", "no-migration" },
    { "no-", "no-migration" },
    { "p", "profile" },
    { "pr", "profile" },
    { "pro", "profile" },
    { "r", "reconstruct" },
    { "re", "reconstruct" },
    { "se", "services" },
};
enum { SHORT_FORMS = sizeof short_forms / sizeof *short_forms, FIRST = 256, HELP_COLUMN = 34 };

static void tell_row(const struct row *row)
{
    char left[80], letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    if (row->shown)
        snprintf(left, sizeof left, "      %s", row->shown);
    else
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name, row->argument ? "=" : "",
                 row->argument ? row->argument : "");
    if (strlen(left) < HELP_COLUMN)
        printf("%-*s", HELP_COLUMN, left);
    else
        printf("%s\n%*s", left, HELP_COLUMN, "");
    for (const char *c = row->help; *c; c++) {
        putchar(*c);
        if (*c == '\n')
            printf("%*s", HELP_COLUMN, "");
    }
    putchar('\n');
}

static enum settings_outcome tell_usage(struct given *given, const struct row *row, char *value)
{
    (void)given;
    (void)row;
    (void)value;
    fputs(usage_before, stdout);
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].help)
            tell_row(&rows[i]);
    fputs(usage_after, stdout);
    return SETTINGS_DONE;
}

static enum settings_outcome take_row(struct given *given, const struct row *row, char *value)
{
    void *setting = (row->given ? (char *)given : (char *)given->settings) + row->offset;
    int64_t ignored;
    if (row->take)
        return row->take(given, row, value);
    switch (row->kind) {
    case FLAG: *(bool *)setting = true; break;
    case FILE_NAME: return set_file(setting, row, value);
    case VALUE: *(const char **)setting = value; break;
    case TEXT: return set_text(setting, row, value);
    case NUMBER: return set_number(setting, row, value);
    case NUMBER_AS_TEXT: *(const char **)setting = value; return set_number(&ignored, row, value);
    }
    return SETTINGS_READY;
}

static void fill_option(struct option *option, const char *name, size_t row)
{
    *option =
        (struct option){ name, rows[row].argument ? required_argument : no_argument, NULL, FIRST + (int)row };
}

/* What getopt_long() needs. letters has room for three characters a row. */
static void fill_options(struct option *options, char *letters)
{
    *letters++ = '+';
    for (size_t i = 0; i < ROWS; i++) {
        fill_option(options++, rows[i].name, i);
        if (rows[i].letter)
            letters += sprintf(letters, "%c%s", rows[i].letter, rows[i].argument ? ":" : "");
    }
    for (size_t i = 0; i < SHORT_FORMS; i++)
        for (size_t row = 0; row < ROWS; row++)
            if (strcmp(rows[row].name, short_forms[i].name) == 0)
                fill_option(options++, short_forms[i].short_form, row);
    *options = (struct option){ 0 };
}

static const struct row *find_row(int option)
{
    if (option >= FIRST)
        return &rows[option - FIRST];
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].letter && rows[i].letter == option)
            return &rows[i];
    return NULL;
}

/* The script passed over words that belong to no option; so does this, but says so. False: the options end
 * here. */
static bool pass_over(const struct given *given, int argc, char **argv)
{
    if (given->run || optind >= argc)
        return false;
    log_warning(NULL, "%s belongs to no option, and is ignored", argv[optind++]);
    return true;
}

enum settings_outcome options_read(struct given *given, int argc, char **argv)
{
    struct option options[ROWS + SHORT_FORMS + 1];
    char letters[3 * ROWS + 2];
    enum settings_outcome outcome = SETTINGS_READY;
    int option;
    fill_options(options, letters);
    do {
        while (outcome == SETTINGS_READY
               && (option = option_next(argc, argv, letters, options, NULL)) != -1) {
            const struct row *row = find_row(option);
            if (!row)
                fputs("Try 'dydisnix-self-adapt --help'.\n", stderr);
            outcome = row ? take_row(given, row, optarg) : SETTINGS_WRONG;
        }
    } while (outcome == SETTINGS_READY && pass_over(given, argc, argv));
    return outcome;
}
