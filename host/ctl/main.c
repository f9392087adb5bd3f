/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-self-adaptctl: asks a running loop, or reads what it has written.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/ctl/disputes.h"
#include "host/ctl/events.h"
#include "host/ctl/status.h"
#include "host/ctl/telling.h"
#include "host/ctl/watch.h"
#include "host/ctl/words.h"
#include "host/settings/default-paths.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-text.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

enum { DONE = 0, FAILED = 1, USAGE = 2, DEGRADED = 3 };

static const size_t answer_limit = (size_t)64 << 20;

static const char usage[] =
    "Usage: dydisnix-self-adaptctl [OPTION]... COMMAND\n"
    "\n"
    "Asks the dydisnix-self-adapt that runs a profile.\n"
    "\n"
    "Commands:\n"
    "  status                           the condition, where everything runs, and what needs a person\n"
    "  events                           what has happened\n"
    "  story                            what cycles did, and why, in words\n"
    "  explain TARGET|COMPONENT         what is known of one, and what happened to it\n"
    "  trigger                          run a cycle now\n"
    "  pause                            adapt nothing until resume\n"
    "  resume                           go on\n"
    "  disputes                         which copies of state are in dispute\n"
    "  keep-copy TARGET [COMPONENT]     let the copy on a target live\n"
    "  discard-copy TARGET [COMPONENT]  give up the copy on a target; deploy to a held target\n"
    "  restore SNAPSHOT                 bring CONTAINER/COMPONENT/NAME back\n"
    "\n"
    "prefer and accept are other names of keep-copy and discard-copy.\n"
    "\n"
    "Options:\n"
    "  -p, --profile=NAME         profile (default: default)\n"
    "      --socket=FILE          the socket of the loop\n"
    "      --state-dir=DIRECTORY  where the loop keeps what it knows\n"
    "      --json                 print JSON documents, one a line\n"
    "  -y, --yes                  do not ask before a decision about state\n"
    "      --check                status: in one line; ends with 3 unless all is well\n"
    "      --watch                status: again whenever something happens, until interrupted\n"
    "  -n, --lines=NUMBER         events, story: so many of the last ones (default: 20)\n"
    "  -f, --follow               events: and those to come, until interrupted\n"
    "  -h, --help                 print this text\n"
    "  -v, --version              print the version\n"
    "\n"
    "Environment: DISNIX_PROFILE, XDG_RUNTIME_DIR, XDG_STATE_HOME.\n"
    "Exit status: 0 done, 1 failed or no such loop, 2 wrong usage, 3 not well (--check).\n";

struct call {
    const char *profile, *socket, *state_directory;
    const char *command, *target, *component, *snapshot, *subject;
    bool json, follow, yes, check, watch;
    long lines;
};

/* A connected socket, or -1 with errno set. */
static int connect_to(const char *path)
{
    struct sockaddr_un address;
    CLEANUP_FD int directory = -1;
    int fd = -1;
    errno = ENOENT;
    if (path && socket_address(path, &address, &directory) == 0)
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* The loop of the profile: where it was said to be, or in the usual places. -1 with errno set and the path
 * of the last try, malloc()ed. */
static int find_loop(const struct call *call, char **path)
{
    *path = call->socket ? string_format("%s", call->socket) : default_socket(call->profile);
    int fd = connect_to(*path);
    if (fd >= 0 || call->socket || geteuid() != 0)
        return fd;
    free(*path);
    *path = system_socket(call->profile);
    return connect_to(*path);
}

static bool loop_runs(const struct call *call)
{
    CLEANUP_FREE char *path = NULL;
    CLEANUP_FD int fd = find_loop(call, &path);
    return fd >= 0;
}

/* The line that is the answer, malloc()ed, up to its newline. */
static char *read_line(int fd)
{
    size_t size = 4096, length = 0;
    char *text = malloc(size);
    while (text) {
        ssize_t got = read(fd, text + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        char *newline = got > 0 ? memchr(text + length, '\n', (size_t)got) : NULL;
        if (newline) {
            *newline = '\0';
            return text;
        }
        length += got > 0 ? (size_t)got : 0;
        if (length == size)
            size *= 2;
        char *grown = got > 0 && size < answer_limit ? realloc(text, size) : NULL;
        if (!grown)
            free(text);
        text = grown;
    }
    return NULL;
}

/* Sends the request and gives the answer back, a new reference; NULL after a message. */
static json_t *ask(const struct call *call, const char *command)
{
    CLEANUP_FREE char *path = NULL;
    CLEANUP_FD int fd = find_loop(call, &path);
    if (fd < 0) {
        fprintf(stderr, "dydisnix-self-adaptctl: no loop runs the profile %s: %s: %s\n", call->profile,
                path ? path : "no XDG_RUNTIME_DIR", path ? strerror(errno) : "--socket is needed");
        return NULL;
    }
    CLEANUP_JSON json_t *request =
        json_pack("{si ss ss* ss* ss*}", "version", 1, "command", command, "target", call->target,
                  "component", call->component, "snapshot", call->snapshot);
    CLEANUP_FREE char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    CLEANUP_FREE char *line = text ? string_format("%s\n", text) : NULL, *answered = NULL;
    if (!line) {
        complain("", "this cannot be asked: it is not UTF-8");
        return NULL;
    }
    if (send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line))
        answered = read_line(fd);
    json_t *answer = answered ? json_loads(answered, 0, NULL) : NULL;
    const char *error = json_string_value(json_object_get(answer, "error"));
    if (json_is_object(answer) && !error)
        return answer;
    complain("", error ? error : "the loop gives no answer");
    json_decref(answer);
    return NULL;
}

/* Where the loop that gave the answer, or, where none runs, the last one, keeps what it knows; malloc()ed. */
static char *directory_of(const struct call *call, const json_t *answer)
{
    const char *told = json_string_value(json_object_get(answer, "stateDirectory"));
    CLEANUP_FREE char *usual = told || call->state_directory ? NULL : default_state_directory();
    const char *parent = call->state_directory ? call->state_directory : usual;
    if (told)
        return string_format("%s", told);
    return parent ? string_format("%s/%s", parent, call->profile) : NULL;
}

/* From the loop that runs, or where it usually is. malloc()ed; NULL after a message. */
static char *find_state_directory(const struct call *call)
{
    if (call->state_directory || (!loop_runs(call) && !call->socket))
        return directory_of(call, NULL);
    CLEANUP_JSON json_t *status = ask(call, "status");
    return status ? directory_of(call, status) : NULL;
}

/* Why the loop holds a target; malloc()ed, NULL: it does not. */
static char *why_held(const json_t *state, const char *name)
{
    const json_t *target = json_object_get(json_object_get(state, "targets"), name);
    const json_t *held = json_object_get(target, "held");
    const char *text = json_string_value(json_object_get(held, "text"));
    if (!held && !json_object_get(target, "blind"))
        return NULL;
    return string_format("%s", text ? text : "it is not known what runs on it");
}

/* A held target may be taken in by the same word. */
static int describe_held(const struct call *call, const json_t *state)
{
    CLEANUP_FREE char *held = call->component ? NULL : why_held(state, call->target);
    CLEANUP_FREE char *reason = NULL;
    if (held && !call->json) {
        print_padded(call->target, 0);
        fputs(" is taken in although it is held: ", stdout);
        print_padded(held, 0);
        putchar('\n');
    }
    if (held)
        return 0;
    reason = call->component
                 ? string_format("%s is not in dispute on target %s", call->component, call->target)
                 : string_format("nothing is in dispute on target %s, and it is not held", call->target);
    return complain(call->command, reason ? reason : "out of memory");
}

/* Says what the word will do. -1 after a message: it makes no sense. */
static int describe(const struct call *call, const json_t *state)
{
    const struct disputes_word word = { strcmp(call->command, "keep-copy") == 0, call->target,
                                        call->component };
    if (call->target)
        return disputes_tell(state, &word, call->json, operations->clock()) > 0 ? 0
                                                                                : describe_held(call, state);
    if (!call->json) {
        puts("What the component of that snapshot has now is saved, and replaced by it.");
        disputes_tell_snapshot(state, call->snapshot);
    }
    return 0;
}

/* Whether a person agrees. */
static bool agrees(void)
{
    char answer[16] = "";
    fputs("Do that? [y/N] ", stdout);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* 0: the word may be said. */
static int confirm(const struct call *call)
{
    CLEANUP_FREE char *directory = find_state_directory(call);
    CLEANUP_JSON json_t *state = directory ? disputes_read_state(directory) : NULL;
    if (!state || describe(call, state) != 0)
        return -1;
    if (call->yes)
        return 0;
    if (!isatty(STDIN_FILENO))
        return complain(call->command, "nobody can be asked whether to do that; say --yes");
    return agrees() ? 0 : complain(call->command, "nothing is done");
}

static int show_disputes(const struct call *call)
{
    CLEANUP_FREE char *directory = find_state_directory(call);
    CLEANUP_JSON json_t *state = directory ? disputes_read_state(directory) : NULL;
    if (!state)
        return -1;
    disputes_print(state, call->json, operations->clock());
    return fflush(stdout) == 0 ? 0 : complain("standard output", strerror(errno));
}

/* An option with its value, "" where value is NULL; malloc()ed. */
static char *option_words(const char *option, const char *value)
{
    CLEANUP_FREE char *word = value ? string_shell_word(value) : NULL;
    return string_format("%s%s%s", value ? " " : "", value ? option : "", word ? word : "");
}

/* How this program is called for this loop, for a person to call it again; malloc()ed. */
static char *own_command(const struct call *call)
{
    const bool usual = strcmp(call->profile, "default") == 0;
    CLEANUP_FREE char *profile = option_words("-p ", usual ? NULL : call->profile),
                      *socket = option_words("--socket=", call->socket),
                      *directory = option_words("--state-dir=", call->state_directory);
    return profile && socket && directory
               ? string_format("dydisnix-self-adaptctl%s%s%s", profile, socket, directory)
               : NULL;
}

/* What is known, also when no loop runs; *runs: one does. */
static json_t *look(const struct call *call, bool *runs)
{
    CLEANUP_JSON json_t *answer = ask(call, "status");
    CLEANUP_FREE char *directory = directory_of(call, answer), *command = own_command(call);
    CLEANUP_FREE char *file = directory ? string_format("%s/state.json", directory) : NULL;
    const bool kept = file && operations->inspect(file, NULL) != DYDISNIX_ABSENT;
    CLEANUP_JSON json_t *state = kept ? disputes_read_state(directory) : NULL;
    *runs = answer != NULL;
    if (!answer && file && !kept)
        complain(directory,
                 "nothing is known here; --state-dir=DIRECTORY tells where the loop keeps what it knows");
    return file && command ? status_look(answer, state, command, call->profile) : NULL;
}

static int show_status(const struct call *call)
{
    bool runs;
    CLEANUP_JSON json_t *status = look(call, &runs);
    CLEANUP_FREE char *text = status && call->json ? json_text(status, JSON_COMPACT) : NULL;
    bool well = true;
    if (!status)
        return FAILED;
    if (text)
        puts(text);
    else if (!call->check)
        status_print(status, operations->clock());
    if (call->check)
        well = (call->json ? status_is_well : status_check)(status);
    if (fflush(stdout) != 0)
        return complain("standard output", strerror(errno)), FAILED;
    return !runs ? FAILED : well ? DONE : DEGRADED;
}

/* A loop that has died may be started again. */
static int draw_status(void *closure)
{
    show_status(closure);
    return 0;
}

static int run_status(struct call *call)
{
    CLEANUP_FREE char *directory = call->watch ? find_state_directory(call) : NULL;
    if (!call->watch)
        return show_status(call);
    return directory && watch_draw(directory, draw_status, call) == 0 ? DONE : FAILED;
}

static int show_story(const struct call *call)
{
    CLEANUP_FREE char *directory = find_state_directory(call);
    return directory ? telling_print(directory, (size_t)call->lines) : -1;
}

static int explain(const struct call *call)
{
    CLEANUP_FREE char *directory = find_state_directory(call), *command = own_command(call);
    CLEANUP_JSON json_t *answer = loop_runs(call) ? ask(call, "status") : NULL;
    CLEANUP_JSON json_t *state = directory ? disputes_read_state(directory) : NULL;
    CLEANUP_JSON json_t *status =
        state && command ? status_look(answer, state, command, call->profile) : NULL;
    return status ? telling_explain(status, state, directory, call->subject, operations->clock()) : -1;
}

static int run(const struct call *call)
{
    if (strcmp(call->command, "story") == 0)
        return show_story(call);
    if (strcmp(call->command, "explain") == 0)
        return explain(call);
    if (strcmp(call->command, "disputes") == 0)
        return show_disputes(call);
    if ((call->target || call->snapshot) && confirm(call) != 0)
        return -1;
    if (strcmp(call->command, "events") == 0) {
        CLEANUP_FREE char *directory = find_state_directory(call);
        return directory ? events_print(directory, (size_t)call->lines, call->follow, call->json) : -1;
    }
    CLEANUP_JSON json_t *answer = ask(call, call->command);
    if (!answer)
        return -1;
    CLEANUP_FREE char *text = call->json ? json_text(answer, JSON_COMPACT) : NULL;
    if (text)
        puts(text);
    return fflush(stdout) == 0 ? 0 : complain("standard output", strerror(errno));
}

static int wrong(const char *about, const char *reason)
{
    complain(about, reason);
    fputs("Try 'dydisnix-self-adaptctl --help'.\n", stderr);
    return USAGE;
}

/* What may follow a command. */
static const struct {
    const char *name, *command;
    int least, most; /* how many words */
    const char *wanted;
} commands[] = { { "status", "status", 0, 0, "it takes no argument" },
                 { "events", "events", 0, 0, "it takes no argument" },
                 { "story", "story", 0, 0, "it takes no argument" },
                 { "explain", "explain", 1, 1, "a target, a service or a component is needed" },
                 { "disputes", "disputes", 0, 0, "it takes no argument" },
                 { "trigger", "trigger", 0, 0, "it takes no argument" },
                 { "pause", "pause", 0, 0, "it takes no argument" },
                 { "resume", "resume", 0, 0, "it takes no argument" },
                 { "keep-copy", "keep-copy", 1, 2, "a target is needed, and perhaps a component" },
                 { "prefer", "keep-copy", 1, 2, "a target is needed, and perhaps a component" },
                 { "discard-copy", "discard-copy", 1, 2, "a target is needed, and perhaps a component" },
                 { "accept", "discard-copy", 1, 2, "a target is needed, and perhaps a component" },
                 { "restore", "restore", 1, 1, "a snapshot is needed, CONTAINER/COMPONENT/NAME" } };

static int no_such_command(const char *word)
{
    struct nearest nearest = { .word = word };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        nearest_try(&nearest, commands[i].name);
    CLEANUP_FREE char *question = nearest_question(&nearest);
    CLEANUP_FREE char *reason = string_format("there is no such command%s", question ? question : "");
    return wrong(word, reason ? reason : "there is no such command");
}

/* -1: go on. */
static int take_command(struct call *call, int count, char **words)
{
    size_t i = 0;
    if (count == 0)
        return wrong("", "a command is needed");
    while (i < sizeof commands / sizeof *commands && strcmp(commands[i].name, words[0]) != 0)
        i++;
    if (i == sizeof commands / sizeof *commands)
        return no_such_command(words[0]);
    const bool restores = strcmp(words[0], "restore") == 0, explains = strcmp(words[0], "explain") == 0;
    if (count - 1 < commands[i].least || count - 1 > commands[i].most
        || (restores && !is_snapshot_name(words[1])))
        return wrong(words[0], commands[i].wanted);
    call->command = commands[i].command;
    call->snapshot = restores ? words[1] : NULL;
    call->subject = explains ? words[1] : NULL;
    call->target = restores || explains || count < 2 ? NULL : words[1];
    call->component = count > 2 ? words[2] : NULL;
    return is_profile_name(call->profile) ? -1 : wrong(call->profile, "the name of a profile is expected");
}

static int take_option(struct call *call, int option)
{
    char *end;
    switch (option) {
    case 'p': call->profile = optarg; break;
    case 's': call->socket = optarg; break;
    case 'd': call->state_directory = optarg; break;
    case 'j': call->json = true; break;
    case 'f': call->follow = true; break;
    case 'y': call->yes = true; break;
    case 'c': call->check = true; break;
    case 'w': call->watch = true; break;
    case 'n':
        call->lines = strtol(optarg, &end, 10);
        if (end == optarg || *end || call->lines < 0)
            return wrong(optarg, "a number is expected");
        break;
    case 'h': fputs(usage, stdout); return DONE;
    case 'v': puts("dydisnix-self-adaptctl (" PACKAGE_NAME " " PACKAGE_VERSION ")"); return DONE;
    default: fputs("Try 'dydisnix-self-adaptctl --help'.\n", stderr); return USAGE;
    }
    return -1;
}

static int read_call(struct call *call, int argc, char **argv)
{
    static const struct option options[] = {
        { "profile", required_argument, NULL, 'p' },   { "socket", required_argument, NULL, 's' },
        { "state-dir", required_argument, NULL, 'd' }, { "json", no_argument, NULL, 'j' },
        { "follow", no_argument, NULL, 'f' },          { "yes", no_argument, NULL, 'y' },
        { "check", no_argument, NULL, 'c' },           { "watch", no_argument, NULL, 'w' },
        { "lines", required_argument, NULL, 'n' },     { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },         { NULL, 0, NULL, 0 },
    };
    const char *profile = getenv("DISNIX_PROFILE");
    int option, status = -1;
    *call = (struct call){ .profile = profile && *profile ? profile : "default", .lines = 20 };
    while (status < 0 && (option = option_next(argc, argv, "p:fn:yhv", options, NULL)) != -1)
        status = take_option(call, option);
    return status < 0 ? take_command(call, argc - optind, argv + optind) : status;
}

int main(int argc, char **argv)
{
    struct call call;
    operations_use(&real_operations);
    int status = read_call(&call, argc, argv);
    if (status >= 0)
        return status;
    return strcmp(call.command, "status") == 0 ? run_status(&call) : run(&call) == 0 ? DONE : FAILED;
}
