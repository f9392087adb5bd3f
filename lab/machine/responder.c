/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-lab responder: a service that tells what it is, what it stores, and what its dependencies answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lab/base/channel.h"
#include "lab/base/questions.h"
#include "lab/base/tree.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define STATE_LIMIT (64u << 20)
#define QUESTION_DEADLINE 60000

struct responder {
    const char *service;
    const char *version;
    bool stateful;
    char **depends; /* NAME=MACHINE/COMPONENT; NULL-terminated */
    char *socket;
    char *state; /* the file; NULL: no state */
};

static json_t *read_lines(const char *path)
{
    CLEANUP_FREE char *text = file_text(path, STATE_LIMIT);
    json_t *lines = json_array();
    char *rest = NULL;

    if (!text)
        return lines;
    for (char *line = strtok_r(text, "\n", &rest); lines && line; line = strtok_r(NULL, "\n", &rest))
        json_array_append_new(lines, json_string(line));
    return lines;
}

static void add_dependency(json_t *answers, const char *dependency)
{
    const char *equals = strchr(dependency, '=');
    const char *slash = equals ? strchr(equals, '/') : NULL;

    if (!slash)
        return;
    CLEANUP_FREE char *name = strndup(dependency, (size_t)(equals - dependency));
    CLEANUP_FREE char *machine = strndup(equals + 1, (size_t)(slash - equals - 1));
    json_t *answer = name && machine ? question_ask(machine, slash + 1, "ask") : NULL;
    if (!answer)
        answer = json_pack("{s:s}", "error", "does not answer");
    if (name)
        json_object_set_new(answers, name, answer);
    else
        json_decref(answer);
}

static json_t *describe_responder(const struct responder *responder)
{
    json_t *dependencies = json_object();
    json_t *answer = json_pack("{s:s, s:s, s:s*, s:s*, s:o}", "service", responder->service, "version",
                               responder->version, "machine", getenv("DYDISNIX_LAB_MACHINE"), "component",
                               getenv("COMPONENT"), "dependencies", dependencies);

    if (answer && responder->state)
        json_object_set_new(answer, "state", read_lines(responder->state));
    for (char **dependency = responder->depends; answer && *dependency; dependency++)
        add_dependency(dependencies, *dependency);
    return answer;
}

/* On the disk before it is acknowledged. */
static json_t *append_line(const struct responder *responder, const char *text)
{
    CLEANUP_FREE char *line = string_format("%s\n", text);
    CLEANUP_FD int file = -1;

    if (!responder->state)
        return json_pack("{s:s}", "error", "this service has no state");
    file = open(responder->state, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (!line || file < 0 || write(file, line, strlen(line)) != (ssize_t)strlen(line) || fsync(file) != 0)
        return json_pack("{s:s}", "error", strerror(errno));
    return json_pack("{s:b}", "ok", 1);
}

static void serve_client(const struct responder *responder, int fd)
{
    struct channel channel;

    channel_open(&channel, fd);
    CLEANUP_FREE char *question = channel_wait(&channel, QUESTION_DEADLINE);
    CLEANUP_JSON json_t *answer = NULL;
    if (question && strncmp(question, "write ", 6) == 0)
        answer = append_line(responder, question + 6);
    else if (question)
        answer = describe_responder(responder);
    if (answer)
        channel_send(fd, answer, NULL, 0);
    channel_close(&channel);
}

/* Each question has a process of its own: services may ask each other in a circle. */
static int serve_all(const struct responder *responder)
{
    char *slash = strrchr(responder->socket, '/');

    *slash = '\0';
    int listening = channel_listen(responder->socket, slash + 1);
    if (listening < 0 || fcntl(listening, F_SETFL, 0) != 0) {
        log_error(NULL, "%s: %s", responder->socket, strerror(errno));
        return 1;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            serve_client(responder, fd);
            _exit(0);
        }
        close(fd);
    }
}

enum { OPTION_SERVICE = 0x100, OPTION_VERSION, OPTION_STATEFUL, OPTION_DEPENDS };

static int read_responder_options(int argc, char **argv, struct responder *responder)
{
    static const struct option options[] = { { "service", required_argument, NULL, OPTION_SERVICE },
                                             { "version", required_argument, NULL, OPTION_VERSION },
                                             { "stateful", no_argument, NULL, OPTION_STATEFUL },
                                             { "depends", required_argument, NULL, OPTION_DEPENDS },
                                             { NULL, 0, NULL, 0 } };
    size_t count = 0;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPTION_SERVICE: responder->service = optarg; break;
        case OPTION_VERSION: responder->version = optarg; break;
        case OPTION_STATEFUL: responder->stateful = true; break;
        case OPTION_DEPENDS: responder->depends[count++] = optarg; break;
        default: return -1;
        }
    }
    return optind == argc ? 0 : -1;
}

static int open_state(struct responder *responder)
{
    const char *directory = getenv("STATE");

    if (!directory || operations->make_directory(directory, 0755) != 0) {
        log_error(NULL, "STATE: %s", strerror(errno));
        return -1;
    }
    responder->state = string_format("%s/lines", directory);
    return responder->state ? 0 : -1;
}

int responder_main(int argc, char **argv)
{
    CLEANUP_FREE char **depends = calloc((size_t)argc + 1, sizeof *depends);
    CLEANUP_FREE char *socket = getenv("SOCKET") ? strdup(getenv("SOCKET")) : NULL;
    struct responder responder = {
        .service = "service", .version = "1", .depends = depends, .socket = socket
    };
    int status;

    if (!depends || !socket || !strchr(socket, '/') || read_responder_options(argc, argv, &responder) != 0) {
        fputs("Usage: dydisnix-lab responder [--service=NAME] [--version=VERSION] [--stateful] "
              "[--depends=NAME=MACHINE/COMPONENT...]\nwith SOCKET and STATE in the environment\n",
              stderr);
        return 2;
    }
    if (responder.stateful && open_state(&responder) != 0)
        return 1;
    status = serve_all(&responder);
    free(responder.state);
    return status;
}
