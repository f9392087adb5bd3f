/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A machine's first process: runs what it is asked to run, keeps the services running, reaps orphans. When it
 * ends, everything on the machine ends; it ends with the master.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/machine/service.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

#define LIFE_FD 3
#define CONNECTIONS_MOST 1024

/* Somebody who asks. */
struct connection {
    struct connection *next;
    struct channel channel;
    pid_t pid;       /* the program that runs for it, or 0 */
    char *container; /* the service whose stop it waits for, or NULL */
    char *component;
    bool over;
};

static struct connection *connections;

/* A new process may not have made its group yet. */
static void answer_connection(struct connection *connection, json_t *message)
{
    CLEANUP_JSON json_t *owned = message;

    if (!owned || channel_send(connection->channel.fd, owned, NULL, 0) != 0)
        connection->over = true;
}

static void refuse_connection(struct connection *connection, const char *why)
{
    answer_connection(connection, json_pack("{s:s}", "error", why));
    connection->over = true;
}

/* In the new process. */
static void become_program(const struct connection *connection, char **argv, const char *directory)
{
    sigset_t none;

    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < CHANNEL_FDS; i++)
        dup2(connection->channel.fds[i], i);
    if (chdir(directory) != 0 && chdir("/") != 0)
        return;
    execvp(argv[0], argv);
    log_error(getenv("DYDISNIX_LAB_MACHINE"), "%s: %s", argv[0], strerror(errno));
}

static void run_program_for(struct connection *connection, const json_t *words, const char *directory)
{
    size_t count = json_array_size(words);
    CLEANUP_FREE char **argv = calloc(count + 1, sizeof *argv);

    for (size_t i = 0; argv && i < count; i++)
        argv[i] = (char *)json_string_value(json_array_get(words, i));
    if (!argv || count == 0 || !argv[0] || connection->channel.fd_count != CHANNEL_FDS || connection->pid) {
        refuse_connection(connection, "a program needs arguments and three files");
        return;
    }
    connection->pid = fork();
    if (connection->pid == 0) {
        become_program(connection, argv, directory ? directory : getenv("HOME"));
        _exit(127);
    }
    if (connection->pid < 0) {
        connection->pid = 0;
        refuse_connection(connection, strerror(errno));
    }
    /* Readers of its output must see the end when it ends. */
    for (size_t i = 0; i < connection->channel.fd_count; i++)
        close(connection->channel.fds[i]);
    connection->channel.fd_count = 0;
}

static void stop_service_for(struct connection *connection, const char *container, const char *component)
{
    service_stop(container, component);
    if (!service_is_there(container, component)) {
        answer_connection(connection, json_pack("{s:b}", "done", 1));
        return;
    }
    free(connection->container);
    free(connection->component);
    connection->container = strdup(container);
    connection->component = strdup(component);
}

static void serve_service(struct connection *connection, const char *what, const char *container,
                          const char *component)
{
    if (!is_machine_name(container) || !is_machine_name(component))
        refuse_connection(connection, "not a component");
    else if (strcmp(what, "stop") == 0)
        stop_service_for(connection, container, component);
    else if (strcmp(what, "start") == 0 && service_start(container, component))
        answer_connection(connection, json_pack("{s:b}", "done", 1));
    else
        refuse_connection(connection, "cannot be started");
}

static void serve_request(struct connection *connection, const char *line)
{
    CLEANUP_JSON json_t *request = json_loads(line, 0, NULL);
    const char *what, *container, *component, *directory = NULL;
    json_t *words;
    int number;

    if (json_unpack(request, "{s:o, s?s}", "run", &words, "directory", &directory) == 0)
        run_program_for(connection, words, directory);
    else if (json_unpack(request, "{s:i}", "signal", &number) == 0 && number > 0) {
        if (connection->pid > 0)
            signal_group(connection->pid, number);
    } else if (json_unpack(request, "{s:s, s:s, s:s}", "service", &what, "container", &container, "component",
                           &component)
               == 0)
        serve_service(connection, what, container, component);
    else if (json_object_get(request, "services"))
        answer_connection(connection, json_pack("{s:o}", "services", services_describe()));
    else
        refuse_connection(connection, "not a request");
}

static void hear_connection(struct connection *connection)
{
    int got = channel_fill(&connection->channel);
    char *line;

    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        connection->over = true;
        return;
    }
    while (!connection->over && (line = channel_line(&connection->channel)) != NULL) {
        serve_request(connection, line);
        free(line);
    }
}

static void welcome(int listening, size_t count)
{
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct connection *connection = NULL;

    if (fd >= 0 && count < CONNECTIONS_MOST)
        connection = calloc(1, sizeof *connection);
    if (!connection) {
        if (fd >= 0)
            close(fd);
        return;
    }
    channel_open(&connection->channel, fd);
    connection->next = connections;
    connections = connection;
}

static void reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        services_reaped(pid);
        for (struct connection *connection = connections; connection; connection = connection->next) {
            if (connection->pid != pid)
                continue;
            connection->pid = 0;
            answer_connection(connection, WIFEXITED(status)
                                              ? json_pack("{s:i}", "exited", WEXITSTATUS(status))
                                              : json_pack("{s:i}", "signalled", WTERMSIG(status)));
        }
    }
    for (struct connection *connection = connections; connection; connection = connection->next) {
        if (connection->container && !service_is_there(connection->container, connection->component)) {
            free(connection->container);
            connection->container = NULL;
            answer_connection(connection, json_pack("{s:b}", "done", 1));
        }
    }
}

static void drop_what_is_over(void)
{
    struct connection **link = &connections;

    while (*link) {
        struct connection *connection = *link;
        if (!connection->over) {
            link = &connection->next;
            continue;
        }
        if (connection->pid > 0)
            signal_group(connection->pid, SIGKILL);
        *link = connection->next;
        channel_close(&connection->channel);
        free(connection->container);
        free(connection->component);
        free(connection);
    }
}

/* One round of events. */
static bool turn(int listening, int signals)
{
    static struct pollfd events[CONNECTIONS_MOST + 3];
    struct signalfd_siginfo info;
    size_t count = 3;

    events[0] = (struct pollfd){ .fd = LIFE_FD, .events = POLLIN };
    events[1] = (struct pollfd){ .fd = signals, .events = POLLIN };
    events[2] = (struct pollfd){ .fd = listening, .events = POLLIN };
    for (const struct connection *connection = connections; connection; connection = connection->next)
        events[count++] = (struct pollfd){ .fd = connection->channel.fd, .events = POLLIN };
    if (poll(events, count, services_tick()) < 0)
        return errno == EINTR;
    if (events[0].revents)
        return false; /* the master has gone */
    if (events[1].revents && read(signals, &info, sizeof info) > 0)
        reap();
    count = 3;
    for (struct connection *connection = connections; connection; connection = connection->next) {
        if (events[count++].revents)
            hear_connection(connection);
    }
    if (events[2].revents)
        welcome(listening, count - 3);
    drop_what_is_over();
    return true;
}

int machine_main(int argc, char **argv)
{
    CLEANUP_FREE char *run = argc == 2 && getpid() == 1 ? machine_path(argv[1], "run") : NULL;
    sigset_t watched;

    if (!run) {
        log_error(NULL, "this is started by the lab only");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(LIFE_FD, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    int listening = channel_listen(run, "agent");
    if (signals < 0 || listening < 0) {
        log_error(argv[1], "%s: %s", run, strerror(errno));
        return 1;
    }
    services_start_active();
    if (write(LIFE_FD, "", 1) != 1)
        return 1;
    while (turn(listening, signals))
        continue;
    return 0;
}
