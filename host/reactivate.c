/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A deployment was killed while it activated services. What has state and was never activated cannot be deactivated:
 * Dysnomia's modules end with 1, and the undo with them. Where it is not known whether something was activated, it is
 * now, so that it can be undone.
 */
#include "broken.h"

#include <stdlib.h>

#include "calls.h"
#include "cleanup.h"
#include "operations.h"

static bool is_new_place(const struct broken *broken, const struct service_mapping *mapping)
{
    return !broken->old
           || !manifest_find_service_mapping(broken->old, mapping->target, mapping->container, mapping->service);
}

/* On a target that does not answer it is left to when it does. */
static int add_call(const struct broken *broken, const char *operation, const struct service_mapping *mapping,
                    struct calls *calls)
{
    const struct target *target = infrastructure_find(&broken->new.infrastructure, mapping->target);
    CLEANUP_ARGUMENTS struct arguments left = { 0 };
    bool answers = broken_answers(broken, mapping->target);
    struct call *call = target && answers ? calls_add(calls, mapping->target) : NULL;
    if (target && answers && !call)
        return -1;
    if (target)
        broken_component_arguments(call ? &call->arguments : &left, target, operation, &broken->new,
                                   mapping->container, mapping->service, mapping->provider);
    if (call)
        call->closure = (void *)mapping;
    else if (target)
        broken_leave(broken, target, "activate", NULL, &left);
    return 0;
}

static int add_calls(const struct broken *broken, const char *operation, const bool *wanted, struct calls *calls)
{
    for (size_t i = 0; i < broken->new.service_mapping_count; i++)
        if (wanted[i] && add_call(broken, operation, &broken->new.service_mappings[i], calls) != 0)
            return -1;
    return 0;
}

/* What cannot be activated is taken for inactive. */
static void note_inactive(const struct broken *broken, const struct calls *calls, bool *failed)
{
    for (size_t i = 0; i < calls->count; i++) {
        const struct service_mapping *mapping = calls->items[i].closure;
        failed[mapping - broken->new.service_mappings] = !calls->items[i].done;
        if (!calls->items[i].done)
            log_warning(mapping->target, "the service with key %s cannot be activated, so it is taken for inactive",
                        mapping->service);
    }
}

static void drop(struct broken *broken, const bool *never, const bool *failed)
{
    struct manifest *new = &broken->new;
    size_t kept = 0, before = new->service_mapping_count;
    for (size_t i = 0; i < before; i++)
        if (!never[i] && !failed[i])
            new->service_mappings[kept++] = new->service_mappings[i];
    new->service_mapping_count = kept;
    broken->cut = broken->cut || kept < before;
}

int broken_reactivate(struct broken *broken)
{
    CLEANUP_CALLS struct calls activations = { 0 }, deactivations = { 0 };
    const struct manifest *new = &broken->new;
    CLEANUP_FREE bool *begun = calloc(new->service_mapping_count + 1, sizeof *begun);
    CLEANUP_FREE bool *never = calloc(new->service_mapping_count + 1, sizeof *never);
    CLEANUP_FREE bool *failed = calloc(new->service_mapping_count + 1, sizeof *failed);
    for (size_t i = 0; begun && never && i < new->service_mapping_count; i++) {
        const struct service_mapping *mapping = &new->service_mappings[i];
        bool is_begun = transcript_activated(&broken->transcript, mapping->target, mapping->service);
        begun[i] = is_new_place(broken, mapping) && is_begun;
        never[i] = is_new_place(broken, mapping) && !is_begun;
    }
    if (!begun || !never || !failed || add_calls(broken, "--activate", begun, &activations) != 0)
        return -1;
    calls_run(&activations, call_deadline, false);
    note_inactive(broken, &activations, failed);
    if (add_calls(broken, "--deactivate", failed, &deactivations) != 0)
        return -1;
    calls_run(&deactivations, call_deadline, true);
    drop(broken, never, failed);
    return 0;
}
