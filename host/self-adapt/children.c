/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/self-adapt/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cycle/cycle.h"
#include "host/loop/stream.h"
#include "host/presence/probe.h"
#include "host/self-adapt/model.h"
#include "lib/base/cleanup.h"
#include "lib/world/descendants.h"
#include "lib/world/operations.h"

extern char **environ;

/* When memory runs out, a cycle goes first, with what it has started, and the loop goes on. */
static void volunteer(void)
{
    CLEANUP_FD int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)!write(fd, "300", 3);
}

/* Only INT does not end it: it goes to the programs below too, and how they end then is to be seen. */
pid_t children_fork(struct host *host)
{
    const struct sigaction interrupt = { .sa_handler = cycle_interrupt, .sa_flags = SA_RESTART };
    pid_t child = fork();
    if (child != 0)
        return child;
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    sigaction(SIGINT, &interrupt, NULL);
    close(host->signals);
    watch_close(&host->watch);
    progress_close(&host->progress);
    cleanup_fd(&host->stream);
    control_leave(&host->control);
    sigprocmask(SIG_SETMASK, &none, NULL);
    volunteer();
    return 0;
}

/* Ends what belongs to the cycle, or all that is left of one. How many have not ended yet. The cycle itself
 * gets no TERM: it waits for what it has started, and without it nobody would. */
static size_t signal_cycle(const struct host *host, int signal)
{
    const pid_t spared[] = { host->command, host->streamer, signal == SIGTERM ? host->child : 0 };
    size_t alive = descendants_signal(getpid(), spared, 3, signal);
    if (signal == SIGTERM && host->child)
        alive += descendants_signal(host->child, NULL, 0, signal);
    return alive;
}

static void signal_child(void *closure, int signal)
{
    signal_cycle(closure, signal);
}

/* Stopped, so that it starts nothing more meanwhile. */
static void kill_tree(pid_t process)
{
    kill(process, SIGSTOP);
    descendants_signal(process, NULL, 0, SIGKILL);
    kill(process, SIGKILL);
}

static int be_cycle(struct host *host, const struct cycle_request *request, bool finished)
{
    settings_resolve(&host->settings);
    return finished ? cycle_finished(&host->settings, &host->loop.status)
                    : cycle_run(&host->settings, request);
}

static void start_child(void *closure, unsigned todo)
{
    struct host *host = closure;
    CLEANUP_FD int progress = -1;
    struct progress_reader reader = { .fd = -1 };
    struct cycle_request request = { 0 };
    pid_t self = getpid();
    if (todo & DO_CYCLE) {
        request = loop_cycle_begins(&host->loop, todo);
        if (host->watch.error != 0)
            model_watch(host); /* what could not be watched may be there again */
    }
    pid_t child = (todo & DO_CYCLE) && progress_open(&reader, &progress) != 0 ? -1 : children_fork(host);
    if (child == 0) {
        progress_close(&reader);
        request.host = self;
        request.progress = progress;
        _exit(be_cycle(host, &request, todo & DO_FINISHED));
    }
    host->child = child > 0 ? child : 0;
    host->progress = reader;
    if (child > 0)
        return;
    const int error = errno;
    progress_close(&host->progress);
    loop_process_failed(&host->loop, error);
}

static void take_document(void *closure, const json_t *document)
{
    struct host *host = closure;
    loop_take(&host->loop, document);
}

void children_take_progress(struct host *host)
{
    progress_take(&host->progress, take_document, host);
}

static void child_ended(struct host *host, int status)
{
    host->child = 0;
    children_take_progress(host);
    progress_close(&host->progress);
    if (WIFSIGNALED(status) || host->loop.supervisor.ending != ENDING_NONE)
        for (int round = 0; round < 10 && signal_cycle(host, SIGKILL) > 0; round++)
            ;
    loop_process_ended(&host->loop, WIFEXITED(status) ? WEXITSTATUS(status) : FAILED,
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void start_probe(void *closure)
{
    struct host *host = closure;
    pid_t child = children_fork(host);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it has our lock, and is of no use without us */
        _exit(probe_run(&host->settings));
    }
    host->prober = child > 0 ? child : 0;
    if (child < 0)
        loop_probe_ended(&host->loop, PROBE_FAILED);
}

static void end_probe(void *closure)
{
    const struct host *host = closure;
    if (host->prober)
        kill_tree(host->prober);
}

static void probe_ended(struct host *host, int status)
{
    host->prober = 0;
    loop_probe_ended(&host->loop, WIFEXITED(status) ? WEXITSTATUS(status) : PROBE_FAILED);
}

/* Later each time, until a model comes. */
static void stream_later(struct host *host)
{
    host->stream_failures++;
    host->stream_at = operations->now() + supervisor_backoff(&host->loop.supervisor, host->stream_failures);
}

void children_start_stream(struct host *host)
{
    int ends[2];
    pid_t self = getpid();
    host->stream_at = 0;
    pid_t child = pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ? -1 : children_fork(host);
    if (child == 0)
        _exit(stream_run(&host->settings, ends[1], self));
    if (child < 0) {
        log_error(NULL, "%s: not started: %s", host->settings.stream[0], strerror(errno));
        stream_later(host);
        return;
    }
    close(ends[1]);
    host->stream = ends[0];
    host->streamer = child;
}

void children_take_stream(struct host *host)
{
    char bytes[256];
    ssize_t size;
    bool came = false;
    while ((size = read(host->stream, bytes, sizeof bytes)) > 0)
        came = true;
    if (size == 0) {
        close(host->stream);
        host->stream = -1;
    }
    if (!came)
        return;
    host->stream_failures = 0;
    loop_step(&host->loop, EVENT_CHANGE);
}

static void stream_ended(struct host *host)
{
    if (host->stream >= 0)
        children_take_stream(host);
    cleanup_fd(&host->stream);
    host->stream = -1;
    host->streamer = 0;
    stream_later(host);
    log_notice(NULL, "%s: it is started again in %ld seconds", host->settings.stream[0],
               (long)((host->stream_at - operations->now() + 999) / 1000));
}

/* The loop ends when its command has ended, with this status. */
static void end_command(struct host *host, int status)
{
    host->command = 0;
    host->command_ended = true;
    host->status = status;
    loop_step(&host->loop, EVENT_STOP);
}

static void start_command(struct host *host)
{
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int reason = posix_spawnp(&host->command, host->settings.command[0], NULL, &attributes,
                              host->settings.command, environ);
    posix_spawnattr_destroy(&attributes);
    if (reason == 0)
        return;
    log_error(NULL, "%s: %s", host->settings.command[0], strerror(reason));
    end_command(host, 127);
}

static void be_ready(void *closure)
{
    struct host *host = closure;
    control_ready(&host->control);
    if (host->settings.command && !loop_is_over(&host->loop))
        start_command(host);
}

static void end_loop(void *closure, int status)
{
    struct host *host = closure;
    if (host->command)
        kill(host->command, SIGTERM); /* deposed: nothing else ends the loop before its command */
    if (!host->command_ended)
        host->status = status;
}

/* Orphans of a cycle come to us too: they are waited for and nothing else. */
void children_reap(struct host *host)
{
    pid_t process;
    int status;
    while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
        if (process == host->child)
            child_ended(host, status);
        else if (process == host->command)
            end_command(host, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        else if (process == host->prober)
            probe_ended(host, status);
        else if (process == host->streamer)
            stream_ended(host);
    }
}

void children_end(struct host *host)
{
    if (host->prober)
        kill_tree(host->prober);
    if (host->streamer) {
        kill(host->streamer, SIGTERM);
        waitpid(host->streamer, NULL, 0);
    }
}

const struct loop_processes children = { .start = start_child,
                                         .signal = signal_child,
                                         .probe = start_probe,
                                         .end_probe = end_probe,
                                         .ready = be_ready,
                                         .end = end_loop };
