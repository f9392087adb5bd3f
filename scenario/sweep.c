/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-scenario sweep: a scenario again and again, each time with another single thing going wrong that
 * the coordinator does to the world. In the end all must be as if nothing had gone wrong.
 */
#include "scenario/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/nearest.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/format/file.h"
#include "scenario/play/play.h"
#include "scenario/simulation/faults.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static const char *const fault_names[] = { "fails", "hangs", "kills", NULL };

struct sweep {
    const json_t *scenario;
    json_t *undisturbed; /* how it ends */
    size_t runs, asked, elsewhere, broken;
};

/* One run. */
struct attempt {
    size_t number; /* of the effect that goes wrong; 0: none does */
    enum simulated_fault fault;
    size_t first, effects; /* that there were when the system was deployed first, and in the end */
    char *hit;
    json_t *end;
};

static void begin(void *closure, void *opened)
{
    struct attempt *attempt = closure;
    attempt->first = simulated_effects(opened);
    simulated_fault_at(opened, attempt->number, attempt->fault);
}

/* How many copies and components somebody has to decide about. */
static size_t count_doubts(const json_t *survivors)
{
    size_t count = 0;
    const char *name;
    json_t *containers, *components;
    json_object_foreach(json_object_get(survivors, "disputed"), name, containers)
        json_object_foreach(containers, name, components)
            count += json_object_size(components);
    json_object_foreach(json_object_get(survivors, "kept"), name, components)
        count += json_object_size(components);
    return count;
}

/* What runs where with which state, who is held, and what is in doubt. */
static json_t *ending_of(const json_t *observed)
{
    json_t *running = json_object(), *target;
    const char *name;
    json_object_foreach(json_object_get(observed, "targets"), name, target)
        json_object_set(running, name, json_object_get(target, "active"));
    return json_pack(
        "{so sO sI sO*}", "running", running, "held", json_object_get(observed, "held"), "doubts",
        (json_int_t)count_doubts(json_object_get(observed, "survivors")), "mappings",
        json_object_get(json_object_get(json_object_get(observed, "coordinator"), "manifest"), "mappings"));
}

static void end(void *closure, void *opened, const json_t *observed)
{
    struct attempt *attempt = closure;
    const char *hit = simulated_fault_hit(opened);
    attempt->effects = simulated_effects(opened);
    attempt->hit = hit ? strdup(hit) : NULL;
    attempt->end = ending_of(observed);
}

static void attempt_clear(struct attempt *attempt)
{
    free(attempt->hit);
    json_decref(attempt->end);
}

static int play(const json_t *scenario, struct attempt *attempt, struct scenario_play *played)
{
    const json_t *seed = json_object_get(scenario, "seed");
    const struct scenario_setting setting = { .scenario = scenario,
                                              .seed = seed ? (uint64_t)json_integer_value(seed) : 1 };
    const struct scenario_watch watch = { .begin = begin, .end = end, .closure = attempt };
    return scenario_play(&scenario_simulation, &setting, &watch, played);
}

/* Time for what was put off, and a resync that finds what nothing else tells of. */
static json_t *with_time(const json_t *scenario)
{
    json_t *copy = json_deep_copy(scenario), *options = json_object_get(copy, "options");
    if (!options)
        json_object_set_new(copy, "options", options = json_array());
    json_array_append_new(options, json_string("--resync=3600"));
    json_array_append_new(options, json_string("--cycle-timeout=1800"));
    json_array_append_new(json_object_get(copy, "timeline"),
                          json_pack("{ss si}", "event", "wait", "seconds", 5400));
    return copy;
}

static void tell(const struct attempt *attempt, const char *what)
{
    log_error(NULL, "effect %zu (%s) %s: %s", attempt->number, attempt->hit ? attempt->hit : "?",
              fault_names[attempt->fault], what);
}

static bool is_same(const struct sweep *sweep, const struct attempt *attempt)
{
    return json_equal(sweep->undisturbed, attempt->end);
}

/* Whether a service runs anywhere in the end. */
static bool runs(const json_t *ending, const char *service)
{
    const char *name, *own;
    json_t *list, *active;
    size_t index;
    json_object_foreach(json_object_get(ending, "running"), name, list)
        json_array_foreach(list, index, active)
            if ((own = json_string_value(json_object_get(active, "service"))) != NULL
                && strcmp(own, service) == 0)
                return true;
    return false;
}

/* Where because of it nobody can tell which copy of some state is to live, somebody is asked; and all
 * services run. */
static bool is_asked(const struct sweep *sweep, const struct attempt *attempt)
{
    const char *name, *service;
    json_t *list, *active;
    size_t index;
    json_object_foreach(json_object_get(sweep->undisturbed, "running"), name, list)
        json_array_foreach(list, index, active)
            if ((service = json_string_value(json_object_get(active, "service"))) != NULL
                && !runs(attempt->end, service))
                return false;
    return json_integer_value(json_object_get(attempt->end, "doubts"))
           > json_integer_value(json_object_get(sweep->undisturbed, "doubts"));
}

/* What runs with which state, wherever it is; a new reference. */
static json_t *running_anywhere(const json_t *ending)
{
    json_t *all = json_array(), *list, *active;
    size_t index, count;
    const char *name;
    json_object_foreach(json_object_get(ending, "running"), name, list)
        json_array_extend(all, list);
    count = json_array_size(all);
    CLEANUP_FREE char **texts = calloc(count + 1, sizeof *texts);
    json_array_foreach(all, index, active)
        texts[index] = json_dumps(active, JSON_SORT_KEYS | JSON_COMPACT);
    qsort(texts, count, sizeof *texts, string_compare);
    json_array_clear(all);
    for (index = 0; index < count; index++) {
        json_array_append_new(all, json_string(texts[index]));
        free(texts[index]);
    }
    return all;
}

/* A copy that could not be stopped at once stays where it is, and gets the newest state there. */
static bool is_elsewhere(const struct sweep *sweep, const struct attempt *attempt)
{
    CLEANUP_JSON json_t *one = running_anywhere(sweep->undisturbed), *other = running_anywhere(attempt->end);
    return json_equal(one, other);
}

static void try_one(struct sweep *sweep, size_t number, enum simulated_fault fault)
{
    struct attempt attempt = { .number = number, .fault = fault };
    struct scenario_play played = { 0 };
    int status = play(sweep->scenario, &attempt, &played);
    sweep->runs++;
    if (status != 0 || played.broken) {
        sweep->broken++;
        tell(&attempt, played.broken ? played.words : "it could not be played");
    } else if (!is_same(sweep, &attempt) && is_asked(sweep, &attempt)) {
        sweep->asked++;
    } else if (!is_same(sweep, &attempt) && is_elsewhere(sweep, &attempt)) {
        sweep->elsewhere++;
    } else if (!is_same(sweep, &attempt)) {
        sweep->broken++;
        tell(&attempt, "it ends in another way");
    }
    scenario_play_clear(&played);
    attempt_clear(&attempt);
}

/* -1 after a message. */
static int measure(const json_t *scenario, struct attempt *attempt)
{
    struct scenario_play played = { 0 };
    int status = play(scenario, attempt, &played);
    if (status == 0 && played.broken) {
        log_error(NULL, "undisturbed, %s: %s", played.broken, played.words);
        status = -1;
    }
    scenario_play_clear(&played);
    return status;
}

static int sweep_all(const json_t *document, const char *only, struct sweep *sweep)
{
    CLEANUP_JSON json_t *scenario = with_time(document);
    struct attempt whole = { 0 };
    int status = measure(scenario, &whole);
    sweep->scenario = scenario;
    sweep->undisturbed = whole.end;
    for (int fault = 0; status == 0 && fault_names[fault]; fault++)
        for (size_t number = whole.first + 1; number <= whole.effects; number++) {
            if (!only || strcmp(only, fault_names[fault]) == 0)
                try_one(sweep, number, (enum simulated_fault)fault);
            show_progress(fault_names[fault], number, whole.effects);
        }
    show_progress("sweeping", 0, 0);
    attempt_clear(&whole);
    return status;
}

static bool is_fault(const char *name)
{
    struct nearest nearest = { .word = name };
    for (int i = 0; fault_names[i]; i++) {
        if (strcmp(fault_names[i], name) == 0)
            return true;
        nearest_try(&nearest, fault_names[i]);
    }
    CLEANUP_FREE char *question = nearest_question(&nearest);
    log_error(NULL, "--fault: there is no fault %s%s", name, question ? question : "");
    return false;
}

static int run(const char *directory, const char *only)
{
    struct scenario scenario;
    struct sweep sweep = { 0 };
    if (scenario_read(directory, false, &scenario) != 0)
        return FAILED;
    int status = sweep_all(scenario.document, only, &sweep);
    scenario_clear(&scenario);
    fprintf(
        stderr,
        "[coordinator]: %zu runs, each with one fault: %zu ended as if nothing had gone wrong, %zu with a service "
        "on another target, in %zu somebody is asked to decide, %zu went wrong\n",
        sweep.runs, sweep.runs - sweep.asked - sweep.elsewhere - sweep.broken, sweep.elsewhere, sweep.asked,
        sweep.broken);
    return status == 0 && sweep.runs > 0 && sweep.broken == 0 ? DONE : FAILED;
}

int scenario_sweep_main(int argc, char **argv)
{
    static const struct option options[] = { { "fault", required_argument, NULL, 'f' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    const char *only = NULL;
    int option;
    while ((option = option_next(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(scenario_help, stdout) < 0;
        if (option != 'f' || !is_fault(optarg))
            return USAGE;
        only = optarg;
    }
    if (argc - optind != 1) {
        log_error(NULL, "sweep takes one case");
        return USAGE;
    }
    return run(argv[optind], only);
}
