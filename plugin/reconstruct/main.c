/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-reconstruct: one reconstruction by hand, in place of disnix-reconstruct.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-text.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/descendants.h"
#include "lib/world/operations.h"
#include "plugin/reconstruct/reconstruct.h"
#include "plugin/reconstruct/table.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

struct command {
    struct options options;
    struct request request;
    const char *report_file;
    const char *state_file;
    json_t *kept, *discarded; /* names of targets */
    const char *save_input;
    const char *not_replayed; /* an option that was given and has no meaning for a replay */
    bool ends;
    int status;
};

static const char usage[] =
    "Usage: dydisnix-reconstruct [OPTION]... INFRASTRUCTURE\n"
    "       dydisnix-reconstruct --replay=DIRECTORY [OPTION]...\n"
    "\n"
    "Rebuilds the deployment manifest on the coordinator from the profile manifests of\n"
    "the targets in the infrastructure model INFRASTRUCTURE.\n"
    "\n"
    "Options of disnix-reconstruct:\n"
    "      --interface=CLIENT          client interface of targets that name none\n"
    "                                  (default: disnix-ssh-client)\n"
    "      --target-property=PROPERTY  property by which targets are reached that name\n"
    "                                  none (default: hostname)\n"
    "      --deploy-state              accepted, without effect as before\n"
    "  -p, --profile=NAME              profile (default: default)\n"
    "  -m, --max-concurrent-transfers=NUMBER\n"
    "                                  closures fetched at once (default: 2)\n"
    "      --coordinator-profile-path=DIRECTORY\n"
    "                                  where the coordinator profile is\n"
    "      --no-coordinator-profile    put the manifest into the store only\n"
    "      --show-trace                let Nix show traces\n"
    "  -h, --help                      print this text\n"
    "  -v, --version                   print the version\n"
    "\n"
    "Further options:\n"
    "      --xml                       INFRASTRUCTURE is XML already, from nix-instantiate\n"
    "                                  or disnix-normalize-infra\n"
    "      --print-manifest            print the manifest; fetch and write nothing\n"
    "      --dry-run                   decide and report; do nothing\n"
    "      --save-input=DIRECTORY      keep what the decision is made from in DIRECTORY\n"
    "      --replay=DIRECTORY          make the decision again that was saved there; goes\n"
    "                                  with --print-manifest, --report and --save-input\n"
    "      --previous=FILE             previous manifest, in place of the profile's\n"
    "      --history=FILE              state.json of dydisnix-self-adapt: what it remembers\n"
    "      --report=FILE               write the report, JSON, to FILE; - is standard output\n"
    "      --allow-empty               a model without targets may replace the manifest\n"
    "      --unreachable=keep|skip|fail\n"
    "                                  what to do with targets that give no usable answer\n"
    "      --superseded=newest|keep|fail\n"
    "                                  what to do with state that is newer elsewhere\n"
    "      --superseded-max-age=SECONDS\n"
    "                                  how old the last snapshot may be (default: 3600)\n"
    "      --manifest-version=1|2|auto\n"
    "                                  which version to write (default: auto, 1 if every\n"
    "                                  profile is of version 1)\n"
    "      --keep-copy=TARGET          in a dispute, let the copy on TARGET live\n"
    "      --discard-copy=TARGET       in a dispute, give up the copy on TARGET\n"
    "      --timeout=SECONDS           for each query of a target (default: 60)\n"
    "      --transfer-timeout=SECONDS  for each closure, rescue and fence (default: 1200)\n"
    "      --target-timeout=SECONDS    for all calls of a target (default: 1500)\n"
    "      --max-closure-size=BYTES    limit of what one export holds (default: 17179869184)\n"
    "      --jobs=NUMBER               client calls at once (default: 64)\n"
    "      --max-manifest-size=BYTES   limit of a profile manifest (default: 67108864)\n"
    "      --max-depth=LEVELS          limit of its elements' depth (default: 64)\n"
    "\n"
    "Environment: DISNIX_CLIENT_INTERFACE, DISNIX_TARGET_PROPERTY, DISNIX_PROFILE, TMPDIR,\n"
    "DYSNOMIA_STATEDIR, NO_COLOR, TERM. An option beats its variable.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum {
    OPTION_INTERFACE = 256,
    OPTION_TARGET_PROPERTY,
    OPTION_DEPLOY_STATE,
    OPTION_COORDINATOR_PROFILE_PATH,
    OPTION_NO_COORDINATOR_PROFILE,
    OPTION_SHOW_TRACE,
    OPTION_XML,
    OPTION_PRINT_MANIFEST,
    OPTION_DRY_RUN,
    OPTION_PREVIOUS,
    OPTION_HISTORY,
    OPTION_REPORT,
    OPTION_KEEP_COPY,
    OPTION_DISCARD_COPY,
    OPTION_SAVE_INPUT,
    OPTION_REPLAY,
    OPTION_ALLOW_EMPTY,
    OPTION_KEY
};

/* What has OPTION_KEY goes to options_set() under its own name. */
static const struct option long_options[] = {
    { "interface", required_argument, NULL, OPTION_INTERFACE },
    { "target-property", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "deploy-state", no_argument, NULL, OPTION_DEPLOY_STATE },
    { "profile", required_argument, NULL, 'p' },
    { "max-concurrent-transfers", required_argument, NULL, 'm' },
    { "coordinator-profile-path", required_argument, NULL, OPTION_COORDINATOR_PROFILE_PATH },
    { "no-coordinator-profile", no_argument, NULL, OPTION_NO_COORDINATOR_PROFILE },
    { "show-trace", no_argument, NULL, OPTION_SHOW_TRACE },
    { "xml", no_argument, NULL, OPTION_XML },
    { "print-manifest", no_argument, NULL, OPTION_PRINT_MANIFEST },
    { "dry-run", no_argument, NULL, OPTION_DRY_RUN },
    { "previous", required_argument, NULL, OPTION_PREVIOUS },
    { "history", required_argument, NULL, OPTION_HISTORY },
    { "report", required_argument, NULL, OPTION_REPORT },
    { "keep-copy", required_argument, NULL, OPTION_KEEP_COPY },
    { "discard-copy", required_argument, NULL, OPTION_DISCARD_COPY },
    { "save-input", required_argument, NULL, OPTION_SAVE_INPUT },
    { "replay", required_argument, NULL, OPTION_REPLAY },
    { "allow-empty", no_argument, NULL, OPTION_ALLOW_EMPTY },
    { "unreachable", required_argument, NULL, OPTION_KEY },
    { "superseded", required_argument, NULL, OPTION_KEY },
    { "superseded-max-age", required_argument, NULL, OPTION_KEY },
    { "manifest-version", required_argument, NULL, OPTION_KEY },
    { "timeout", required_argument, NULL, OPTION_KEY },
    { "target-timeout", required_argument, NULL, OPTION_KEY },
    { "max-closure-size", required_argument, NULL, OPTION_KEY },
    { "transfer-timeout", required_argument, NULL, OPTION_KEY },
    { "jobs", required_argument, NULL, OPTION_KEY },
    { "max-manifest-size", required_argument, NULL, OPTION_KEY },
    { "max-depth", required_argument, NULL, OPTION_KEY },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'v' },
    /* What disnix-reconstruct took as short for an option, and options that it did not have make ambiguous. */
    { "d", no_argument, NULL, OPTION_DEPLOY_STATE },
    { "h", no_argument, NULL, 'h' },
    { "m", required_argument, NULL, 'm' },
    { "ma", required_argument, NULL, 'm' },
    { "max", required_argument, NULL, 'm' },
    { "max-", required_argument, NULL, 'm' },
    { "max-c", required_argument, NULL, 'm' },
    { "ta", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "tar", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "targ", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "targe", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "target", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "target-", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { "p", required_argument, NULL, 'p' },
    { "pr", required_argument, NULL, 'p' },
    { "s", no_argument, NULL, OPTION_SHOW_TRACE },
    { "t", required_argument, NULL, OPTION_TARGET_PROPERTY },
    { NULL, 0, NULL, 0 },
};

static void end(struct command *command, int status)
{
    command->ends = true;
    command->status = status;
}

static void set_option(struct command *command, const char *key)
{
    if (options_set(&command->options, key, optarg) != 0)
        end(command, USAGE);
}

static void take_flag(struct command *command, int option)
{
    switch (option) {
    case OPTION_DEPLOY_STATE: break;
    case OPTION_NO_COORDINATOR_PROFILE: command->options.coordinator_profile = false; break;
    case OPTION_SHOW_TRACE: command->options.show_trace = true; break;
    case OPTION_XML: command->request.xml = true; break;
    case OPTION_PRINT_MANIFEST: command->request.print = true; break;
    case OPTION_ALLOW_EMPTY: command->request.needs_targets = false; break;
    case OPTION_DRY_RUN: command->options.dry_run = true; break;
    case 'h':
        fputs(usage, stdout);
        end(command, DONE);
        break;
    case 'v':
        puts("dydisnix-reconstruct (" PACKAGE_NAME " " PACKAGE_VERSION ")");
        end(command, DONE);
        break;
    default: fputs("Try 'dydisnix-reconstruct --help'.\n", stderr); end(command, USAGE);
    }
}

static void refuse(struct command *command, const char *option, const char *expected)
{
    log_error(NULL, "--%s=%s: %s expected", option, optarg, expected);
    end(command, USAGE);
}

static bool is_among(const json_t *names, const char *name)
{
    size_t index;
    json_t *other;
    json_array_foreach(names, index, other)
        if (strcmp(json_string_value(other), name) == 0)
            return true;
    return false;
}

static void take_word(struct command *command, bool keep)
{
    json_t **names = keep ? &command->kept : &command->discarded;
    const char *option = keep ? "keep-copy" : "discard-copy";
    if (!*names)
        *names = json_array();
    if (!*optarg || json_array_append_new(*names, json_string(optarg)) != 0)
        refuse(command, option, "the name of a target");
    else if (is_among(keep ? command->discarded : command->kept, optarg))
        refuse(command, option, "one word on a target");
}

static void take_path(struct command *command, const char **path, const char *option)
{
    *path = optarg;
    if (!*optarg)
        refuse(command, option, "a path");
}

static void take_option(struct command *command, int option, int index)
{
    switch (option) {
    case 'p': set_option(command, "profile"); break;
    case 'm': set_option(command, "max-concurrent-transfers"); break;
    case OPTION_KEY: set_option(command, long_options[index].name); break;
    case OPTION_INTERFACE: command->options.interface = optarg; break;
    case OPTION_TARGET_PROPERTY: command->options.target_property = optarg; break;
    case OPTION_COORDINATOR_PROFILE_PATH: command->options.coordinator_profile_directory = optarg; break;
    case OPTION_PREVIOUS: command->request.previous = optarg; break;
    case OPTION_HISTORY: command->state_file = optarg; break;
    case OPTION_REPORT: take_path(command, &command->report_file, "report"); break;
    case OPTION_KEEP_COPY: take_word(command, true); break;
    case OPTION_DISCARD_COPY: take_word(command, false); break;
    case OPTION_SAVE_INPUT: take_path(command, &command->save_input, "save-input"); break;
    case OPTION_REPLAY: take_path(command, &command->request.replay, "replay"); break;
    default: take_flag(command, option);
    }
}

/* What a replay takes leaves the decision as it was. */
static bool fits_replay(int option)
{
    return option == OPTION_REPLAY || option == OPTION_SAVE_INPUT || option == OPTION_REPORT
           || option == OPTION_PRINT_MANIFEST || option == 'h' || option == 'v' || option == '?';
}

static const char *name_of(int option, int index)
{
    return option == 'p' ? "profile" : option == 'm' ? "max-concurrent-transfers" : long_options[index].name;
}

static void parse_options(struct command *command, int argc, char **argv)
{
    const char *profile = getenv("DISNIX_PROFILE");
    int option, index = 0;
    while (!command->ends && (option = option_next(argc, argv, "p:m:hv", long_options, &index)) != -1) {
        if (!fits_replay(option))
            command->not_replayed = name_of(option, index);
        take_option(command, option, index);
    }
    bool given = command->options.profile != options_default.profile || command->request.replay;
    if (!command->ends && !given && profile && *profile
        && options_set(&command->options, "profile", profile) != 0)
        end(command, USAGE);
}

static void parse(struct command *command, int argc, char **argv)
{
    parse_options(command, argc, argv);
    bool replay = command->request.replay;
    if (command->ends)
        return;
    if (replay && (command->not_replayed || optind != argc)) {
        log_error(NULL, "--replay makes a decision again as it was: it takes no %s%s",
                  command->not_replayed ? "--" : "",
                  command->not_replayed ? command->not_replayed : "infrastructure model");
        end(command, USAGE);
        return;
    }
    if (!replay && optind + 1 != argc) {
        log_error(NULL, optind == argc ? "An infrastructure model must be specified!"
                                       : "One infrastructure model is expected: see --help");
        end(command, USAGE);
        return;
    }
    if (!replay)
        command->request.infrastructure = argv[optind];
    if (command->request.print && command->report_file && strcmp(command->report_file, "-") == 0) {
        log_error(NULL, "--print-manifest and --report=- both want standard output");
        end(command, USAGE);
    }
}

static int write_report(const struct command *command, const json_t *report)
{
    CLEANUP_FREE char *text = json_text(report, JSON_INDENT(2) | JSON_SORT_KEYS);
    CLEANUP_FREE char *line = text ? string_format("%s\n", text) : NULL;
    if (!command->report_file)
        return 0;
    if (line && strcmp(command->report_file, "-") == 0)
        return fputs(line, stdout) < 0 || fflush(stdout) != 0 ? -1 : 0;
    if (line && write_output(command->report_file, line, strlen(line)) == 0)
        return 0;
    log_error(NULL, "%s: %s", command->report_file, strerror(errno));
    return -1;
}

static int print_manifest(xmlBufferPtr manifest)
{
    size_t length = (size_t)xmlBufferLength(manifest);
    if (fwrite(xmlBufferContent(manifest), 1, length, stdout) == length && fflush(stdout) == 0)
        return 0;
    log_error(NULL, "standard output: %s", strerror(errno));
    return -1;
}

static const size_t history_limit = (size_t)1 << 30;

/* The host's state file is what the event's history is made from: the same members. */
static int read_history(const char *file, json_t **history)
{
    json_error_t error;
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    if (!file)
        return 0;
    if (operations->read(file, history_limit, &text, &length) != 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return -1;
    }
    *history = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(*history))
        return 0;
    log_error(NULL, "%s: %s", file, *history ? "no JSON object" : error.text);
    return -1;
}

/* Replaces *path by one from the root, so that it can never be taken for an option or a search path of
 * Nix. */
static int make_absolute(const char **path, char **made)
{
    *made = *path ? realpath(*path, NULL) : NULL;
    if (*path && !*made) {
        log_error(NULL, "%s: %s", *path, strerror(errno));
        return -1;
    }
    *path = *made;
    return 0;
}

/* Of a directory that is not there yet, without slashes at its end. */
static int place_input(struct command *command, char **made)
{
    const char *given = command->save_input;
    size_t length = given ? strlen(given) : 0;
    if (!given)
        return 0;
    CLEANUP_FREE char *here = given[0] == '/' ? strdup("") : getcwd(NULL, 0);
    while (length > 1 && given[length - 1] == '/')
        length--;
    *made = here ? string_format("%s%s%.*s", here, *here ? "/" : "", (int)length, given) : NULL;
    command->options.save_input = *made;
    command->request.needs_input = true;
    if (length > 0 && *made)
        return 0;
    log_error(NULL, "%s: %s", given, length > 0 ? strerror(errno) : "no directory");
    return -1;
}

/* The report goes where it is wanted, and to people, unless standard output has something else. */
static int tell(const struct command *command, const json_t *report, xmlBufferPtr manifest)
{
    int status = 0;
    if (json_object_size(report) > 1 && write_report(command, report) != 0)
        status = -1;
    if (manifest)
        return print_manifest(manifest) == 0 ? status : -1;
    if (command->request.print || (command->report_file && strcmp(command->report_file, "-") == 0))
        return status;
    if (table_print(report, stdout, table_wants_colours(stdout)) == 0)
        return status;
    log_error(NULL, "standard output: %s", strerror(errno));
    return -1;
}

static int run(struct command *command)
{
    CLEANUP_JSON json_t *report = NULL, *history = NULL;
    CLEANUP_BUFFER xmlBufferPtr manifest = NULL;
    CLEANUP_FREE char *infrastructure = NULL, *replay = NULL, *input = NULL;
    if (make_absolute(&command->request.infrastructure, &infrastructure) != 0
        || make_absolute(&command->request.replay, &replay) != 0 || place_input(command, &input) != 0
        || read_history(command->state_file, &history) != 0)
        return -1;
    if (!history && (command->kept || command->discarded))
        history = json_object();
    json_object_update_new(
        history, json_pack("{so* so*}", "keepCopy", command->kept, "discardCopy", command->discarded));
    command->request.history = history;
    int status = reconstruct(&command->request, &command->options, &report, &manifest);
    if (status != 0) {
        xmlBufferFree(manifest);
        manifest = NULL;
    }
    return tell(command, report, manifest) == 0 ? status : -1;
}

/* What the parent waits for. */
static void waited_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* Programs are started in process groups of their own, so the terminal's interrupt does not reach them: the
 * work is done in a child, and whoever ends us ends all of it. */
static int supervise(pid_t worker)
{
    sigset_t set;
    int status = 0, number = 0;
    waited_signals(&set);
    while (waitpid(worker, &status, WNOHANG) == 0) {
        if (sigwait(&set, &number) != 0 || number == SIGCHLD)
            continue;
        descendants_signal(getpid(), NULL, 0, SIGKILL);
        waitpid(worker, &status, 0);
        log_error(NULL, "ended by signal %d (%s)", number, strsignal(number));
        return 128 + number;
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    log_error(NULL, "ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return FAILED;
}

static pid_t start_worker(struct command *command)
{
    sigset_t set, before;
    waited_signals(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    pid_t worker = fork();
    if (worker != 0)
        return worker;
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGINT, SIG_IGN);                 /* the parent decides */
    exit(run(command) == 0 ? DONE : FAILED); /* not _exit(): nothing is buffered, and leaks are found */
}

/* Of one that was killed without notice. closure: the path of roots up to the number of their process. */
static int remove_leftover(void *closure, const char *name)
{
    const char *beginning = closure, *slash = strrchr(beginning, '/');
    size_t length = strlen(slash + 1);
    long process = strncmp(name, slash + 1, length) == 0 ? strtol(name + length, NULL, 10) : 0;
    if (process > 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH) {
        CLEANUP_FREE char *path = string_format("%s%ld", beginning, process);
        operations->remove(path);
    }
    return 0;
}

/* Beside the coordinator profile, which a Nix daemon has to see anyhow: our /tmp need not be its own.
 * malloc()ed; NULL: there is no such place, or none is needed. */
static char *place_roots(const struct command *command)
{
    const struct options *options = &command->options;
    if (options->dry_run || !options->coordinator_profile || command->request.print
        || command->request.replay)
        return NULL;
    CLEANUP_FREE char *profile =
        coordinator_profile_path(options->coordinator_profile_directory, options->profile);
    char *slash = profile ? strrchr(profile, '/') : NULL;
    if (!slash)
        return NULL;
    CLEANUP_FREE char *directory = strndup(profile, (size_t)(slash - profile) + 1);
    CLEANUP_FREE char *beginning =
        string_format("%.*s/.%s.roots-", (int)(slash - profile), profile, slash + 1);
    if (!directory || !beginning)
        return NULL;
    operations->list(directory, remove_leftover, beginning);
    return string_format("%s%ld", beginning, (long)getpid());
}

static int work(struct command *command)
{
    CLEANUP_FREE char *roots = place_roots(command);
    int status = FAILED;
    command->options.roots = roots;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t worker = start_worker(command);
    if (worker > 0)
        status = supervise(worker);
    else
        log_error(NULL, "cannot start: %s", strerror(errno));
    if (roots)
        operations->remove(roots);
    return status;
}

int main(int argc, char **argv)
{
    struct command command = { .options = options_default, .request.needs_targets = true };
    operations_use(&real_operations);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write that fails says so */
    parse(&command, argc, argv);
    int status = command.ends ? command.status : work(&command);
    json_decref(command.kept);
    json_decref(command.discarded);
    return status;
}
