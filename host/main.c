/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-self-adapt: the thin shell around supervisor_step(). It waits, starts processes and never does the
 * work of a cycle itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "cycle.h"
#include "descendants.h"
#include "operations.h"
#include "progress.h"
#include "settings.h"
#include "state.h"
#include "supervisor.h"
#include "watch.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

extern char **environ;

static const int64_t probe_deadline = 60 * 1000; /* milliseconds for loading the plugins */

struct loop {
    struct settings settings;
    struct supervisor supervisor;
    struct watch watch;
    int signals;
    pid_t child;   /* the cycle, or cycle_finished; 0: none */
    struct progress_reader progress; /* of the cycle */
    char stage[32];                  /* the stage that it has begun last */
    pid_t command; /* of --run; 0: not running */
    bool command_ended;
    unsigned stops; /* signals that were passed on to the command */
    bool ended;
    int status;
};

static void act(struct loop *loop, struct supervisor_actions actions);

static void step(struct loop *loop, enum supervisor_event event, enum cycle_status status)
{
    act(loop, supervisor_step(&loop->supervisor, event, status, operations->now()));
}

/* A process of our own: own group, signals as a program expects them. Only INT does not end it: it goes to
 * the programs below too, and how they end then is to be seen. */
static pid_t fork_child(struct loop *loop)
{
    const struct sigaction interrupt = { .sa_handler = cycle_interrupt, .sa_flags = SA_RESTART };
    pid_t child = fork();
    if (child != 0)
        return child;
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    sigaction(SIGINT, &interrupt, NULL);
    close(loop->signals);
    watch_close(&loop->watch);
    progress_close(&loop->progress);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

static const char *outcome_name(enum cycle_status status)
{
    return status == CYCLE_DONE        ? "done"
           : status == CYCLE_UNCHANGED ? "unchanged"
           : status == CYCLE_PAUSED    ? "paused"
                                       : "failed";
}

static int be_cycle(const struct loop *loop, unsigned todo, pid_t host, int progress)
{
    const struct cycle_request request = { .retry = todo & DO_RETRY, .now = todo & DO_NOW,
                                           .resync = todo & DO_RESYNC, .host = host, .progress = progress };
    if (todo & DO_FINISHED)
        return cycle_finished(&loop->settings, outcome_name(loop->supervisor.last));
    return cycle_run(&loop->settings, &request);
}

static void start_child(struct loop *loop, unsigned todo)
{
    CLEANUP_FD int progress = -1;
    struct progress_reader reader = { .fd = -1 };
    pid_t host = getpid();
    pid_t child = (todo & DO_CYCLE) && progress_open(&reader, &progress) != 0 ? -1 : fork_child(loop);
    if (child == 0) {
        progress_close(&reader);
        _exit(be_cycle(loop, todo, host, progress));
    }
    loop->child = child > 0 ? child : 0;
    loop->progress = reader;
    if (child > 0)
        return;
    log_error(NULL, "a cycle cannot be started: %s", strerror(errno));
    progress_close(&loop->progress);
    step(loop, todo & DO_FINISHED ? EVENT_FINISHED : EVENT_CYCLE, CYCLE_FAILED);
}

static void start_command(struct loop *loop)
{
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int reason = posix_spawnp(&loop->command, loop->settings.command[0], NULL, &attributes,
                              loop->settings.command, environ);
    posix_spawnattr_destroy(&attributes);
    if (reason == 0)
        return;
    loop->command = 0;
    log_error(NULL, "%s: %s", loop->settings.command[0], strerror(reason));
    loop->command_ended = true;
    loop->status = 127;
    step(loop, EVENT_STOP, CYCLE_FAILED);
}

static void end_child(struct loop *loop, unsigned todo)
{
    int signal = todo & DO_KILL ? SIGKILL : todo & DO_TERMINATE ? SIGTERM : SIGINT;
    if (todo & DO_LATE)
        log_error(NULL, "the stage %s takes too long and is ended", loop->stage);
    descendants_signal(getpid(), loop->command, signal);
}

static void act(struct loop *loop, struct supervisor_actions actions)
{
    if (actions.todo & (DO_INTERRUPT | DO_TERMINATE | DO_KILL)) {
        end_child(loop, actions.todo);
        return;
    }
    if (actions.todo & DO_END) {
        loop->ended = true;
        if (!loop->command_ended)
            loop->status = actions.status;
    }
    if (actions.todo & (DO_CYCLE | DO_FINISHED))
        start_child(loop, actions.todo);
    else if (!loop->ended && actions.wake >= 0 && loop->supervisor.polls)
        log_notice(NULL, "Waiting for %ld seconds...",
                   (long)((actions.wake - operations->now() + 999) / 1000));
    if ((actions.todo & DO_READY) && loop->settings.command && !loop->ended)
        start_command(loop);
}

/* A line of the running cycle. */
static void take_document(void *closure, const json_t *document)
{
    struct loop *loop = closure;
    const char *event = json_string_value(json_object_get(document, "event"));
    const char *stage = json_string_value(json_object_get(document, "stage"));
    int64_t now = operations->now();
    if (!event)
        return;
    if (strcmp(event, "begin") == 0 && stage)
        snprintf(loop->stage, sizeof loop->stage, "%s", stage);
    else if (strcmp(event, "end") == 0)
        supervisor_deadline(&loop->supervisor, 0, 0);
    else if (strcmp(event, "change") == 0)
        supervisor_forgive(&loop->supervisor);
    else if (strcmp(event, "due") == 0)
        supervisor_due(&loop->supervisor,
                       now + 1000 * json_integer_value(json_object_get(document, "seconds")));
}

static void take_progress(struct loop *loop)
{
    progress_take(&loop->progress, take_document, loop);
}

static void child_ended(struct loop *loop, int status)
{
    enum supervisor_phase phase = loop->supervisor.phase;
    loop->child = 0;
    take_progress(loop);
    progress_close(&loop->progress);
    if (WIFSIGNALED(status))
        log_error(NULL, "the cycle was ended by signal %d (%s)", WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    if (WIFSIGNALED(status) || loop->supervisor.ending != ENDING_NONE)
        descendants_signal(getpid(), loop->command, SIGKILL);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : CYCLE_FAILED;
    if (phase == PHASE_FINISHING)
        step(loop, EVENT_FINISHED, CYCLE_FAILED);
    else
        step(loop, EVENT_CYCLE,
             code == CYCLE_DONE || code == CYCLE_UNCHANGED || code == CYCLE_PAUSED ? (enum cycle_status)code
                                                                                   : CYCLE_FAILED);
}

static void command_ended(struct loop *loop, int status)
{
    loop->command = 0;
    loop->command_ended = true;
    loop->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    step(loop, EVENT_STOP, CYCLE_FAILED);
}

/* Orphans of a cycle come to us too: they are waited for and nothing else. */
static void reap(struct loop *loop)
{
    pid_t process;
    int status;
    while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
        if (process == loop->child)
            child_ended(loop, status);
        else if (process == loop->command)
            command_ended(loop, status);
    }
}

/* The loop lives as long as its command: a signal ends the command, and that ends the loop. */
static void stop(struct loop *loop, int signal)
{
    if (loop->command) {
        kill(loop->command, ++loop->stops > 2 ? SIGKILL : signal);
        return;
    }
    if (loop->supervisor.stops == 0 && loop->supervisor.phase != PHASE_IDLE)
        log_notice(NULL, "Ending after the running cycle...");
    step(loop, EVENT_STOP, CYCLE_FAILED);
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo information;
    while (read(loop->signals, &information, sizeof information) == (ssize_t)sizeof information) {
        switch (information.ssi_signo) {
        case SIGCHLD:
            reap(loop);
            break;
        case SIGHUP:
            step(loop, EVENT_TRIGGER, CYCLE_FAILED);
            break;
        default:
            stop(loop, (int)information.ssi_signo);
        }
    }
}

/* Whether cycles are needed that nothing but the time asks for. */
static bool open_watch(struct loop *loop)
{
    const struct settings *settings = &loop->settings;
    bool watched = settings->infrastructure && watch_open(&loop->watch, settings->infrastructure) == 0;
    return !watched || settings->snapshot;
}

static void take_changes(struct loop *loop)
{
    bool lost = false;
    if (watch_take(&loop->watch, &lost))
        step(loop, EVENT_CHANGE, CYCLE_FAILED);
    if (!lost)
        return;
    watch_close(&loop->watch);
    loop->supervisor.polls = open_watch(loop);
}

static int until(const struct loop *loop)
{
    int64_t moment = supervisor_wake(&loop->supervisor);
    if (moment < 0)
        return -1;
    int64_t left = moment - operations->now();
    return left < 0 ? 0 : left > 3600 * 1000 ? 3600 * 1000 : (int)left;
}

static void wait_for_events(struct loop *loop)
{
    const struct source {
        int fd; /* -1: nothing is heard of it */
        void (*take)(struct loop *loop);
    } sources[] = { { loop->progress.fd, take_progress },
                    { loop->signals, take_signals },
                    { loop->watch.fd, take_changes } };
    enum { SOURCES = sizeof sources / sizeof *sources };
    struct pollfd fds[SOURCES];
    for (size_t i = 0; i < SOURCES; i++)
        fds[i] = (struct pollfd){ .fd = sources[i].fd, .events = POLLIN };
    if (poll(fds, SOURCES, until(loop)) < 0 && errno != EINTR) {
        log_error(NULL, "poll: %s", strerror(errno));
        operations->sleep(1000);
    }
    for (size_t i = 0; i < SOURCES && !loop->ended; i++)
        if (fds[i].revents)
            sources[i].take(loop);
    int64_t wake = supervisor_wake(&loop->supervisor);
    if (!loop->ended && wake >= 0 && operations->now() >= wake)
        step(loop, EVENT_TIMER, CYCLE_FAILED);
}

/* Waits until the probe has ended. False: it was made to. */
static bool await_probe(const struct loop *loop, pid_t child, int *status)
{
    const int64_t deadline = operations->now() + probe_deadline;
    struct pollfd fd = { .fd = loop->signals, .events = POLLIN };
    struct signalfd_siginfo information;
    while (waitpid(child, status, WNOHANG) == 0) {
        int64_t left = deadline - operations->now();
        bool signalled = left > 0 && poll(&fd, 1, (int)left) > 0
                         && read(loop->signals, &information, sizeof information) > 0;
        if (left > 0 && (!signalled || information.ssi_signo == SIGCHLD || information.ssi_signo == SIGHUP))
            continue;
        log_error(NULL, "loading the plugins %s and is ended", left > 0 ? "was interrupted" : "took too long");
        descendants_signal(getpid(), 0, SIGKILL);
        waitpid(child, status, 0);
        return false;
    }
    return true;
}

/* Plugins are loaded once before anything else, in a process of their own: mistakes show at once. */
static int probe(struct loop *loop)
{
    int status = 0;
    pid_t child = fork_child(loop);
    if (child == 0)
        _exit(cycle_probe(&loop->settings) == 0 ? DONE : FAILED);
    bool ended = child > 0 && await_probe(loop, child, &status);
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == DONE ? 0 : -1;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int open_loop(struct loop *loop, int *lock)
{
    const struct settings *settings = &loop->settings;
    real_log_level(settings->verbose ? DYDISNIX_DEBUG : DYDISNIX_NOTICE);
    if (state_lock(settings->state_directory, lock) != 0)
        return -1;
    loop->signals = open_signals();
    if (loop->signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        log_error(NULL, "the loop cannot be set up: %s", strerror(errno));
        return -1;
    }
    if (probe(loop) != 0)
        return -1;
    cycle_forget(settings);
    loop->supervisor = (struct supervisor){ .once = settings->once, .interval = settings->interval * 1000,
                                            .retry_min = settings->retry_min * 1000,
                                            .retry_max = settings->retry_max * 1000,
                                            .stop_timeout = 60 * 1000, .seed = operations->random() };
    loop->supervisor.polls = open_watch(loop);
    return 0;
}

int main(int argc, char **argv)
{
    struct loop loop = { .signals = -1, .watch.fd = -1, .progress.fd = -1 };
    int lock = -1;
    operations_use(&real_operations);
    enum settings_outcome outcome = settings_read(&loop.settings, argc, argv);
    if (outcome == SETTINGS_READY) {
        loop.status = FAILED;
        if (open_loop(&loop, &lock) == 0) {
            step(&loop, EVENT_START, CYCLE_FAILED);
            while (!loop.ended)
                wait_for_events(&loop);
        }
    }
    watch_close(&loop.watch);
    settings_clear(&loop.settings);
    return outcome == SETTINGS_READY ? loop.status
           : outcome == SETTINGS_DONE ? DONE
           : outcome == SETTINGS_WRONG ? USAGE
                                       : FAILED;
}
