/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "actions.h"

#include <errno.h>
#include <string.h>

#include "budget.h"
#include "cleanup.h"
#include "client.h"
#include "operations.h"
#include "switch.h"

struct action {
    struct copy *copy;
    enum outcome *outcome;
    const char *operation, *verb;
    struct arguments arguments;
};

struct actions {
    struct action *items;
    size_t count, next;
    int64_t deadline;
};

static bool wants_rescue(const struct copy *copy)
{
    return copy->wants_rescue && copy->rescue == OUTCOME_PENDING;
}

static bool wants_fence(const struct copy *copy)
{
    return copy->wants_fence && (!SWITCH(RESCUE) || copy->rescue == OUTCOME_DONE) && copy->fence == OUTCOME_PENDING;
}

static bool next_action(void *closure, struct dydisnix_program *program)
{
    struct actions *actions = closure;
    if (actions->next == actions->count)
        return false;
    struct action *action = &actions->items[actions->next++];
    const struct captured *captured = action->copy->captured;
    const struct snapshot_mapping *mapping = action->copy->mapping;
    const struct service *service = manifest_find_service(&captured->manifest, mapping->service);
    const struct service *provider = mapping->provider ? manifest_find_service(&captured->manifest, mapping->provider)
                                                       : NULL;
    log_notice(captured->target->name, "%s %s in %s: %s", action->verb, mapping->component, mapping->container,
               action->copy->reason);
    client_arguments(&action->arguments, captured->target, action->operation);
    client_component_arguments(&action->arguments, captured->target, mapping->container, service, provider);
    program->argv = arguments_vector(&action->arguments);
    program->target = captured->target->name;
    program->deadline = actions->deadline;
    program->closure = action;
    return true;
}

static void action_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct action *action = program->closure;
    (void)closure;
    bool done = result->ending == DYDISNIX_EXITED && result->status == 0;
    *action->outcome = done ? OUTCOME_DONE : OUTCOME_FAILED;
    if (!done) {
        CLEANUP_FREE char *ending = describe_ending(result);
        log_warning(action->copy->captured->target->name, "%s %s failed: %s", action->verb,
                    action->copy->mapping->component, ending ? ending : "?");
    }
    arguments_clear(&action->arguments);
}

/* A snapshot can only be asked for with the service's type and package; Disnix leaves the mapping of a package
 * without its service, and then there is nothing that has state. */
static bool can_be_asked(const struct copy *copy)
{
    const struct manifest *manifest = &copy->captured->manifest;
    return manifest_find_service(manifest, copy->mapping->service)
           && (!copy->mapping->provider || manifest_find_service(manifest, copy->mapping->provider));
}

static void add_action(struct actions *actions, struct copy *copy, bool fence)
{
    enum outcome *outcome = fence ? &copy->fence : &copy->rescue;
    if (!can_be_asked(copy)) {
        *outcome = OUTCOME_FAILED;
        return;
    }
    actions->items[actions->count++] = (struct action){ .copy = copy, .outcome = outcome,
                                                        .operation = fence ? "--deactivate" : "--snapshot",
                                                        .verb = fence ? "fencing" : "rescuing" };
}

/* Fences wait until no rescue is left to do. */
static bool rescues_first(const struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++)
        if (wants_rescue(&copies->items[i]))
            return true;
    return false;
}

bool actions_perform(struct copies *copies, const struct options *options)
{
    struct actions actions = { .deadline = options->transfer_timeout };
    const struct dydisnix_work work = { .next = next_action, .done = action_done, .closure = &actions };
    bool any = false, fences = !rescues_first(copies);
    actions.items = calloc(copies->count + 1, sizeof *actions.items);
    for (size_t i = 0; actions.items && i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (!(fences ? wants_fence(copy) : wants_rescue(copy)))
            continue;
        add_action(&actions, copy, fences);
        any = true;
    }
    if (actions.count > 0 && budget_run(options->budget, &work, options->jobs) != 0)
        log_error(NULL, "rescuing and fencing: %s", strerror(errno));
    for (size_t i = 0; i < actions.count; i++)
        if (*actions.items[i].outcome == OUTCOME_PENDING)
            *actions.items[i].outcome = OUTCOME_FAILED;
    free(actions.items);
    return any;
}

bool actions_assume(struct copies *copies, actions_told *told, void *closure)
{
    bool any = false, fences = !rescues_first(copies);
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (!(fences ? wants_fence(copy) : wants_rescue(copy)))
            continue;
        *(fences ? &copy->fence : &copy->rescue) = told ? told(closure, copy, fences) : OUTCOME_DONE;
        any = true;
    }
    return any;
}
