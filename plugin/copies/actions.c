/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/actions.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/switch.h"
#include "lib/model/client.h"
#include "lib/world/budget.h"
#include "lib/world/operations.h"
#include "plugin/capture/facts.h"
#include "plugin/copies/activation.h"
#include "plugin/copies/copy.h"
#include "plugin/copies/evidence.h"

static const struct {
    const char *name, *operation, *verb;
} kinds[ACTIONS] = {
    [ACTIVATE_COPY] = { "activate", "--activate", "activating" },
    [RESCUE_COPY] = { "rescue", "--snapshot", "rescuing" },
    [FENCE_COPY] = { "fence", "--deactivate", "fencing" },
    [RESCUE_COPY_AGAIN] = { "rescueAgain", "--snapshot", "rescuing again" },
};

const char *action_name(enum action action)
{
    return kinds[action].name;
}

/* One call: of a copy; with part of the rule switched off also of other services of its target. */
struct call {
    struct copy *copy;
    const char *container, *service, *provider;
    struct arguments arguments;
};

struct calls {
    struct call *items;
    size_t count, room, next;
    enum action action;
    int64_t deadline;
};

static bool is_rescue(enum action action)
{
    return action == RESCUE_COPY || action == RESCUE_COPY_AGAIN;
}

static bool is_wanted(const struct copy *copy, enum action action)
{
    return copy->wants[action] && copy->outcomes[action] == OUTCOME_PENDING;
}

/* The first kind of which there is something to do; ACTIONS: there is nothing. */
static enum action next_action(const struct copies *copies)
{
    for (enum action action = 0; action < ACTIONS; action++)
        for (size_t i = 0; i < copies->count; i++)
            if (is_wanted(&copies->items[i], action))
                return action;
    return ACTIONS;
}

static bool next_call(void *closure, struct dydisnix_program *program)
{
    struct calls *calls = closure;
    if (calls->next == calls->count)
        return false;
    struct call *call = &calls->items[calls->next++];
    const struct captured *captured = call->copy->captured;
    const struct manifest *manifest = &captured->manifest;
    log_notice(captured->target->name, "%s %s in %s: %s", kinds[calls->action].verb,
               call->copy->mapping->component, call->container, call->copy->reason);
    client_arguments(&call->arguments, captured->target, kinds[calls->action].operation);
    client_component_arguments(&call->arguments, captured->target, call->container,
                               manifest_find_service(manifest, call->service),
                               call->provider ? manifest_find_service(manifest, call->provider) : NULL);
    program->argv = arguments_vector(&call->arguments);
    program->target = captured->target->name;
    program->deadline = calls->deadline;
    program->drop_output = SWITCH(ANY_AMOUNT);
    program->closure = call;
    return true;
}

static void call_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const struct calls *calls = closure;
    struct call *call = program->closure;
    bool done = result->ending == DYDISNIX_EXITED && result->status == 0;
    enum outcome *outcome = &call->copy->outcomes[calls->action];
    if (*outcome != OUTCOME_FAILED)
        *outcome = !done ? OUTCOME_FAILED : is_rescue(calls->action) ? OUTCOME_UNCONFIRMED : OUTCOME_DONE;
    if (!done) {
        CLEANUP_FREE char *ending = describe_ending(result);
        log_warning(call->copy->captured->target->name, "%s %s failed: %s", kinds[calls->action].verb,
                    call->copy->mapping->component, ending ? ending : "?");
    }
    arguments_clear(&call->arguments);
}

static void add_call(struct calls *calls, struct copy *copy, const char *container, const char *service,
                     const char *provider)
{
    if (operation_can_be_asked(&copy->captured->manifest, service, provider) && calls->count < calls->room)
        calls->items[calls->count++] = (struct call){ copy, container, service, provider, { 0 } };
    else
        copy->outcomes[calls->action] = OUTCOME_FAILED;
}

static void add_calls(struct calls *calls, struct copy *copy)
{
    const struct snapshot_mapping *mapping = copy->mapping;
    const struct manifest *manifest = &copy->captured->manifest;
    add_call(calls, copy, mapping->container, mapping->service, mapping->provider);
    for (size_t i = 0;
         !SWITCH(ONLY_DISPUTED) && calls->action == FENCE_COPY && i < manifest->service_mapping_count; i++)
        if (strcmp(manifest->service_mappings[i].service, mapping->service) != 0)
            add_call(calls, copy, manifest->service_mappings[i].container,
                     manifest->service_mappings[i].service, manifest->service_mappings[i].provider);
}

static size_t room_for(const struct copies *copies)
{
    size_t room = 1;
    for (size_t i = 0; i < copies->count; i++)
        room += 1 + (SWITCH(ONLY_DISPUTED) ? 0 : copies->items[i].captured->manifest.service_mapping_count);
    return room;
}

/* A snapshot that ended well has saved something only if there is one then. */
static void confirm_rescues(struct copies *copies, enum action action, const struct options *options,
                            struct strings *strings)
{
    facts_snapshots_after(copies, action, options, strings);
    for (size_t i = 0; i < copies->count; i++) {
        struct copy *copy = &copies->items[i];
        if (copy->outcomes[action] != OUTCOME_UNCONFIRMED)
            continue;
        copy->outcomes[action] = snapshots_save_something(&copy->facts.after) ? OUTCOME_DONE : OUTCOME_FAILED;
        if (copy->outcomes[action] == OUTCOME_FAILED)
            log_warning(copy->captured->target->name, "%s %s has saved nothing", kinds[action].verb,
                        copy->mapping->component);
    }
}

/* What cannot be asked for has failed. */
static int call_all(struct copies *copies, enum action action, const struct options *options)
{
    struct calls calls = { .action = action, .deadline = options->transfer_timeout };
    const struct dydisnix_work work = { .next = next_call, .done = call_done, .closure = &calls };
    calls.room = room_for(copies);
    calls.items = calloc(calls.room, sizeof *calls.items);
    calls.room = calls.items ? calls.room : 0;
    for (size_t i = 0; i < copies->count; i++)
        if (is_wanted(&copies->items[i], action))
            add_calls(&calls, &copies->items[i]);
    int status = calls.count > 0 ? budget_run(options->budget, &work, options->jobs) : 0;
    free(calls.items);
    return status;
}

/* For whoever misses what was written last, whatever becomes of the copy. */
static void tell_saved(const struct copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *copy = &copies->items[i];
        const struct snapshot_mapping *mapping = copy->mapping;
        const char *newest = snapshots_newest(&copy->facts.after);
        if (copy->facts.after.answered && newest && !snapshots_prove(&copy->facts.here, newest))
            log_notice(copy->captured->target->name, "the state of %s here is in a new snapshot: %s/%s/%s",
                       mapping->component, mapping->container, mapping->component, newest);
    }
}

bool actions_perform(struct copies *copies, const struct options *options, struct strings *strings)
{
    const enum action action = next_action(copies);
    if (action == ACTIONS) {
        tell_saved(copies);
        return false;
    }
    if ((action == ACTIVATE_COPY ? activation_run(copies, options) : call_all(copies, action, options)) != 0)
        log_error(NULL, "acting on copies: %s", strerror(errno));
    for (size_t i = 0; i < copies->count; i++)
        if (is_wanted(&copies->items[i], action))
            copies->items[i].outcomes[action] = OUTCOME_FAILED;
    if (is_rescue(action))
        confirm_rescues(copies, action, options, strings);
    return true;
}

bool actions_assume(struct copies *copies, actions_told *told, void *closure)
{
    enum action action = next_action(copies);
    for (size_t i = 0; action < ACTIONS && i < copies->count; i++)
        if (is_wanted(&copies->items[i], action))
            copies->items[i].outcomes[action] =
                told ? told(closure, &copies->items[i], action) : OUTCOME_DONE;
    return action < ACTIONS;
}
