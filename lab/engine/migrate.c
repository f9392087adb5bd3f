/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * State travels from a target to the coordinator's own snapshots and from there to another target.
 */
#include <string.h>

#include "lab/engine/deployment.h"
#include "lab/engine/ending.h"
#include "lab/engine/snapshots.h"
#include "lab/engine/workers.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/client.h"
#include "lib/world/operations.h"

/* Snapshot mappings to do something with, each with the machine that the new model has for it. */
struct round {
    const struct deployment *deployment;
    const struct manifest *manifest; /* that the mappings and their services are of */
    const struct snapshot_mapping **mappings;
    size_t count;
    char *store;
    const char *operation, *doing, *complaint; /* of a state activity */
    /* What is done with the mappings of one machine, one after the other. */
    int (*copy)(struct round *round, const struct snapshot_mapping *mapping, const struct target *machine);
};

static const struct target *machine_of(void *closure, size_t i)
{
    const struct round *round = closure;
    return infrastructure_find(&round->deployment->manifest.infrastructure, round->mappings[i]->target);
}

static bool has_machine(void *closure, size_t i)
{
    return machine_of(closure, i) != NULL;
}

/* The mappings of manifest that other does not have; all of them if other is NULL. */
static int round_begin(struct round *round, const struct deployment *deployment,
                       const struct manifest *manifest, const struct manifest *other)
{
    *round = (struct round){ .deployment = deployment, .manifest = manifest, .store = snapshots_directory() };
    round->mappings = calloc(manifest->snapshot_mapping_count + 1, sizeof *round->mappings);
    if (!round->mappings || !round->store)
        return -1;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const struct snapshot_mapping *mapping = &manifest->snapshot_mappings[i];
        if (other
            && manifest_find_snapshot_mapping(other, mapping->target, mapping->container, mapping->component))
            continue;
        round->mappings[round->count++] = mapping;
    }
    return 0;
}

static void round_end(struct round *round)
{
    free(round->mappings);
    free(round->store);
}

/* Snapshot, restore, delete-state. */
static int act_on_component(const struct round *round, const struct snapshot_mapping *mapping,
                            const struct target *machine)
{
    const struct service *service = manifest_find_service(round->manifest, mapping->service);
    const struct service *provider =
        mapping->provider ? manifest_find_service(round->manifest, mapping->provider) : NULL;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    if (!service)
        return -1;
    announce(mapping->target, "%s of service: %s", round->doing, mapping->component);
    client_arguments(&arguments, machine, round->operation);
    client_component_arguments(&arguments, machine, mapping->container, service, provider);
    return client_call(&arguments, mapping->target, NULL);
}

static int call_activity(void *closure, size_t i)
{
    return act_on_component(closure, ((const struct round *)closure)->mappings[i], machine_of(closure, i));
}

static void tell_unmoved_state(void *closure, size_t i, bool success)
{
    const struct round *round = closure;
    if (!success)
        log_error(round->mappings[i]->target, "%s of service: %s", round->complaint,
                  round->mappings[i]->component);
}

static void tell_skipped(const struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        if (!has_machine((void *)round, i))
            announce(
                round->mappings[i]->target,
                "Skip state of component: %s deployed to container: %s since machine is no longer present!",
                round->mappings[i]->component, round->mappings[i]->container);
}

static bool run_activity(struct round *round, const char *operation, const char *doing, const char *complaint)
{
    const struct workers workers = {
        .count = round->count,
        .admit = has_machine,
        .machine = machine_of,
        .work = call_activity,
        .done = tell_unmoved_state,
        .closure = round,
    };
    round->operation = operation;
    round->doing = doing;
    round->complaint = complaint;
    return workers_run(&workers);
}

/* Asks a target about snapshots. words: what follows the operation, NULL-terminated. */
static int ask_machine_for(const struct target *machine, const char *operation, const char *const *words,
                           char **output)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    client_arguments(&arguments, machine, operation);
    for (; *words; words++)
        arguments_add(&arguments, *words);
    return client_call(&arguments, machine->name, output);
}

static void cut_line(char *text)
{
    text[strcspn(text, "\n")] = '\0';
}

/* Where the target has a snapshot; malloc()ed, NULL: it did not say. */
static char *resolve_remotely(const struct target *machine, const char *name)
{
    char *path = NULL;
    if (ask_machine_for(machine, "--resolve-snapshots", (const char *const[]){ name, NULL }, &path) == 0
        && path)
        cut_line(path);
    if (path && *path != '/') {
        free(path);
        path = NULL;
    }
    return path;
}

/* Fetches one snapshot into the store. The client interface leaves it in a fresh directory. */
static int fetch_snapshot(const struct round *round, const struct snapshot_mapping *mapping,
                          const struct target *machine, const char *name)
{
    CLEANUP_FREE char *remote = resolve_remotely(machine, name);
    CLEANUP_FREE char *directory = NULL;
    if (!remote
        || ask_machine_for(machine, "--export-snapshots", (const char *const[]){ remote, NULL }, &directory)
               != 0)
        return -1;
    cut_line(directory);
    CLEANUP_FREE char *local = string_format("%s/%s", directory, string_base_name(remote));
    if (*directory != '/' || !local)
        return -1;
    int status = snapshots_import(round->store, mapping->container, mapping->component, local);
    operations->remove(directory);
    return status;
}

struct copying {
    const struct round *round;
    const struct snapshot_mapping *mapping;
    const struct target *machine;
};

/* A name that a target gives must be of the component that was asked for. */
static bool is_of_component(const struct snapshot_mapping *mapping, const char *name)
{
    CLEANUP_FREE char *prefix = string_format("%s/%s/", mapping->container, mapping->component);
    if (!prefix || strncmp(name, prefix, strlen(prefix)) != 0)
        return false;
    const char *id = name + strlen(prefix);
    return *id && *id != '.' && !strchr(id, '/');
}

static int fetch_line(void *closure, char *name)
{
    const struct copying *copying = closure;
    const struct snapshot_mapping *mapping = copying->mapping;
    if (!is_of_component(mapping, name)) {
        log_error(mapping->target, "It names a snapshot of something else: %s", name);
        return -1;
    }
    if (snapshots_have(copying->round->store, name))
        return snapshots_order(copying->round->store, mapping->container, mapping->component,
                               string_base_name(name));
    return fetch_snapshot(copying->round, mapping, copying->machine, name);
}

static int retrieve(struct round *round, const struct snapshot_mapping *mapping, const struct target *machine)
{
    struct copying copying = { round, mapping, machine };
    CLEANUP_FREE char *names = NULL;
    announce(mapping->target, "Retrieving snapshots of component: %s deployed to container: %s",
             mapping->component, mapping->container);
    if (ask_machine_for(copying.machine,
                        round->deployment->all_snapshots ? "--query-all-snapshots"
                                                         : "--query-latest-snapshot",
                        (const char *const[]){ "--container", mapping->container, "--component",
                                               mapping->component, NULL },
                        &names)
        != 0)
        return -1;
    return string_lines(names, fetch_line, &copying);
}

static int send_snapshot(const struct copying *copying, const char *name)
{
    const struct snapshot_mapping *mapping = copying->mapping;
    CLEANUP_FREE char *missing = NULL;
    CLEANUP_FREE char *output = NULL;
    if (ask_machine_for(copying->machine, "--print-missing-snapshots", (const char *const[]){ name, NULL },
                        &missing)
        != 0)
        return -1;
    bool absent = *missing;
    CLEANUP_FREE char *path =
        absent ? snapshots_resolve(copying->round->store, name) : resolve_remotely(copying->machine, name);
    if (!path)
        return -1;
    return ask_machine_for(copying->machine, "--import-snapshots",
                           (const char *const[]){ absent ? "--localfile" : "--remotefile", "--container",
                                                  mapping->container, "--component", mapping->component, path,
                                                  NULL },
                           &output);
}

static int dispatch(struct round *round, const struct snapshot_mapping *mapping, const struct target *machine)
{
    const struct copying copying = { round, mapping, machine };
    struct snapshot_names names = { 0 };
    announce(mapping->target, "Sending snapshots of component: %s deployed to container: %s",
             mapping->component, mapping->container);
    int status =
        snapshots_query(round->store, mapping->container, mapping->component,
                        round->deployment->all_snapshots ? SNAPSHOTS_LISTED : SNAPSHOTS_NEWEST, &names);
    for (size_t k = 0; status == 0 && k < names.count; k++)
        status = send_snapshot(&copying, names.items[k]);
    snapshot_names_clear(&names);
    return status;
}

/* Disnix takes the mappings of a machine to be those whose target is called as the machine's connection key:
 * where names are no keys nothing is copied, and nobody is told. */
static int copy_of_machine(void *closure, size_t i)
{
    struct round *round = closure;
    const struct target *machine = &round->deployment->manifest.infrastructure.targets[i];
    const char *key = target_connection_key(machine);
    for (size_t k = 0; k < round->count; k++)
        if (strcmp(round->mappings[k]->target, key) == 0
            && round->copy(round, round->mappings[k], machine) != 0)
            return -1;
    return 0;
}

static void complain_of_machine(void *closure, size_t i, bool success)
{
    const struct round *round = closure;
    if (!success)
        log_error(round->deployment->manifest.infrastructure.targets[i].name, "%s", round->complaint);
}

static bool run_copying(struct round *round,
                        int (*copy)(struct round *, const struct snapshot_mapping *, const struct target *),
                        const char *complaint)
{
    const struct workers workers = {
        .count = round->deployment->manifest.infrastructure.count,
        .limit = round->deployment->transfers,
        .work = copy_of_machine,
        .done = complain_of_machine,
        .closure = round,
    };
    round->copy = copy;
    round->complaint = complaint;
    return workers_run(&workers);
}

static int clean(const struct round *round, const struct snapshot_mapping *mapping,
                 const struct target *machine)
{
    CLEANUP_FREE char *output = NULL;
    announce(mapping->target, "Cleaning snapshots of component: %s deployed to container: %s",
             mapping->component, mapping->container);
    return ask_machine_for(machine, "--clean-snapshots",
                           (const char *const[]){ "--keep", round->deployment->keep, "--container",
                                                  mapping->container, "--component", mapping->component,
                                                  NULL },
                           &output);
}

static int snapshot_depth_first(struct round *round, const struct snapshot_mapping *mapping,
                                const struct target *machine)
{
    round->operation = "--snapshot";
    round->doing = "Snapshotting state";
    return act_on_component(round, mapping, machine) == 0 && retrieve(round, mapping, machine) == 0
                   && clean(round, mapping, machine) == 0
               ? 0
               : -1;
}

static int restore_depth_first(struct round *round, const struct snapshot_mapping *mapping,
                               const struct target *machine)
{
    round->operation = "--restore";
    round->doing = "Restoring state";
    return dispatch(round, mapping, machine) == 0 && act_on_component(round, mapping, machine) == 0
                   && clean(round, mapping, machine) == 0
               ? 0
               : -1;
}

static bool run_snapshots(struct round *round)
{
    const struct deployment *deployment = round->deployment;
    tell_skipped(round);
    if (deployment->depth_first)
        return run_copying(round, snapshot_depth_first, "Cannot take, send or clean snapshots");
    return (deployment->transfer_only
            || run_activity(round, "--snapshot", "Snapshotting state", "Cannot snapshot state"))
           && run_copying(round, retrieve, "Cannot retrieve snapshots");
}

bool snapshot_state(const struct deployment *deployment)
{
    const struct manifest *old = deployment->previous.known ? &deployment->previous.manifest : NULL;
    struct round round;
    if (!deployment->no_upgrade && !old) {
        log_notice(
            NULL,
            "No snapshots are taken since an upgrade is requested and no previous deployment state is known");
        return true;
    }
    log_notice(NULL, "Snapshotting state of %s components...", deployment->no_upgrade ? "all" : "moved");
    int status = deployment->no_upgrade ? round_begin(&round, deployment, &deployment->manifest, NULL)
                                        : round_begin(&round, deployment, old, &deployment->manifest);
    bool success = status == 0 && ending_phase("snapshotting") && run_snapshots(&round);
    round_end(&round);
    return success;
}

bool restore_state(const struct deployment *deployment)
{
    bool everything = deployment->no_upgrade || !deployment->previous.known;
    struct round round;
    log_notice(NULL, "Sending snapshots of %s components...", everything ? "all" : "moved");
    int status = round_begin(&round, deployment, &deployment->manifest,
                             everything ? NULL : &deployment->previous.manifest);
    bool success = status == 0 && ending_phase("restoring");
    if (success && deployment->depth_first)
        success = run_copying(&round, restore_depth_first, "Cannot send, restore or clean snapshots");
    else if (success)
        success = run_copying(&round, dispatch, "Cannot send snapshots")
                  && (deployment->transfer_only
                      || run_activity(&round, "--restore", "Restoring state", "Cannot restore state"));
    round_end(&round);
    return success;
}

bool delete_state(const struct deployment *deployment, const struct manifest *manifest)
{
    struct round round;
    bool success =
        round_begin(&round, deployment, manifest, NULL) == 0
        && run_activity(&round, "--delete-state", "Deleting obsolete state", "Cannot delete state");
    round_end(&round);
    return success;
}

/* Disnix asks for all that there was to be deleted; only what is not active any more is. */
static bool delete_obsolete_state(const struct deployment *deployment)
{
    return !deployment->previous.known || deployment->no_upgrade
           || delete_state(deployment, &deployment->previous.manifest);
}

bool migrate_state(const struct deployment *deployment)
{
    return snapshot_state(deployment) && restore_state(deployment)
           && (!deployment->delete_state || delete_obsolete_state(deployment));
}
