/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/phases/migrate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/calls/client-calls.h"
#include "host/calls/stages.h"
#include "host/copies/restore.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/client.h"
#include "lib/state/generations.h"
#include "lib/world/operations.h"

/* Whether from has the component there and other has not, on a target that the new manifest has. */
static bool moves(const struct late *late, const struct manifest *other,
                  const struct snapshot_mapping *mapping)
{
    return (!other
            || !manifest_find_snapshot_mapping(other, mapping->target, mapping->container,
                                               mapping->component))
           && infrastructure_find(&late->new->infrastructure, mapping->target);
}

/* The snapshot that is to be restored, CONTAINER/COMPONENT/NAME, where the newest is an empty dump, as of a
 * database whose server did not answer; malloc()ed, NULL: Disnix restores the newest. */
static char *find_better(const struct snapshot_mapping *mapping)
{
    CLEANUP_GENERATIONS struct generations generations;
    const char *name = generations_read(mapping->container, mapping->component, &generations) == 0
                           ? generations_before_empty(&generations)
                           : NULL;
    return name ? string_format("%s/%s/%s", mapping->container, mapping->component, name) : NULL;
}

/* The components of from that move; of those that arrive without what restore_better() restores. How many
 * there are; -1: no memory. */
static int compose(const struct late *late, const struct manifest *from, const struct manifest *other,
                   struct manifest *part)
{
    int count = 0;
    part->version = from->version;
    for (size_t i = 0; i < late->new->infrastructure.count; i++)
        if (manifest_add_target(part, &late->new->infrastructure.targets[i]) != 0)
            return -1;
    for (size_t i = 0; i < from->service_count; i++)
        if (!manifest_add_service(part, &from->services[i]))
            return -1;
    for (size_t i = 0; i < from->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &from->snapshot_mappings[i];
        if (!moves(late, other, mapping))
            continue;
        CLEANUP_FREE char *better = from == late->new ? find_better(mapping) : NULL;
        if (better)
            continue;
        if (!manifest_add_snapshot_mapping(part, mapping))
            return -1;
        count++;
    }
    manifest_sort(part);
    return count;
}

/* As a file; 0: there is nothing in it, and no file. */
static int write_part(const struct late *late, const struct manifest *from, const struct manifest *other,
                      const char *file)
{
    struct manifest part;
    manifest_init(&part, late->recovery->strings);
    int count = compose(late, from, other, &part);
    CLEANUP_BUFFER xmlBufferPtr text = count > 0 ? manifest_write(&part) : NULL;
    manifest_clear(&part);
    if (count == 0
        || (text
            && operations->write(file, (const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text),
                                 0600)
                   == 0))
        return count;
    log_error(NULL, "%s: %s", file, text ? strerror(errno) : "out of memory");
    return -1;
}

static int run(const struct late *late, const char *name, bool transfers, const char *file)
{
    const struct settings *settings = late->recovery->settings;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *transcript = string_format("%s/%s/%s", late->recovery->directory, RUNNING, name);
    int status = -1;
    arguments_add(&arguments, name);
    stage_profile_options(&arguments, settings);
    if (transfers) {
        arguments_add(&arguments, "--no-upgrade");
        arguments_option(&arguments, "-m", settings->max_concurrent_transfers);
        if (settings->depth_first)
            arguments_add(&arguments, "--depth-first");
        arguments_option(&arguments, "--keep", settings->keep);
    }
    arguments_add(&arguments, file);
    const struct slow slow = late_slow(late);
    const struct stage_program program = { .arguments = &arguments,
                                           .show = true,
                                           .transcript = transcript,
                                           .deadline = late_left(late),
                                           .slow = &slow };
    if (transcript)
        stage_run(settings, &program, NULL, NULL, &status);
    return status;
}

/* As disnix-deploy has it. */
static bool deletes_state(const struct settings *settings)
{
    const char *value = getenv("DISNIX_DELETE_STATE");
    return settings->delete_state || (value && strcmp(value, "1") == 0);
}

/* What was to be saved before it moves, and was not. */
static int check_saved(const struct late *late)
{
    int status = 0;
    for (size_t i = 0; i < late->previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &late->previous->snapshot_mappings[i];
        CLEANUP_FREE char *better = moves(late, late->new, mapping) ? find_better(mapping) : NULL;
        if (!better)
            continue;
        log_error(mapping->target,
                  "the snapshot of %s in %s is an empty dump, and earlier ones are not: it does not move",
                  mapping->component, mapping->container);
        status = 1;
    }
    return status;
}

static int restore_better(const struct late *late)
{
    int status = 0;
    for (size_t i = 0; i < late->new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &late->new->snapshot_mappings[i];
        CLEANUP_FREE char *better = moves(late, late->previous, mapping) ? find_better(mapping) : NULL;
        if (!better)
            continue;
        log_warning(mapping->target, "the newest snapshot of %s in %s is an empty dump: %s is restored",
                    mapping->component, mapping->container, better);
        if (restore_arriving(late->new, mapping, better) != 0)
            status = 1;
    }
    return status;
}

/* Asks for the newest snapshot of a component where it was, and where it is now, if Disnix transfers any. */
static void ask_newest(const struct late *late, const struct snapshot_mapping *old,
                       const struct snapshot_mapping *mapping, struct calls *calls)
{
    const struct target *targets[] = { infrastructure_find(&late->new->infrastructure, old->target),
                                       infrastructure_find(&late->new->infrastructure, mapping->target) };
    if (!target_name_is_key(targets[0]) || !target_name_is_key(targets[1]))
        return;
    for (size_t i = 0; i < 2; i++) {
        struct call *call = calls_add(calls, targets[i]->name);
        if (!call)
            return;
        client_arguments(&call->arguments, targets[i], "--query-latest-snapshot");
        arguments_option(&call->arguments, "--container", mapping->container);
        arguments_option(&call->arguments, "--component", mapping->component);
    }
    calls_run(calls, ask_deadline, true);
}

static bool is_here(const struct snapshot_mapping *mapping)
{
    CLEANUP_GENERATIONS struct generations generations;
    return generations_read(mapping->container, mapping->component, &generations) == 0
           && generations.count > 0;
}

/* Disnix restores nothing, and says nothing, where the coordinator has lost what was saved: the component
 * would run empty, and its old home be let go. */
static int check_arrived(const struct late *late, const struct snapshot_mapping *old)
{
    for (size_t i = 0; i < late->new->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &late->new->snapshot_mappings[i];
        if (strcmp(mapping->component, old->component) != 0 || strcmp(mapping->container, old->container) != 0
            || !moves(late, late->previous, mapping))
            continue;
        CLEANUP_CALLS struct calls calls = { 0 };
        ask_newest(late, old, mapping, &calls);
        if (calls.count < 2 || (calls.items[0].done && !*calls.items[0].output)
            || (calls.items[0].done && calls.items[1].done
                && strcmp(calls.items[0].output, calls.items[1].output) == 0))
            continue;
        log_error(mapping->target, "no snapshot of %s in %s has arrived from target %s: it does not move",
                  mapping->component, mapping->container, old->target);
        return 1;
    }
    return 0;
}

static int check_restored(const struct late *late)
{
    int status = 0;
    for (size_t i = 0; late->previous && i < late->previous->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *old = &late->previous->snapshot_mappings[i];
        if (moves(late, late->new, old) && !is_here(old) && check_arrived(late, old) != 0)
            status = 1;
    }
    return status;
}

int migrate_components(const struct late *late)
{
    CLEANUP_FREE char *away = recovery_path(late->recovery, "away.xml"),
                      *arriving = recovery_path(late->recovery, "arriving.xml");
    int leaving = 0, status = away && arriving ? 0 : -1;
    if (status == 0 && late->previous && (leaving = write_part(late, late->previous, late->new, away)) < 0)
        return -1;
    if (status == 0 && leaving > 0)
        status = run(late, "disnix-snapshot", true, away);
    if (status == 0 && leaving > 0)
        status = check_saved(late);
    int coming = status == 0 ? write_part(late, late->new, late->previous, arriving) : 0;
    if (coming < 0)
        return -1;
    if (status == 0 && coming > 0)
        status = run(late, "disnix-restore", true, arriving);
    if (status == 0)
        status = restore_better(late);
    if (status == 0)
        status = check_restored(late);
    if (status == 0 && leaving > 0 && deletes_state(late->recovery->settings))
        status = run(late, "disnix-delete-state", false, away);
    return status;
}
