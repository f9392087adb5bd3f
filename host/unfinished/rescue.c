/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/unfinished/settle.h"

#include <stdlib.h>

#include "host/calls/client-calls.h"
#include "host/copies/survivors.h"
#include "host/record/recovery-report.h"
#include "host/unfinished/leftovers.h"
#include "lib/model/client.h"
#include "lib/state/dump.h"
#include "lib/world/operations.h"

static void name_arguments(struct arguments *arguments, const struct target *target,
                           const struct snapshot_mapping *mapping)
{
    client_arguments(arguments, target, "--query-latest-snapshot");
    arguments_option(arguments, "--container", mapping->container);
    arguments_option(arguments, "--component", mapping->component);
}

static bool is_new_home(const struct manifest *previous, const struct snapshot_mapping *mapping)
{
    return !previous
           || !manifest_find_snapshot_mapping(previous, mapping->target, mapping->container,
                                              mapping->component);
}

struct rescues {
    const struct unfinished *unfinished; /* NULL: it is not about one */
    bool sure;                           /* that all of it was active */
    struct calls snapshots, names;
    const struct snapshot_mapping **mappings;
    size_t count;
};

static int rescues_add(struct rescues *rescues, const struct manifest *manifest, const struct target *target,
                       const struct snapshot_mapping *mapping)
{
    struct call *snapshot = calls_add(&rescues->snapshots, target->name);
    struct call *name = calls_add(&rescues->names, target->name);
    if (!snapshot || !name)
        return -1;
    recovery_component_arguments(&snapshot->arguments, target, "--snapshot", manifest, mapping->container,
                                 mapping->service, mapping->provider);
    name_arguments(&name->arguments, target, mapping);
    rescues->mappings[rescues->count++] = mapping;
    return 0;
}

/* again: when what is left to do before it is done there, the stop. */
static void leave_rescue(const struct unfinished *unfinished, const struct target *target,
                         const struct snapshot_mapping *mapping, bool again)
{
    const char *rescue = unfinished->activation == ACTIVATION_DONE ? "rescue" : "try rescue";
    CLEANUP_ARGUMENTS struct arguments snapshot = { 0 }, name = { 0 };
    recovery_component_arguments(&snapshot, target, "--snapshot", &unfinished->new, mapping->container,
                                 mapping->service, mapping->provider);
    name_arguments(&name, target, mapping);
    leftovers_leave(unfinished, target,
                    &(struct leftover){ again ? "rescue again" : rescue, mapping->component,
                                        mapping->container, NULL, &snapshot });
    leftovers_leave(unfinished, target,
                    &(struct leftover){ again ? "name again" : "name", mapping->component, mapping->container,
                                        NULL, &name });
}

/* Who hangs is not asked for names. */
static void rescues_run(struct rescues *rescues, bool quiet)
{
    calls_run(&rescues->snapshots, call_deadline, quiet);
    for (size_t i = 0; i < rescues->count; i++)
        rescues->names.items[i].hung = call_is_unanswered(&rescues->snapshots.items[i]);
    calls_run(&rescues->names, ask_deadline, quiet);
    if (rescues->unfinished)
        unfinished_note_hung(rescues->unfinished, &rescues->names);
}

/* Dysnomia says of a database whose server does not answer that all went well, and saves nothing. */
static bool has_saved(const struct call *snapshot, const struct call *name)
{
    return snapshot->done && name->done && *name->output && !is_empty_dump(name->output);
}

/* Takes the snapshots, and tells their names. -1: not all of them were taken. */
static int rescues_take(struct rescues *rescues, json_t *report, bool quiet)
{
    const struct unfinished *unfinished = rescues->unfinished;
    int status = 0;
    rescues_run(rescues, quiet);
    for (size_t i = 0; i < rescues->count; i++) {
        const struct snapshot_mapping *mapping = rescues->mappings[i];
        const struct call *snapshot = &rescues->snapshots.items[i], *name = &rescues->names.items[i];
        if (unfinished && quiet && !has_saved(snapshot, name)
            && unfinished_answers(unfinished, mapping->target))
            survivors_fenced(unfinished->recovery->state->root, mapping->target, mapping->container,
                             mapping->component);
        if (quiet && name->done && recovery_report_has_rescued(report, mapping->target, name->output))
            continue;
        if (snapshot->done && name->done) {
            recovery_report_rescued(report, mapping->target, mapping->component, mapping->container,
                                    name->output);
            continue;
        }
        if (unfinished && !unfinished_answers(unfinished, mapping->target)) {
            leave_rescue(unfinished, unfinished_target(unfinished, mapping->target), mapping, quiet);
            continue;
        }
        if (rescues->sure)
            status = -1;
        if (!quiet && rescues->sure)
            log_error(mapping->target,
                      "%s in %s cannot be rescued, so nothing is undone and nothing is deployed",
                      mapping->component, mapping->container);
        else if (!quiet)
            log_warning(mapping->target, "%s in %s cannot be rescued: it may never have been active here",
                        mapping->component, mapping->container);
    }
    return status;
}

static void rescues_clear(struct rescues *rescues)
{
    calls_clear(&rescues->snapshots);
    calls_clear(&rescues->names);
    free(rescues->mappings);
}

/* What was activated on a new home may have been written to: a later deployment restores an older snapshot
 * over it. */
int unfinished_rescue(const struct unfinished *unfinished, bool again)
{
    const struct manifest *new = &unfinished->new;
    struct rescues rescues = { .unfinished = unfinished,
                               .sure = !again && unfinished->activation == ACTIVATION_DONE,
                               .mappings =
                                   calloc(new->snapshot_mapping_count + 1, sizeof *rescues.mappings) };
    int status = rescues.mappings ? 0 : -1;
    for (size_t i = 0; status == 0 && i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        const struct target *target = infrastructure_find(&new->infrastructure, mapping->target);
        if (!target || !manifest_find_service(new, mapping->service) || !is_new_home(unfinished->old, mapping)
            || json_object_get(unfinished->overtaken, mapping->target))
            continue;
        if (unfinished_answers(unfinished, mapping->target))
            status = rescues_add(&rescues, new, target, mapping);
        else
            leave_rescue(unfinished, target, mapping, again);
    }
    if (status == 0)
        status = rescues_take(&rescues, unfinished->report, again);
    rescues_clear(&rescues);
    return status;
}

void rescue_all(const struct manifest *previous, const struct manifest *new, json_t *report)
{
    struct rescues rescues = { .mappings =
                                   calloc(new->snapshot_mapping_count + 1, sizeof *rescues.mappings) };
    for (size_t i = 0; rescues.mappings && i < new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &new->snapshot_mappings[i];
        const struct target *target = infrastructure_find(&new->infrastructure, mapping->target);
        if (target && manifest_find_service(new, mapping->service) && is_new_home(previous, mapping)
            && rescues_add(&rescues, new, target, mapping) != 0)
            break;
    }
    rescues_take(&rescues, report, true);
    rescues_clear(&rescues);
}
