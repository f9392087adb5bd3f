/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-self-adapt: begins and ends what its page describes.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cycle/cycle.h"
#include "host/doctor/doctor.h"
#include "host/loop/stream.h"
#include "host/plugins/listing.h"
#include "host/record/journal.h"
#include "host/record/state.h"
#include "host/self-adapt/children.h"
#include "host/self-adapt/events.h"
#include "host/self-adapt/host.h"
#include "host/self-adapt/model.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/descendants.h"
#include "lib/world/operations.h"
#include "lib/world/warnings.h"

/* Waits until a child has ended, which does what is named, in so many milliseconds. False: it was made to. */
static bool await(const struct host *host, pid_t child, const char *name, int64_t limit, int *status)
{
    const int64_t deadline = operations->now() + limit;
    struct pollfd fd = { .fd = host->signals, .events = POLLIN };
    struct signalfd_siginfo information;
    while (waitpid(child, status, WNOHANG) == 0) {
        int64_t left = deadline - operations->now();
        bool signalled = left > 0 && poll(&fd, 1, (int)left) > 0
                         && read(host->signals, &information, sizeof information) > 0;
        if (left > 0
            && (!signalled || information.ssi_signo == SIGCHLD || information.ssi_signo == SIGHUP
                || information.ssi_signo == SIGUSR1))
            continue;
        log_error(NULL, "%s %s and is ended", name, left > 0 ? "was interrupted" : "took too long");
        descendants_signal(getpid(), NULL, 0, SIGKILL);
        waitpid(child, status, 0);
        return false;
    }
    return true;
}

/* Plugins are loaded once before anything else, in a process of their own: mistakes show at once. */
static int probe(struct host *host)
{
    int status = 0;
    pid_t child = children_fork(host);
    if (child == 0)
        _exit(cycle_probe(&host->settings) == 0 ? DONE : FAILED);
    bool ended = child > 0 && await(host, child, "loading the plugins", loop_load_limit, &status);
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == DONE ? 0 : -1;
}

/* A loop that starts redeploys, and waits for a model of its own. */
static void forget(const struct settings *settings)
{
    CLEANUP_FREE char *stream = stream_file(settings);
    if (stream)
        operations->remove(stream);
    if (!settings->dry_run)
        cycle_forget(settings);
}

static void copy_into(const char *from, const char *to, const char *name)
{
    CLEANUP_FREE char *source = string_format("%s/%s", from, name), *copy = string_format("%s/%s", to, name);
    CLEANUP_FREE char *data = NULL;
    size_t length = 0;
    if (source && copy && operations->read(source, (size_t)1 << 30, &data, &length) == 0)
        operations->write(copy, data, length, 0600);
}

/* A dry run works on a copy of what is remembered, beside a loop that may run. */
static int use_copy(struct settings *settings)
{
    static const char *const names[] = { "state.json", "deployed.xml", "captured.xml", "probe.json" };
    char *directory = NULL;
    if (operations->temporary_directory("dydisnix-self-adapt", &directory) != 0) {
        log_error(NULL, "there is no temporary directory: %s", strerror(errno));
        return -1;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        copy_into(settings->state_directory, directory, names[i]);
    free(settings->state_directory);
    settings->state_directory = directory;
    settings->state_is_copy = true;
    return 0;
}

static int follow_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0 && getppid() == parent)
        return 0;
    log_error(NULL, "the parent is gone already");
    return -1;
}

static int open_signals(struct host *host)
{
    host->signals = events_open_signals();
    if (host->signals >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
        return 0;
    log_error(NULL, "the loop cannot be set up: %s", strerror(errno));
    return -1;
}

/* All that it makes for a while is in the copy, which goes however it ends. */
static int check(struct host *host)
{
    struct settings *settings = &host->settings;
    CLEANUP_FREE char *directory = strdup(settings->state_directory);
    int status = 0;
    if (!directory || open_signals(host) != 0 || use_copy(settings) != 0
        || setenv("TMPDIR", settings->state_directory, 1) != 0)
        return -1;
    pid_t child = children_fork(host);
    if (child == 0)
        _exit(doctor_run(settings, directory) == 0 ? DONE : FAILED);
    bool ended = child > 0 && await(host, child, "the check", INT32_MAX, &status);
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == DONE ? 0 : -1;
}

static int open_host(struct host *host, int *lock)
{
    struct settings *settings = &host->settings;
    real_log_json(settings->log_json);
    real_log_level(settings->verbose ? DYDISNIX_DEBUG : DYDISNIX_NOTICE);
    if ((settings->dry_run && use_copy(settings) != 0) || state_lock(settings->state_directory, lock) != 0)
        return -1;
    if (control_open(&host->control, settings, &host->loop.status) != 0)
        return -1;
    if (open_signals(host) != 0 || probe(host) != 0)
        return -1;
    forget(settings);
    model_watch(host);
    loop_open(&host->loop, host->polled);
    metrics_open(&host->metrics, settings, &host->loop.status);
    return 0;
}

/* Whose journal it is. */
static void note_start(const struct settings *settings)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0)
        log_warning(NULL, "the name of this machine: %s", strerror(errno));
    journal_write(settings->state_directory,
                  json_pack("{ss ss ss}", "kind", "started", "profile", settings->profile, "host", name),
                  false);
}

static void run(struct host *host)
{
    note_start(&host->settings);
    if (host->settings.stream)
        children_start_stream(host);
    else
        loop_step(&host->loop, EVENT_START);
    while (!loop_is_over(&host->loop))
        events_wait(host);
    children_end(host);
}

static int tell_plugins(const struct settings *settings)
{
    int status = settings->list_plugins ? list_plugins() : 0;
    if (settings->dump_plugin && dump_plugin(settings->dump_plugin) != 0)
        status = -1;
    return status;
}

int main(int argc, char **argv)
{
    struct host host = {
        .signals = -1, .watch.fd = -1, .progress.fd = -1, .stream = -1, .control.notify.fd = -1
    };
    int lock = -1;
    host.parent = getppid();
    host.control.socket = control_socket_closed;
    host.loop = (struct loop){ .settings = &host.settings, .processes = &children, .closure = &host };
    operations_use(&real_operations);
    signal(SIGXFSZ, SIG_IGN); /* a write that fails says so */
    warnings_share();
    enum settings_outcome outcome = settings_read(&host.settings, argc, argv);
    if (outcome == SETTINGS_READY) {
        host.status = FAILED;
        if (host.settings.check)
            host.status = check(&host) == 0 ? DONE : FAILED;
        else if ((!host.settings.exit_with_parent || follow_parent(host.parent) == 0)
                 && open_host(&host, &lock) == 0)
            run(&host);
    }
    if (outcome == SETTINGS_LIST)
        host.status = tell_plugins(&host.settings) == 0 ? DONE : FAILED;
    metrics_close(&host.metrics, &host.loop.supervisor);
    control_close(&host.control);
    status_clear(&host.loop.status);
    watch_close(&host.watch);
    if (host.settings.state_is_copy)
        operations->remove(host.settings.state_directory);
    settings_clear(&host.settings);
    return outcome == SETTINGS_READY || outcome == SETTINGS_LIST ? host.status
           : outcome == SETTINGS_DONE                            ? DONE
           : outcome == SETTINGS_WRONG                           ? USAGE
                                                                 : FAILED;
}
