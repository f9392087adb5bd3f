/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lab's engine inside a simulation: disnix-deploy and its kin as they are, one at a time.
 */
#include "scenario/simulation/scenario.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lab/engine/ending.h"
#include "lab/engine/engine.h"
#include "lab/engine/inside.h"
#include "lab/engine/workers.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static struct simulated_scenario *running; /* the engine carries no closure */

static bool is_dead(void)
{
    return running->watch.dead(running->watch.closure);
}

/* A host that is dead does not listen. */
static void say(const char *line)
{
    const struct dydisnix_program *program = running->engine->program;
    if (is_dead())
        return;
    xmlBufferCCat(running->engine->output, line);
    xmlBufferCCat(running->engine->output, "\n");
    if (running->loop.host_killed)
        return;
    if (running->verbose && program->show_output)
        fprintf(stderr, "%s\n", line);
    if (program->show_output)
        simulation_say(running->simulation, line);
    if (program->line)
        program->line(program->closure, line);
}

static void end_program(const json_t *ending)
{
    const json_t *status = json_object_get(ending, "status"), *signal = json_object_get(ending, "signal");
    if (json_is_string(signal))
        scenario_end_engine(running, ending_signal(json_string_value(signal)), 0);
    else if (signal)
        scenario_end_engine(running, (int)json_integer_value(signal), 0);
    else if (status)
        scenario_end_engine(running, 0, (int)json_integer_value(status));
}

/* False: the step fails. */
static bool goes_on(const char *phase, unsigned number)
{
    if (number == 0)
        scenario_phase_begins(running, phase);
    CLEANUP_JSON json_t *ending = scenario_ending(running, phase, number);
    if (ending)
        end_program(ending);
    return !ending;
}

static bool step(const char *phase, unsigned number)
{
    if (!is_dead() && !running->engine->foreign)
        running->watch.listen(running->watch.closure);
    if (is_dead())
        return false;
    return running->engine->foreign || (goes_on(phase, number) && !is_dead());
}

static void die(int number)
{
    scenario_end_engine(running, number, 0);
}

static void note(bool noting)
{
    running->engine->notes = noting;
}

static int make_link(const char *to, const char *path)
{
    struct simulated_files *files = &running->simulation->files;
    if (!simulation_effect(running->simulation, "link", path))
        return -1;
    if (simulated_files_find(files, path) || simulated_files_is_directory(files, path)) {
        errno = EEXIST;
        return -1;
    }
    return simulated_files_link(files, path, to);
}

static const struct inside simulated_inside = { say, step, die, note, make_link };

void scenario_end_engine(struct simulated_scenario *scenario, int signal, int status)
{
    struct simulated_engine *engine = scenario->engine;
    if (!engine || engine->over)
        return;
    engine->over = true;
    engine->signal = signal;
    engine->status = status;
}

void scenario_interrupt_engine(struct simulated_scenario *scenario)
{
    if (scenario->engine && scenario->engine->notes)
        interrupted = 1;
    else
        scenario_end_engine(scenario, SIGINT, 0);
}

/* getopt_long() permutes the vector. */
static int run_main(engine_main *main, const struct dydisnix_program *program)
{
    int count = 0;
    while (program->argv[count])
        count++;
    CLEANUP_FREE char **argv = simulated_memory(calloc((size_t)count + 1, sizeof *argv));
    memcpy(argv, program->argv, (size_t)count * sizeof *argv);
    return main(count, argv);
}

bool scenario_run_engine(struct simulated_scenario *scenario, const struct dydisnix_program *program,
                         bool foreign, struct dydisnix_result *result)
{
    static const char *const names[] = { "disnix-deploy",       "disnix-distribute",
                                         "disnix-activate",     "disnix-restore",
                                         "disnix-delete-state", "disnix-set",
                                         "disnix-snapshot",     NULL };
    CLEANUP_BUFFER xmlBufferPtr output = simulated_memory(xmlBufferCreate());
    struct simulated_engine engine = { .program = program, .output = output, .foreign = foreign };
    const char *const *name = names;
    while (*name && strcmp(*name, program->argv[0]) != 0)
        name++;
    if (!*name)
        return false;
    xmlBufferSetAllocationScheme(output, XML_BUFFER_ALLOC_DOUBLEIT);
    struct simulated_engine *outer = scenario->engine;
    int outer_interrupted = interrupted;
    running = scenario;
    scenario->engine = &engine;
    inside = &simulated_inside;
    interrupted = 0;
    scenario->simulation->inherits = true;
    int status = run_main(engine_find(*name), program);
    scenario->simulation->inherits = outer != NULL;
    interrupted = outer_interrupted;
    inside = outer ? &simulated_inside : NULL;
    scenario->engine = outer;
    simulation_finish(result, engine.over ? engine.status : status, output);
    if (engine.over && engine.signal != 0) {
        result->ending = DYDISNIX_SIGNALLED;
        result->status = engine.signal;
    }
    if (engine.late)
        *result = (struct dydisnix_result){ .ending = DYDISNIX_TIMED_OUT,
                                            .output = result->output,
                                            .output_length = result->output_length };
    return true;
}
