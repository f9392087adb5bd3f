/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/agent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static json_t *words(const char *const *argv)
{
    json_t *array = json_array();

    for (size_t i = 0; array && argv[i]; i++) {
        if (json_array_append_new(array, json_string(argv[i])) != 0) {
            log_error(NULL, "an argument that is not UTF-8");
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int send_program(int fd, const struct agent_program *program)
{
    const int fds[] = { program->in, program->out, program->err };
    json_t *argv = words(program->argv);
    CLEANUP_JSON json_t *message = NULL;

    if (argv)
        message = json_pack("{s:o, s:s*}", "run", argv, "directory", program->directory);
    return message ? channel_send(fd, message, fds, 3) : -1;
}

static int status_of(const char *machine, const char *line)
{
    CLEANUP_JSON json_t *answer = line ? json_loads(line, 0, NULL) : NULL;
    const char *error = NULL;
    int number;

    if (json_unpack(answer, "{s:i}", "exited", &number) == 0)
        return number;
    if (json_unpack(answer, "{s:i}", "signalled", &number) == 0)
        log_error(machine, "killed by signal %d", number);
    else if (json_unpack(answer, "{s:s}", "error", &error) == 0)
        log_error(machine, "%s", error);
    else
        log_error(machine, "the connection was lost");
    return AGENT_LOST;
}

static void pass_signal(int signals, int fd)
{
    struct signalfd_siginfo info;

    if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    CLEANUP_JSON json_t *message = json_pack("{s:i}", "signal", (int)info.ssi_signo);
    if (message)
        channel_send(fd, message, NULL, 0);
}

/* Waits for the answer and passes signals on. */
static char *wait_with_signals(struct channel *channel, int signals)
{
    char *line;

    while ((line = channel_line(channel)) == NULL) {
        struct pollfd events[] = { { .fd = channel->fd, .events = POLLIN },
                                   { .fd = signals, .events = POLLIN } };
        if (poll(events, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (events[1].revents & POLLIN)
            pass_signal(signals, channel->fd);
        if (events[0].revents && channel_fill(channel) <= 0)
            return NULL;
    }
    return line;
}

int agent_run(const struct agent_program *program)
{
    CLEANUP_FREE char *path = machine_path(program->machine, "run/agent");
    CLEANUP_FD int signals = -1;
    struct channel channel;
    int result = AGENT_LOST;

    if (!path)
        return AGENT_LOST;
    if (program->forward_signals) {
        sigset_t passed;
        sigemptyset(&passed);
        sigaddset(&passed, SIGTERM);
        sigaddset(&passed, SIGINT);
        sigaddset(&passed, SIGHUP);
        sigaddset(&passed, SIGQUIT);
        sigprocmask(SIG_BLOCK, &passed, NULL);
        signals = signalfd(-1, &passed, SFD_CLOEXEC);
    }
    channel_open(&channel, channel_connect(path));
    if (channel.fd < 0) {
        log_error(program->machine, "cannot be reached: %s", strerror(errno));
    } else if (send_program(channel.fd, program) == 0) {
        CLEANUP_FREE char *line = wait_with_signals(&channel, signals);
        result = status_of(program->machine, line);
    }
    channel_close(&channel);
    return result;
}

json_t *agent_ask(const char *machine, json_t *question, int milliseconds)
{
    CLEANUP_JSON json_t *owned = question;
    CLEANUP_FREE char *path = machine_path(machine, "run/agent");
    CLEANUP_FREE char *text = owned ? json_dumps(owned, JSON_COMPACT) : NULL;

    return path && text ? channel_ask(path, text, milliseconds) : NULL;
}
