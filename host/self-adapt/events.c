/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/self-adapt/events.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/self-adapt/children.h"
#include "host/self-adapt/model.h"
#include "lib/world/operations.h"

int events_open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* The loop lives as long as its command: a signal ends the command, and that ends the loop. */
static void stop(struct host *host, int signal)
{
    if (host->command) {
        kill(host->command, ++host->stops > 2 ? SIGKILL : signal);
        return;
    }
    if (host->loop.supervisor.stops == 0 && host->loop.supervisor.phase != PHASE_IDLE)
        log_notice(NULL, "Ending after the running cycle...");
    loop_step(&host->loop, EVENT_STOP);
}

/* The kernel tells of each thread of a parent that dies, once more where another one has taken over the loop. */
static bool is_told_again(struct host *host, const struct signalfd_siginfo *information)
{
    if (!host->settings.exit_with_parent || information->ssi_signo != SIGTERM
        || (pid_t)information->ssi_pid != host->parent)
        return false;
    bool again = host->orphaned;
    host->orphaned = true;
    return again;
}

static void take_signals(struct host *host)
{
    struct signalfd_siginfo information;
    while (read(host->signals, &information, sizeof information) == (ssize_t)sizeof information) {
        switch (information.ssi_signo) {
        case SIGCHLD: children_reap(host); break;
        case SIGUSR1: loop_tell(&host->loop, host->watch.fd >= 0 && !host->polled); break;
        case SIGHUP:
            loop_step(&host->loop, EVENT_TRIGGER);
            control_reloaded(&host->control, host->loop.supervisor.ready);
            break;
        default:
            if (!is_told_again(host, &information))
                stop(host, (int)information.ssi_signo);
        }
    }
}

static void take_changes(struct host *host)
{
    if (!watch_take(&host->watch))
        return;
    model_watch(host); /* it may mention others now */
    loop_step(&host->loop, EVENT_CHANGE);
}

static void take_requests(struct host *host)
{
    if (control_serve(&host->control, &host->loop.supervisor))
        loop_step(&host->loop, EVENT_TRIGGER);
}

static void take_time(struct host *host)
{
    if (control_due(&host->control) >= 0)
        take_requests(host); /* some may have been given up */
    int64_t wake = supervisor_wake(&host->loop.supervisor);
    if (wake >= 0 && operations->now() >= wake)
        loop_step(&host->loop, EVENT_TIMER);
    if (!loop_is_over(&host->loop) && host->stream_at != 0 && operations->now() >= host->stream_at)
        children_start_stream(host);
}

/* Milliseconds until the time is to be taken; -1: never. */
static int until(const struct host *host)
{
    const struct supervisor *supervisor = &host->loop.supervisor;
    const int64_t moments[] = { supervisor_wake(supervisor), control_due(&host->control),
                                metrics_due(&host->metrics, supervisor),
                                host->stream_at != 0 ? host->stream_at : -1 };
    int64_t moment = -1;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        if (moments[i] >= 0 && (moment < 0 || moments[i] < moment))
            moment = moments[i];
    if (moment < 0)
        return -1;
    int64_t left = moment - operations->now();
    return left < 0 ? 0 : left > 3600 * 1000 ? 3600 * 1000 : (int)left;
}

void events_wait(struct host *host)
{
    control_tell(&host->control, &host->loop.supervisor);
    metrics_tell(&host->metrics, &host->loop.supervisor);
    const struct source {
        int fd; /* -1: nothing is heard of it */
        void (*take)(struct host *host);
    } sources[] = { { host->progress.fd, children_take_progress },
                    { host->signals, take_signals },
                    { host->watch.fd, take_changes },
                    { host->stream, children_take_stream },
                    { host->control.socket.fd, take_requests } };
    enum { SOURCES = sizeof sources / sizeof *sources };
    struct pollfd fds[SOURCES];
    for (size_t i = 0; i < SOURCES; i++)
        fds[i] = (struct pollfd){ .fd = sources[i].fd, .events = POLLIN };
    if (poll(fds, SOURCES, until(host)) < 0 && errno != EINTR) {
        log_error(NULL, "poll: %s", strerror(errno));
        operations->sleep(1000);
    }
    for (size_t i = 0; i < SOURCES && !loop_is_over(&host->loop); i++)
        if (fds[i].revents)
            sources[i].take(host);
    if (!loop_is_over(&host->loop))
        take_time(host);
}
