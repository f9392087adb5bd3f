/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/activation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/client.h"
#include "lib/model/paths.h"
#include "lib/world/budget.h"
#include "lib/world/operations.h"
#include "plugin/copies/copy.h"
#include "plugin/copies/evidence.h"

/* What is done with each, in this order; where one of them is not wanted, the next one is looked at. */
enum step {
    SAVE,
    LATEST, /* what it has */
    SAVE_AGAIN,
    LATEST_AGAIN, /* and whether that changes */
    ACTIVATE,
    SAVE_AFTER,
    LATEST_AFTER, /* what it has then */
    SAVE_LAST,
    LATEST_LAST, /* and, if that is something else, whether it stays so */
    RESOLVE,
    BRING,
    RESTORE, /* back to what was saved */
    STEPS
};

static const char latest_snapshot[] = "--query-latest-snapshot";

/* One copy that is activated. */
struct activation {
    struct copy *copy;
    char *told[STEPS]; /* the newest snapshot, and where the target keeps it; NULL: not known */
    bool done;         /* the last call */
    bool hung;         /* a save: nothing is saved on that target any more */
    struct arguments arguments;
};

struct activations {
    struct activation *items;
    size_t count, next;
    enum step step;
    const struct options *options;
};

static const char *name_of(const char *told)
{
    return string_base_name(told);
}

/* Whether its name tells what was saved. */
static bool is_saved(const struct activation *activation, enum step step)
{
    const char *told = activation->told[step];
    return told && snapshot_name_proves(name_of(told));
}

static bool differ(const struct activation *activation, enum step one, enum step other)
{
    return is_saved(activation, one) && activation->told[other]
           && strcmp(activation->told[one], activation->told[other]) != 0;
}

/* It ran when it was saved, for its state has changed since. That of a database does so, too, where it was fenced:
 * of one that may not run it tells nothing. */
static bool is_in_use(const struct activation *activation)
{
    const struct copy *copy = activation->copy;
    return !copy->inactive && !copy->remembered.fenced && differ(activation, LATEST, LATEST_AGAIN);
}

/* Nobody has written to it between both. */
static bool is_quiet(const struct activation *activation)
{
    return is_saved(activation, LATEST_AGAIN) && !differ(activation, LATEST, LATEST_AGAIN);
}

static bool is_changed(const struct activation *activation)
{
    return is_quiet(activation) && differ(activation, LATEST_AGAIN, LATEST_AFTER);
}

static bool is_known(const struct activation *activation, const char *told)
{
    return snapshots_prove(&activation->copy->facts.here, name_of(told))
           || snapshots_prove(&activation->copy->component->coordinator, name_of(told));
}

/* By activation, and not by a client that has written just then: it is a state that it was in before. */
static bool is_replaced(const struct activation *activation)
{
    const char *after = activation->told[LATEST_AFTER], *last = activation->told[LATEST_LAST];
    return is_changed(activation) && last && strcmp(after, last) == 0 && is_known(activation, after);
}

static bool is_wanted(const struct activation *activation, enum step step)
{
    const enum outcome outcome = activation->copy->outcomes[ACTIVATE_COPY];
    switch (step) {
    case SAVE: return outcome == OUTCOME_PENDING;
    case LATEST: return activation->done;
    case SAVE_AGAIN: return is_saved(activation, LATEST);
    case LATEST_AGAIN: return is_saved(activation, LATEST) && activation->done;
    case ACTIVATE: return outcome == OUTCOME_PENDING;
    case SAVE_AFTER: return outcome == OUTCOME_DONE && is_quiet(activation);
    case LATEST_AFTER: return outcome == OUTCOME_DONE && is_quiet(activation) && activation->done;
    case SAVE_LAST: return is_changed(activation);
    case LATEST_LAST: return is_changed(activation) && activation->done;
    case RESOLVE: return is_replaced(activation);
    default: return is_replaced(activation) && activation->done;
    }
}

static const char *const operations_of[STEPS] = {
    [SAVE] = "--snapshot",
    [SAVE_AGAIN] = "--snapshot",
    [SAVE_AFTER] = "--snapshot",
    [SAVE_LAST] = "--snapshot",
    [LATEST] = latest_snapshot,
    [LATEST_AGAIN] = latest_snapshot,
    [LATEST_AFTER] = latest_snapshot,
    [LATEST_LAST] = latest_snapshot,
    [ACTIVATE] = "--activate",
    [RESOLVE] = "--resolve-snapshots",
    [BRING] = "--import-snapshots",
    [RESTORE] = "--restore",
};

static void add_component(struct activation *activation)
{
    arguments_option(&activation->arguments, "--container", activation->copy->mapping->container);
    arguments_option(&activation->arguments, "--component", activation->copy->mapping->component);
}

static void add_arguments(struct activation *activation, enum step step)
{
    const struct captured *captured = activation->copy->captured;
    const struct snapshot_mapping *mapping = activation->copy->mapping;
    client_arguments(&activation->arguments, captured->target, operations_of[step]);
    if (operations_of[step] == latest_snapshot) {
        add_component(activation);
    } else if (step == RESOLVE) {
        arguments_add(&activation->arguments, activation->told[LATEST_AGAIN]);
    } else if (step == BRING) {
        arguments_add(&activation->arguments, "--remotefile");
        add_component(activation);
        arguments_add(&activation->arguments, activation->told[RESOLVE]);
    } else {
        client_component_arguments(
            &activation->arguments, captured->target, mapping->container,
            manifest_find_service(&captured->manifest, mapping->service),
            mapping->provider ? manifest_find_service(&captured->manifest, mapping->provider) : NULL);
    }
}

/* What a call has told, in its last line; malloc()ed, NULL: that is not what was asked for. */
static char *answer_of(const struct activation *activation, enum step step, char *output)
{
    const struct snapshot_mapping *mapping = activation->copy->mapping;
    CLEANUP_FREE char *prefix = string_format("%s/%s/", mapping->container, mapping->component);
    char *line = output ? string_last_line(output) : NULL;
    if (!line || !prefix)
        return NULL;
    bool fits = step == RESOLVE ? is_snapshot_path(line, activation->told[LATEST_AGAIN])
                                : is_snapshot_name(line) && strncmp(line, prefix, strlen(prefix)) == 0;
    return fits ? strdup(line) : NULL;
}

static bool asks(enum step step)
{
    return step == RESOLVE || operations_of[step] == latest_snapshot;
}

static bool saves(enum step step)
{
    return step == SAVE || step == SAVE_AGAIN || step == SAVE_AFTER || step == SAVE_LAST;
}

/* A snapshot that takes long is not waited for: it can be done without. */
static int64_t deadline_of(enum step step, const struct options *options)
{
    const struct budget *budget = options->budget;
    if (!saves(step))
        return asks(step) ? options->timeout : options->transfer_timeout;
    int64_t left = budget && budget->until > 0 ? (budget->until - operations->now()) / 4 : 0;
    bool pressed = budget && budget->until > 0 && left < options->timeout;
    return !pressed ? options->timeout : left > 1 ? left : 1;
}

/* Whether a save of any copy on that target has hung. */
static bool has_hung(const struct activations *activations, const char *target)
{
    for (size_t i = 0; i < activations->count; i++)
        if (activations->items[i].hung && strcmp(activations->items[i].copy->mapping->target, target) == 0)
            return true;
    return false;
}

/* Who is not asked any more is not asked to save. */
static bool is_next(const struct activations *activations)
{
    const struct activation *activation = &activations->items[activations->next];
    const struct budget *budget = activations->options->budget;
    const char *target = activation->copy->mapping->target;
    return is_wanted(activation, activations->step)
           && !(saves(activations->step)
                && ((budget && budget_is_spent(budget, target)) || has_hung(activations, target)));
}

static bool next_call(void *closure, struct dydisnix_program *program)
{
    struct activations *activations = closure;
    while (activations->next < activations->count && !is_next(activations))
        activations->next++;
    if (activations->next == activations->count)
        return false;
    struct activation *activation = &activations->items[activations->next++];
    if (activations->step == ACTIVATE)
        log_notice(activation->copy->mapping->target, "activating %s in %s: %s",
                   activation->copy->mapping->component, activation->copy->mapping->container,
                   activation->copy->reason);
    add_arguments(activation, activations->step);
    program->argv = arguments_vector(&activation->arguments);
    program->target = activation->copy->mapping->target;
    program->deadline = deadline_of(activations->step, activations->options);
    program->drop_output = !asks(activations->step);
    program->quiet = activations->step < ACTIVATE; /* what does not run may have nothing to save */
    program->closure = activation;
    return true;
}

/* One that was not begun, for its target hangs, has no output. */
static void fail(const struct activation *activation, const struct dydisnix_result *result)
{
    CLEANUP_FREE char *ending = describe_ending(result);
    activation->copy->hung =
        (result->ending == DYDISNIX_TIMED_OUT && result->output) || client_is_lost(result);
    activation->copy->outcomes[ACTIVATE_COPY] = OUTCOME_FAILED;
    log_warning(activation->copy->mapping->target, "activating %s failed: %s",
                activation->copy->mapping->component, ending ? ending : "?");
}

static void call_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const enum step step = ((struct activations *)closure)->step;
    struct activation *activation = program->closure;
    activation->done = result->ending == DYDISNIX_EXITED && result->status == 0;
    activation->hung = activation->hung || (saves(step) && result->ending == DYDISNIX_TIMED_OUT);
    arguments_clear(&activation->arguments);
    if (step == ACTIVATE && !activation->done)
        fail(activation, result);
    else if (step == ACTIVATE)
        activation->copy->outcomes[ACTIVATE_COPY] = OUTCOME_DONE;
    if (!activation->done || !asks(step))
        return;
    activation->told[step] = answer_of(activation, step, result->output);
    activation->done = activation->told[step] != NULL;
}

/* What is to be said when a step is over, and what has come of all of them. */
static void conclude(struct activation *activation, enum step step)
{
    const struct snapshot_mapping *mapping = activation->copy->mapping;
    enum outcome *outcome = &activation->copy->outcomes[ACTIVATE_COPY];
    if (step == LATEST_AGAIN && is_in_use(activation)) {
        log_notice(mapping->target, "%s in %s is in use, and not activated again", mapping->component,
                   mapping->container);
        *outcome = OUTCOME_DONE;
    } else if (step == LATEST_LAST && is_changed(activation) && !is_replaced(activation)) {
        log_warning(mapping->target,
                    "%s has other state since it was activated: what it had before is in the snapshot %s",
                    mapping->component, activation->told[LATEST_AGAIN]);
    } else if (step == RESTORE && is_replaced(activation)) {
        if (activation->done)
            log_notice(mapping->target, "activating %s has replaced its state: what it had is restored",
                       mapping->component);
        else
            log_error(mapping->target,
                      "activating %s has replaced its state: what it had is in the snapshot %s",
                      mapping->component, activation->told[LATEST_AGAIN]);
        *outcome = activation->done ? OUTCOME_DONE : OUTCOME_FAILED;
    }
}

static int run_step(struct activations *activations, const struct options *options)
{
    const struct dydisnix_work work = { .next = next_call, .done = call_done, .closure = activations };
    activations->next = 0;
    for (size_t i = 0; saves(activations->step) && i < activations->count; i++)
        activations->items[i].done = false;
    if (saves(activations->step) ? operations->run(&work, options->jobs)
                                 : budget_run(options->budget, &work, options->jobs))
        return -1;
    for (size_t i = 0; i < activations->count; i++)
        conclude(&activations->items[i], activations->step);
    return 0;
}

static void activations_clear(struct activations *activations)
{
    for (size_t i = 0; i < activations->count; i++)
        for (enum step step = SAVE; step < STEPS; step++)
            free(activations->items[i].told[step]);
    free(activations->items);
}

int activation_run(struct copies *copies, const struct options *options)
{
    struct activations activations = { .items = calloc(copies->count + 1, sizeof *activations.items),
                                       .options = options };
    int status = activations.items ? 0 : -1;
    for (size_t i = 0; status == 0 && i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (copy->wants[ACTIVATE_COPY] && copy->outcomes[ACTIVATE_COPY] == OUTCOME_PENDING
            && operation_can_be_asked(&copy->captured->manifest, copy->mapping->service,
                                      copy->mapping->provider))
            activations.items[activations.count++].copy = copy;
    }
    for (activations.step = SAVE; status == 0 && activations.step < STEPS; activations.step++)
        status = run_step(&activations, options);
    activations_clear(&activations);
    return status;
}
