/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-self-adapt: the thin shell around supervisor_step(). It waits, starts processes and never does the
 * work of a cycle itself.
 */
#include <errno.h>
#include <fcntl.h>
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

#include "host/cycle/cycle.h"
#include "host/loop/mentions.h"
#include "host/loop/stream.h"
#include "host/loop/supervisor.h"
#include "host/loop/watch.h"
#include "host/outside/outside.h"
#include "host/plugins/listing.h"
#include "host/presence/probe.h"
#include "host/record/progress.h"
#include "host/record/state.h"
#include "host/settings/settings.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/descendants.h"
#include "lib/world/operations.h"
#include "lib/world/warnings.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

extern char **environ;

/* Milliseconds. */
static const int64_t load_limit = 60 * 1000;    /* for loading the plugins */
static const int64_t short_patience = 5 * 1000; /* from INT to TERM where nothing stays half done */

struct loop {
    struct settings settings;
    struct supervisor supervisor;
    struct watch watch;
    bool polled; /* the model, for it cannot be watched */
    int signals;
    pid_t child;   /* the cycle, or cycle_finished; 0: none */
    struct progress_reader progress; /* of the cycle */
    char stage[32];                  /* the stage that it has begun last */
    bool over;                       /* it has come to its end by itself */
    int64_t cycle_deadline;          /* 0: none */
    pid_t prober;                    /* asks the targets; 0: not running */
    pid_t streamer;                  /* has the generator that goes on running; 0: not running */
    int stream;                      /* where it tells of new models */
    unsigned stream_failures;
    int64_t stream_at; /* when it is started again; 0: not */
    struct outside outside;
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

/* When memory runs out, a cycle goes first, with what it has started, and the loop goes on. */
static void volunteer(void)
{
    CLEANUP_FD int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)!write(fd, "300", 3);
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
    cleanup_fd(&loop->stream);
    outside_leave(&loop->outside);
    sigprocmask(SIG_SETMASK, &none, NULL);
    volunteer();
    return 0;
}

/* Ends what belongs to the cycle, or all that is left of one. How many have not ended yet. The cycle itself
 * gets no TERM: it waits for what it has started, and without it nobody would. */
static size_t signal_cycle(const struct loop *loop, int signal)
{
    const pid_t spared[] = { loop->command, loop->streamer, signal == SIGTERM ? loop->child : 0 };
    size_t alive = descendants_signal(getpid(), spared, 3, signal);
    if (signal == SIGTERM && loop->child)
        alive += descendants_signal(loop->child, NULL, 0, signal);
    return alive;
}

/* Stopped, so that it starts nothing more meanwhile. */
static void kill_tree(pid_t process)
{
    kill(process, SIGSTOP);
    descendants_signal(process, NULL, 0, SIGKILL);
    kill(process, SIGKILL);
}

static const char *outcome_name(enum cycle_status status)
{
    return status == CYCLE_DONE        ? "done"
           : status == CYCLE_UNCHANGED ? "unchanged"
           : status == CYCLE_PAUSED    ? "paused"
                                       : "failed";
}

/* In the child that is the cycle. */
static int be_cycle(struct loop *loop, unsigned todo, pid_t host, int progress)
{
    const struct cycle_request request = { .retry = todo & DO_RETRY, .now = todo & DO_NOW,
                                           .resync = todo & DO_RESYNC,
                                           .first = !loop->supervisor.ready, .host = host,
                                           .progress = progress };
    settings_resolve(&loop->settings);
    if (todo & DO_FINISHED)
        return cycle_finished(&loop->settings, &loop->outside.status);
    return cycle_run(&loop->settings, &request);
}

/* limit, in milliseconds, 0: none, beside that of the whole cycle. */
static void begin_stage(struct loop *loop, const char *name, int64_t limit, int64_t patience)
{
    int64_t deadline = limit ? operations->now() + limit : 0;
    if (deadline == 0 || (loop->cycle_deadline != 0 && loop->cycle_deadline < deadline))
        deadline = loop->cycle_deadline;
    snprintf(loop->stage, sizeof loop->stage, "%s", name);
    supervisor_deadline(&loop->supervisor, deadline, patience);
}

/* Whether cycles are needed that nothing but the time asks for. What is polled is said once. */
static void note_watch(struct loop *loop)
{
    const struct settings *settings = &loop->settings;
    const char *file = settings->infrastructure;
    bool polled = loop->watch.error != 0;
    if (file && polled && !loop->polled)
        log_warning(NULL, "%s cannot be watched and is polled: %s", file, strerror(loop->watch.error));
    else if (file && !polled && loop->polled)
        log_notice(NULL, "%s is watched again", file);
    loop->polled = polled;
    loop->supervisor.polls = polled || !(file || settings->stream) || settings->snapshot;
}

static void open_watch(struct loop *loop)
{
    struct mentions mentions = { .count = 0 };
    watch_close(&loop->watch);
    if (loop->settings.infrastructure) {
        mentions_find(&mentions, loop->settings.infrastructure);
        watch_open(&loop->watch, (const char *const *)mentions.files, mentions.count);
    }
    mentions_clear(&mentions);
    note_watch(loop);
}

static void start_probe(struct loop *loop)
{
    pid_t child = fork_child(loop);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it has our lock, and is of no use without us */
        _exit(probe_run(&loop->settings));
    }
    loop->prober = child > 0 ? child : 0;
    if (child < 0)
        step(loop, EVENT_PROBED, CYCLE_FAILED);
}

static void probe_ended(struct loop *loop, int status)
{
    loop->prober = 0;
    step(loop, EVENT_PROBED, CYCLE_FAILED);
    if (!loop->ended && WIFEXITED(status) && WEXITSTATUS(status) == PROBE_CHANGED)
        step(loop, EVENT_CHANGE, CYCLE_FAILED);
}

/* Later each time, until a model comes. */
static void stream_later(struct loop *loop)
{
    const struct supervisor *supervisor = &loop->supervisor;
    unsigned doublings = loop->stream_failures < 20 ? loop->stream_failures : 20;
    int64_t delay = supervisor->retry_min << doublings;
    loop->stream_failures++;
    loop->stream_at = operations->now() + (delay < supervisor->retry_max ? delay : supervisor->retry_max);
}

static void start_stream(struct loop *loop)
{
    int ends[2];
    pid_t host = getpid();
    loop->stream_at = 0;
    pid_t child = pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ? -1 : fork_child(loop);
    if (child == 0)
        _exit(stream_run(&loop->settings, ends[1], host));
    if (child < 0) {
        log_error(NULL, "%s: not started: %s", loop->settings.stream[0], strerror(errno));
        stream_later(loop);
        return;
    }
    close(ends[1]);
    loop->stream = ends[0];
    loop->streamer = child;
}

static void take_stream(struct loop *loop)
{
    char bytes[256];
    ssize_t size;
    bool came = false;
    while ((size = read(loop->stream, bytes, sizeof bytes)) > 0)
        came = true;
    if (size == 0) {
        close(loop->stream);
        loop->stream = -1;
    }
    if (!came)
        return;
    loop->stream_failures = 0;
    step(loop, EVENT_CHANGE, CYCLE_FAILED);
}

static void stream_ended(struct loop *loop)
{
    if (loop->stream >= 0)
        take_stream(loop);
    cleanup_fd(&loop->stream);
    loop->stream = -1;
    loop->streamer = 0;
    stream_later(loop);
    log_notice(NULL, "%s: it is started again in %ld seconds", loop->settings.stream[0],
               (long)((loop->stream_at - operations->now() + 999) / 1000));
}

static void cycle_ended(struct loop *loop, enum cycle_status status, int signal)
{
    status_cycle_ended(&loop->outside.status, outcome_name(status), signal, operations->now(),
                       operations->clock());
    step(loop, EVENT_CYCLE, status);
}

static void start_child(struct loop *loop, unsigned todo)
{
    CLEANUP_FD int progress = -1;
    struct progress_reader reader = { .fd = -1 };
    pid_t host = getpid();
    if (todo & DO_CYCLE) {
        int64_t limit = loop->settings.cycle_timeout * 1000;
        loop->over = false;
        loop->cycle_deadline = limit ? operations->now() + limit : 0;
        begin_stage(loop, "load", load_limit, short_patience);
        status_cycle_began(&loop->outside.status, operations->now());
        if (loop->watch.error != 0)
            open_watch(loop); /* what could not be watched may be there again */
    }
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
    if (todo & DO_FINISHED)
        step(loop, EVENT_FINISHED, CYCLE_FAILED);
    else
        cycle_ended(loop, CYCLE_FAILED, 0);
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
    bool whole = loop->cycle_deadline != 0 && operations->now() >= loop->cycle_deadline;
    if ((todo & DO_LATE) && loop->supervisor.phase == PHASE_FINISHING)
        log_error(NULL, "cycle_finished takes too long and is ended");
    else if ((todo & DO_LATE) && whole)
        log_error(NULL, "the cycle takes too long and is ended, in the stage %s", loop->stage);
    else if (todo & DO_LATE)
        log_error(NULL, "the stage %s takes too long and is ended", loop->stage);
    signal_cycle(loop, signal);
}

static void act(struct loop *loop, struct supervisor_actions actions)
{
    if (actions.todo & (DO_INTERRUPT | DO_TERMINATE | DO_KILL)) {
        end_child(loop, actions.todo);
        return;
    }
    if ((actions.todo & DO_END_PROBE) && loop->prober)
        kill_tree(loop->prober);
    if (actions.todo & DO_PROBE)
        start_probe(loop);
    if (actions.todo & DO_END) {
        loop->ended = true;
        if (loop->command)
            kill(loop->command, SIGTERM); /* deposed: nothing else ends the loop before its command */
        if (!loop->command_ended)
            loop->status = actions.status;
    }
    if (actions.todo & (DO_CYCLE | DO_FINISHED))
        start_child(loop, actions.todo);
    else if (!loop->ended && actions.wake > operations->now() && loop->supervisor.polls)
        log_notice(NULL, "Waiting for %ld seconds...",
                   (long)((actions.wake - operations->now() + 999) / 1000));
    if (actions.todo & DO_READY)
        outside_ready(&loop->outside);
    if ((actions.todo & DO_READY) && loop->settings.command && !loop->ended)
        start_command(loop);
}

/* A deployment rolls back when it is interrupted. */
static int64_t patience_of(const struct loop *loop, const char *stage)
{
    int64_t stop_timeout = loop->supervisor.stop_timeout;
    bool deploys = strcmp(stage, "redeploy") == 0 || strcmp(stage, "recover") == 0;
    return deploys || stop_timeout < short_patience ? stop_timeout : short_patience;
}

/* A line of the running cycle. */
static void take_document(void *closure, const json_t *document)
{
    struct loop *loop = closure;
    const char *event = json_string_value(json_object_get(document, "event"));
    const char *stage = json_string_value(json_object_get(document, "stage"));
    int64_t now = operations->now();
    status_take(&loop->outside.status, document);
    if (!event)
        return;
    if (strcmp(event, "begin") == 0 && stage)
        begin_stage(loop, stage, 1000 * settings_stage_timeout(&loop->settings, stage), patience_of(loop, stage));
    else if (strcmp(event, "end") == 0)
        supervisor_deadline(&loop->supervisor, loop->cycle_deadline, loop->supervisor.stop_timeout);
    else if (strcmp(event, "over") == 0)
        loop->over = true;
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
        for (int round = 0; round < 10 && signal_cycle(loop, SIGKILL) > 0; round++)
            ;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : CYCLE_FAILED;
    if (phase == PHASE_CYCLE && WIFEXITED(status) && !loop->over) {
        log_error(NULL, "the cycle has ended in the stage %s", loop->stage);
        code = CYCLE_FAILED;
    }
    if (phase == PHASE_FINISHING)
        step(loop, EVENT_FINISHED, CYCLE_FAILED);
    else if (code == CYCLE_DONE || code == CYCLE_UNCHANGED || code == CYCLE_PAUSED
             || code == CYCLE_DEPOSED)
        cycle_ended(loop, (enum cycle_status)code, 0);
    else
        cycle_ended(loop, CYCLE_FAILED, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
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
        else if (process == loop->prober)
            probe_ended(loop, status);
        else if (process == loop->streamer)
            stream_ended(loop);
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

/* In a line, for people and programs. */
static void tell_state(const struct loop *loop)
{
    static const char *const phases[] = { "idle", "cycle", "finishing", "ended" };
    const struct supervisor *supervisor = &loop->supervisor;
    int64_t wake = supervisor_wake(supervisor);
    CLEANUP_JSON json_t *state = json_pack(
        "{ss ss* sb sb sI ss*}", "phase", phases[supervisor->phase], "stage",
        supervisor->phase == PHASE_CYCLE ? loop->stage : NULL, "paused", supervisor->paused, "watched",
        loop->watch.fd >= 0 && !loop->polled, "failures", (json_int_t)supervisor->failures, "last",
        supervisor->ready ? outcome_name(supervisor->last) : NULL);
    if (wake >= 0)
        json_object_set_new(state, "wake", json_real((double)(wake - operations->now()) / 1000));
    CLEANUP_FREE char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    log_notice(NULL, "state: %s", text ? text : "out of memory");
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo information;
    while (read(loop->signals, &information, sizeof information) == (ssize_t)sizeof information) {
        switch (information.ssi_signo) {
        case SIGCHLD:
            reap(loop);
            break;
        case SIGUSR1:
            tell_state(loop);
            break;
        case SIGHUP:
            step(loop, EVENT_TRIGGER, CYCLE_FAILED);
            outside_reloaded(&loop->outside, loop->supervisor.ready);
            break;
        default:
            stop(loop, (int)information.ssi_signo);
        }
    }
}

static void take_changes(struct loop *loop)
{
    if (!watch_take(&loop->watch))
        return;
    open_watch(loop); /* it may mention others now */
    step(loop, EVENT_CHANGE, CYCLE_FAILED);
}

static void take_requests(struct loop *loop)
{
    if (outside_serve(&loop->outside, &loop->supervisor))
        step(loop, EVENT_TRIGGER, CYCLE_FAILED);
}

static int until(const struct loop *loop)
{
    int64_t moment = supervisor_wake(&loop->supervisor), other = outside_due(&loop->outside);
    if (loop->stream_at != 0 && (moment < 0 || loop->stream_at < moment))
        moment = loop->stream_at;
    if (moment < 0 || (other >= 0 && other < moment))
        moment = other;
    if (moment < 0)
        return -1;
    int64_t left = moment - operations->now();
    return left < 0 ? 0 : left > 3600 * 1000 ? 3600 * 1000 : (int)left;
}

static void wait_for_events(struct loop *loop)
{
    outside_tell(&loop->outside, &loop->supervisor);
    const struct source {
        int fd; /* -1: nothing is heard of it */
        void (*take)(struct loop *loop);
    } sources[] = { { loop->progress.fd, take_progress },
                    { loop->signals, take_signals },
                    { loop->watch.fd, take_changes },
                    { loop->stream, take_stream },
                    { loop->outside.control.fd, take_requests } };
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
    if (!loop->ended && outside_due(&loop->outside) >= 0)
        take_requests(loop); /* some may have been given up */
    int64_t wake = supervisor_wake(&loop->supervisor);
    if (!loop->ended && wake >= 0 && operations->now() >= wake)
        step(loop, EVENT_TIMER, CYCLE_FAILED);
    if (!loop->ended && loop->stream_at != 0 && operations->now() >= loop->stream_at)
        start_stream(loop);
}

/* Waits until the probe has ended. False: it was made to. */
static bool await_probe(const struct loop *loop, pid_t child, int *status)
{
    const int64_t deadline = operations->now() + load_limit;
    struct pollfd fd = { .fd = loop->signals, .events = POLLIN };
    struct signalfd_siginfo information;
    while (waitpid(child, status, WNOHANG) == 0) {
        int64_t left = deadline - operations->now();
        bool signalled = left > 0 && poll(&fd, 1, (int)left) > 0
                         && read(loop->signals, &information, sizeof information) > 0;
        if (left > 0 && (!signalled || information.ssi_signo == SIGCHLD || information.ssi_signo == SIGHUP
                         || information.ssi_signo == SIGUSR1))
            continue;
        log_error(NULL, "loading the plugins %s and is ended", left > 0 ? "was interrupted" : "took too long");
        descendants_signal(getpid(), NULL, 0, SIGKILL);
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
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
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

/* Cycles that the time asks for ask the targets themselves. */
static int64_t probe_interval(const struct loop *loop)
{
    const struct settings *settings = &loop->settings;
    bool needed = settings->probes
                  && (!loop->supervisor.polls || settings->interval > settings->probe_interval);
    return needed ? settings->probe_interval * 1000 : 0;
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

static int open_loop(struct loop *loop, int *lock)
{
    struct settings *settings = &loop->settings;
    real_log_json(settings->log_json);
    real_log_level(settings->verbose ? DYDISNIX_DEBUG : DYDISNIX_NOTICE);
    if ((settings->dry_run && use_copy(settings) != 0) || state_lock(settings->state_directory, lock) != 0)
        return -1;
    if (outside_open(&loop->outside, settings) != 0)
        return -1;
    loop->signals = open_signals();
    if (loop->signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        log_error(NULL, "the loop cannot be set up: %s", strerror(errno));
        return -1;
    }
    if (probe(loop) != 0)
        return -1;
    forget(settings);
    loop->supervisor = (struct supervisor){ .once = settings->once, .interval = settings->interval * 1000,
                                            .retry_min = settings->retry_min * 1000,
                                            .retry_max = settings->retry_max * 1000,
                                            .resync = settings->resync * 1000,
                                            .resyncs = settings->dry_run,
                                            .stop_timeout = settings->stop_timeout * 1000,
                                            .seed = operations->random() };
    open_watch(loop);
    loop->supervisor.probe_interval = probe_interval(loop);
    return 0;
}

static void run_loop(struct loop *loop)
{
    if (loop->settings.stream)
        start_stream(loop);
    else
        step(loop, EVENT_START, CYCLE_FAILED);
    while (!loop->ended)
        wait_for_events(loop);
    if (loop->prober)
        kill_tree(loop->prober);
    if (loop->streamer) {
        kill(loop->streamer, SIGTERM);
        waitpid(loop->streamer, NULL, 0);
    }
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
    struct loop loop = { .signals = -1, .watch.fd = -1, .progress.fd = -1, .stream = -1,
                         .outside.notify.fd = -1 };
    pid_t parent = getppid();
    int lock = -1;
    loop.outside.control = control_closed;
    operations_use(&real_operations);
    signal(SIGXFSZ, SIG_IGN); /* a write that fails says so */
    warnings_share();
    enum settings_outcome outcome = settings_read(&loop.settings, argc, argv);
    if (outcome == SETTINGS_READY) {
        loop.status = FAILED;
        if ((!loop.settings.exit_with_parent || follow_parent(parent) == 0) && open_loop(&loop, &lock) == 0)
            run_loop(&loop);
    }
    if (outcome == SETTINGS_LIST)
        loop.status = tell_plugins(&loop.settings) == 0 ? DONE : FAILED;
    outside_close(&loop.outside);
    watch_close(&loop.watch);
    if (loop.settings.state_is_copy)
        operations->remove(loop.settings.state_directory);
    settings_clear(&loop.settings);
    return outcome == SETTINGS_READY || outcome == SETTINGS_LIST ? loop.status
           : outcome == SETTINGS_DONE ? DONE
           : outcome == SETTINGS_WRONG ? USAGE
                                       : FAILED;
}
