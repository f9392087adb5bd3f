/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop in a simulation, with a clock that jumps, and processes that are function calls.
 */
#include "scenario/simulation/scenario.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "host/cycle/cycle.h"
#include "host/plugins/loader.h"
#include "host/presence/probe.h"
#include "lab/engine/workers.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static const int64_t quiet_after = 60 * 1000; /* what is due later is not waited for */
static const unsigned failures_most = 5;      /* in a row: then it is let be */
static const unsigned cycles_most = 200;      /* of one adaptation: then it never becomes quiet */
enum { PIPE_SIZE = 1 << 20 };

static struct dydisnix_plugin *reconstruct_entry(void)
{
    return dydisnix_plugin_entry();
}

static const struct plugin_builtin builtins[] = { { "reconstruct", reconstruct_entry },
                                                  { SCENARIO_STAGES, scenario_stages_entry },
                                                  { NULL, NULL } };

/* The command line of the loop. */
static char **make_arguments(const json_t *options, bool discovers, bool snapshot, int *count)
{
    struct arguments arguments = { 0 };
    size_t index;
    json_t *option;
    static const char *const words[] = { "dydisnix-self-adapt",
                                         "-s",
                                         SCENARIO_SERVICES,
                                         "-q",
                                         SCENARIO_QOS,
                                         "--plugin=" SCENARIO_STAGES,
                                         "--reconstruct",
                                         "--state-dir=/simulated-state",
                                         "--coordinator-profile-path=" SCENARIO_PROFILES,
                                         "--interval=86400",
                                         "--probe-interval=86400",
                                         "--retry-min=1",
                                         "--stage-timeout=redeploy=3600",
                                         "--cycle-timeout=14400",
                                         NULL };
    for (size_t i = 0; words[i]; i++)
        arguments_add(&arguments, words[i]);
    arguments_add(&arguments, discovers ? "--geninfra=generator" : "--infrastructure=" SCENARIO_MODEL);
    if (snapshot)
        arguments_add(&arguments, "--snapshot");
    json_array_foreach((json_t *)options, index, option)
        arguments_add(&arguments, json_string_value(option));
    *count = (int)arguments.count;
    if (!arguments_vector(&arguments))
        simulated_broken("out of memory");
    return arguments.items;
}

int simulated_loop_open(struct simulated_loop *loop, const json_t *options, bool discovers, bool snapshot)
{
    int count;
    loop->argv = make_arguments(options, discovers, snapshot, &count);
    loop->progress.fd = -1;
    plugins_builtin = builtins;
    optind = 0;
    return settings_read(&loop->settings, count, loop->argv) == SETTINGS_READY ? 0 : -1;
}

void simulated_loop_clear(struct simulated_loop *loop)
{
    struct arguments arguments = { .items = loop->argv };
    while (arguments.items && arguments.items[arguments.count])
        arguments.count++;
    status_clear(&loop->loop.status);
    settings_clear(&loop->settings);
    arguments_clear(&arguments);
}

static bool is_dead(void *closure)
{
    const struct simulated_scenario *scenario = closure;
    bool killed = scenario->loop.killed || scenario->loop.host_killed;
    if (scenario->engine)
        return scenario->engine->over || (killed && !scenario->engine->spared);
    return killed;
}

void scenario_kill(struct simulated_scenario *scenario, bool spare_engine)
{
    if (!scenario->loop.working) {
        scenario_stop(scenario);
        return;
    }
    scenario->loop.host_killed = true;
    if (scenario->engine && spare_engine)
        scenario->engine->spared = true;
}

void scenario_stop(struct simulated_scenario *scenario)
{
    scenario->loop.runs = false;
    scenario->loop.todo = 0;
    status_clear(&scenario->loop.loop.status);
}

/* What the running cycle tells. */
static void take_document(void *closure, const json_t *document)
{
    struct simulated_scenario *scenario = closure;
    if (!is_dead(scenario))
        loop_take(&scenario->loop.loop, document);
}

static void stage_begins(void *closure, const char *stage)
{
    struct simulated_scenario *scenario = closure;
    json_object_clear(scenario->loop.waited);
    scenario_stage_begins(scenario, stage);
}

static void start_process(void *closure, unsigned todo)
{
    struct simulated_scenario *scenario = closure;
    scenario->loop.todo |= todo;
}

static void start_probe(void *closure)
{
    start_process(closure, DO_PROBE);
}

/* It is over before anything else happens. */
static void end_probe(void *closure)
{
    (void)closure;
}

static void signal_process(void *closure, int signal)
{
    struct simulated_scenario *scenario = closure;
    scenario->loop.signalled = true;
    if (signal == SIGINT) {
        cycle_interrupt(SIGINT);
        scenario_interrupt_engine(scenario);
    } else if (signal == SIGTERM) {
        scenario_end_engine(scenario, SIGTERM, 0);
    } else {
        scenario->loop.killed = true;
    }
}

static void end_loop(void *closure, int status)
{
    struct simulated_scenario *scenario = closure;
    (void)status;
    scenario_stop(scenario);
    scenario->loop.ended = true;
}

static const struct loop_processes processes = { .start = start_process,
                                                 .signal = signal_process,
                                                 .probe = start_probe,
                                                 .end_probe = end_probe,
                                                 .begins = stage_begins,
                                                 .end = end_loop };

static void hear(struct simulated_scenario *scenario)
{
    struct simulated_loop *loop = &scenario->loop;
    if (loop->progress.fd >= 0)
        progress_take(&loop->progress, take_document, scenario);
}

static bool cycle_runs(const struct simulated_loop *loop)
{
    return loop->working
           && (loop->loop.supervisor.phase == PHASE_CYCLE || loop->loop.supervisor.phase == PHASE_FINISHING);
}

/* The loop hears what the cycle tells, and ends it when its time has come. */
static void listen(void *closure)
{
    struct simulated_scenario *scenario = closure;
    struct simulated_loop *loop = &scenario->loop;
    hear(scenario);
    int64_t wake = cycle_runs(loop) && !loop->host_killed ? supervisor_wake(&loop->loop.supervisor) : -1;
    if (wake >= 0 && scenario->simulation->milliseconds >= wake)
        loop_step(&loop->loop, EVENT_TIMER);
}

/* Until a signal comes; *late: or until deadline (0: none), which came first. As wait_for_signal(). */
static bool wait_for_signal_until(struct simulated_scenario *scenario, int64_t deadline, bool *late)
{
    struct simulated_loop *loop = &scenario->loop;
    hear(scenario);
    loop->signalled = false;
    while (!loop->signalled && !is_dead(scenario)) {
        int64_t wake = cycle_runs(loop) ? supervisor_wake(&loop->loop.supervisor) : -1;
        *late = deadline != 0 && (wake < 0 || deadline <= wake);
        if (*late) {
            scenario->simulation->milliseconds = deadline;
            return true;
        }
        if (wake < 0) {
            log_error(NULL, "simulation: the stage %s waits for ever", loop->loop.stage);
            loop->stuck = loop->killed = true;
            scenario_end_engine(scenario, SIGKILL, 0);
            return false;
        }
        if (wake > scenario->simulation->milliseconds)
            scenario->simulation->milliseconds = wake;
        loop_step(&loop->loop, EVENT_TIMER);
    }
    return true;
}

static bool wait_for_signal(struct simulated_scenario *scenario)
{
    bool late;
    return wait_for_signal_until(scenario, 0, &late);
}

/* Something that no signal but KILL ends; a program of the engine also by TERM. */
static void hang(void *closure)
{
    while (!is_dead(closure))
        wait_for_signal(closure);
}

/* Once is what a target that hangs may cost a reconstruction, and once more, for a short time, what it is
 * asked quietly: to save what is about to be activated, which may just take long. */
static void note_waited(struct simulated_scenario *scenario, const char *target, bool quiet)
{
    struct simulated_loop *loop = &scenario->loop;
    if (!target || strcmp(loop->loop.stage, "reconstruct") != 0)
        return;
    if (!loop->waited)
        loop->waited = json_object();
    json_t *known = json_object_get(loop->waited, target), *own = known ? known : json_object();
    const char *way = quiet ? "quietly" : "aloud";
    if (json_object_get(own, way))
        json_array_append_new(scenario->ledger.misdone,
                              json_sprintf("%s hangs, and is waited for again", target));
    json_object_set_new(own, way, json_true());
    if (!known)
        json_object_set_new(loop->waited, target, own);
}

/* The call that a program of the engine waits for, which is told when its deadline has come. */
static void note_call(struct simulated_scenario *scenario, const struct dydisnix_program *call_)
{
    struct arguments *waited = &scenario->simulation->waited;
    arguments_clear(waited);
    for (size_t i = 0; call_->argv[i]; i++)
        arguments_add(waited, call_->argv[i]);
}

static void tell_late(struct simulated_scenario *scenario, const struct dydisnix_program *program)
{
    if (program->waits)
        program->waits(program->closure, program->deadline, true);
    arguments_clear(&scenario->simulation->waited);
}

/* A program that does not end by itself is ended by its deadline, or by the first signal. One without a
 * deadline that another one runs waits no longer than that, for which somebody waits then. */
static void wait_for_program(void *closure, const struct dydisnix_program *program,
                             struct dydisnix_result *result)
{
    struct simulated_scenario *scenario = closure;
    int64_t deadline = program->deadline > 0 ? scenario->simulation->milliseconds + program->deadline : 0;
    bool late = false;
    if (deadline == 0 && scenario->engine && scenario->engine->program->deadline > 0) {
        note_call(scenario, program);
        scenario->engine->late = true;
        scenario_end_engine(scenario, SIGKILL, 0);
    } else {
        wait_for_signal_until(scenario, deadline, &late);
    }
    if (late) {
        note_waited(scenario, program->target, program->quiet);
        tell_late(scenario, program);
    }
    result->ending = late ? DYDISNIX_TIMED_OUT : DYDISNIX_SIGNALLED;
    result->status = late ? 0 : scenario->loop.killed ? SIGKILL : SIGINT;
}

static void kill_host(void *closure)
{
    scenario_kill(closure, false);
}

static int call(void *closure, const char *operation, const char *key)
{
    return scenario_call(closure, operation, key);
}

static void called(void *closure, const struct simulated_called *call_)
{
    scenario_called(closure, call_);
}

static bool run(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    return scenario_run_models(closure, program, result)
           || scenario_run_engine(closure, program, false, result);
}

static void note_message(void *closure, const char *line)
{
    const struct simulated_scenario *scenario = closure;
    if (scenario->verbose)
        fprintf(stderr, "%s\n", line);
}

void scenario_watch(struct simulated_scenario *scenario)
{
    scenario->wait_for_signal = wait_for_signal;
    scenario->watch = (struct simulated_watch){ .closure = scenario,
                                                .dead = is_dead,
                                                .listen = listen,
                                                .kill = kill_host,
                                                .hang = hang,
                                                .wait = wait_for_program,
                                                .call = call,
                                                .called = called,
                                                .run = run,
                                                .log = note_message };
    scenario->simulation->watch = &scenario->watch;
}

/* A process of the loop begins, and is over. False: the loop died with it. */
static void begin_process(struct simulated_scenario *scenario)
{
    scenario_stages_use(scenario);
    scenario->loop.working = true;
    scenario->loop.killed = scenario->loop.host_killed = false;
    cycle_interrupt(0);
}

static bool leave_process(struct simulated_scenario *scenario)
{
    bool host_killed = scenario->loop.host_killed;
    scenario->loop.working = false;
    scenario->loop.host_killed = false;
    if (host_killed)
        scenario_stop(scenario);
    return !host_killed;
}

/* With this exit status, or killed. */
static void end_process(struct simulated_scenario *scenario, int status)
{
    struct simulated_loop *loop = &scenario->loop;
    bool killed = loop->killed;
    loop->killed = false;
    if (leave_process(scenario))
        loop_process_ended(&loop->loop, status, killed ? SIGKILL : 0);
}

static void run_cycle(struct simulated_scenario *scenario, unsigned todo)
{
    struct simulated_loop *loop = &scenario->loop;
    struct cycle_request request = loop_cycle_begins(&loop->loop, todo);
    json_object_clear(loop->waited);
    loop->cycles++;
    if (progress_open(&loop->progress, &request.progress) != 0)
        simulated_broken("no pipe");
    fcntl(request.progress, F_SETPIPE_SZ, PIPE_SIZE);
    request.host = getppid();
    begin_process(scenario);
    int status = cycle_run(&loop->settings, &request);
    close(request.progress);
    hear(scenario);
    progress_close(&loop->progress);
    unsetenv("TMPDIR");
    scenario_clients_forget(scenario);
    end_process(scenario, status);
}

static void run_finished(struct simulated_scenario *scenario)
{
    begin_process(scenario);
    end_process(scenario, cycle_finished(&scenario->loop.settings, &scenario->loop.loop.status));
}

static void run_probe(struct simulated_scenario *scenario)
{
    begin_process(scenario);
    int status = probe_run(&scenario->loop.settings);
    if (leave_process(scenario))
        loop_probe_ended(&scenario->loop.loop, status);
}

/* Does what the supervisor wants, until it waits. */
static void work_off(struct simulated_scenario *scenario)
{
    struct simulated_loop *loop = &scenario->loop;
    while (loop->runs && loop->cycles < cycles_most && !loop->stuck) {
        unsigned todo = loop->todo;
        loop->todo = 0;
        if (todo & DO_CYCLE)
            run_cycle(scenario, todo);
        else if (todo & DO_FINISHED)
            run_finished(scenario);
        else if (todo & DO_PROBE)
            run_probe(scenario);
        else
            return;
    }
}

/* As the host when it is started. One that hangs then is killed, and started again. */
static void start(struct simulated_scenario *scenario)
{
    struct simulated_loop *loop = &scenario->loop;
    begin_process(scenario);
    bool loaded = cycle_probe(&loop->settings) == 0;
    if (loaded)
        cycle_forget(&loop->settings);
    bool hung = loop->stuck;
    loop->stuck = false;
    if (hung)
        scenario_stop(scenario);
    if (!leave_process(scenario) || !loaded || hung)
        return;
    loop->loop.settings = &loop->settings;
    loop->loop.processes = &processes;
    loop->loop.closure = scenario;
    loop_open(&loop->loop, false);
    loop->runs = true;
    loop->killed = false;
    loop_step(&loop->loop, EVENT_START);
}

/* The next moment at which the loop goes on by itself, though nothing happens; 0: there is none. */
static int64_t next_moment(const struct supervisor *supervisor)
{
    int64_t retry = supervisor->failures > 0 ? supervisor->retry_at : 0, due = supervisor->due_at;
    return retry == 0 ? due : due == 0 || retry < due ? retry : due;
}

static void jump(struct simulated_scenario *scenario, int64_t moment)
{
    if (moment > scenario->simulation->milliseconds)
        scenario->simulation->milliseconds = moment;
    loop_step(&scenario->loop.loop, EVENT_TIMER);
}

/* The loop learns that something has happened: from a model that is watched, or by a look at the targets. */
static void tell(struct simulated_scenario *scenario, bool asked)
{
    bool settles = scenario->loop.settings.settle > 0 && !scenario->discovers;
    scenario->changed = false;
    loop_step(&scenario->loop.loop, asked || !settles ? EVENT_TRIGGER : EVENT_CHANGE);
}

static int complain(struct simulated_scenario *scenario, const char *what)
{
    (void)scenario;
    fprintf(stderr, "simulation: %s\n", what);
    return -1;
}

/* What failed has its time. */
static bool tries_again(const struct simulated_scenario *scenario)
{
    const struct supervisor *supervisor = &scenario->loop.loop.supervisor;
    return supervisor->failures == 0
           || supervisor->retry_at - scenario->simulation->milliseconds <= 2 * supervisor->retry_max;
}

int scenario_adapt(struct simulated_scenario *scenario, bool asked)
{
    struct simulated_loop *loop = &scenario->loop;
    scenario->simulation->milliseconds += 1000;
    loop->stuck = loop->ended = false;
    loop->cycles = 0;
    if (loop->runs)
        tell(scenario, asked);
    while (loop->cycles < cycles_most && !loop->stuck) {
        scenario->changed = scenario->changed && loop->runs;
        if (!loop->runs)
            start(scenario);
        work_off(scenario);
        int64_t next = loop->runs ? next_moment(&loop->loop.supervisor) : 0;
        if (loop->ended || (!loop->runs && scenario->whole))
            return 0; /* without what it remembers it does not even start */
        if (!loop->runs)
            loop->cycles++;
        else if (scenario->changed)
            tell(scenario, false);
        else if (next == 0 || next - scenario->simulation->milliseconds >= quiet_after
                 || loop->loop.supervisor.failures >= failures_most)
            return tries_again(scenario) ? 0 : complain(scenario, "what failed is not tried again");
        else
            jump(scenario, next);
    }
    return complain(scenario, loop->stuck ? "the loop waits for ever" : "the loop does not become quiet");
}

void scenario_wait(struct simulated_scenario *scenario, int64_t seconds)
{
    struct simulated_loop *loop = &scenario->loop;
    int64_t end = scenario->simulation->milliseconds + 1000 * seconds, wake;
    loop->cycles = 0;
    while (loop->runs && (wake = supervisor_wake(&loop->loop.supervisor)) >= 0 && wake <= end
           && loop->cycles < cycles_most) {
        jump(scenario, wake);
        work_off(scenario);
    }
    if (scenario->simulation->milliseconds < end)
        scenario->simulation->milliseconds = end;
}
