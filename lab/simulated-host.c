/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulated-host.h"

#include <string.h>

#include "check.h"
#include "cleanup.h"
#include "operations.h"
#include "previous.h"
#include "reconstruct.h"

#define STATE_DIRECTORY "/coordinator/state"
#define MODEL_FILE "/coordinator/infrastructure.xml"

void simulated_host_init(struct simulated_host *host, struct simulation *simulation)
{
    *host = (struct simulated_host){ .simulation = simulation,
                                     .options = options_default,
                                     .accepted = json_array(),
                                     .preferred = json_array() };
    host->options.coordinator_profile_directory = SIMULATED_PROFILES;
    simulated_host_restart(host);
}

void simulated_host_clear(struct simulated_host *host)
{
    state_clear(&host->state);
    json_decref(host->accepted);
    json_decref(host->preferred);
    json_decref(host->report);
}

void simulated_host_restart(struct simulated_host *host)
{
    state_clear(&host->state);
    if (state_load(STATE_DIRECTORY, &host->state) != 0)
        simulated_broken("out of memory");
}

static bool is_named(const json_t *names, const char *name)
{
    size_t index;
    json_t *entry;
    json_array_foreach(names, index, entry) if (strcmp(json_string_value(entry), name) == 0) return true;
    return false;
}

/* Whether the effective model has the machine. */
static bool is_effective(const struct simulated_host *host, const struct simulated_machine *machine)
{
    return machine->listed
           && (!machine->held || is_named(host->accepted, machine->name)
               || is_named(host->preferred, machine->name));
}

static void put_attribute(xmlBufferPtr xml, const char *name, const char *value)
{
    xmlBufferCCat(xml, "<attr name=\"");
    xmlBufferCCat(xml, name);
    xmlBufferCCat(xml, "\"><string value=\"");
    xmlBufferCCat(xml, value);
    xmlBufferCCat(xml, "\"/></attr>");
}

static xmlBufferPtr write_model(const struct simulated_host *host, bool effective)
{
    xmlBufferPtr xml = simulated_memory(xmlBufferCreate());
    xmlBufferCCat(xml, "<expr><attrs>");
    for (size_t i = 0; i < host->simulation->machine_count; i++) {
        const struct simulated_machine *machine = host->simulation->machines[i];
        if (effective ? !is_effective(host, machine) : !machine->listed)
            continue;
        xmlBufferCCat(xml, "<attr name=\"");
        xmlBufferCCat(xml, machine->name);
        xmlBufferCCat(xml, "\"><attrs><attr name=\"properties\"><attrs>");
        put_attribute(xml, "hostname", machine->key);
        xmlBufferCCat(xml, "</attrs></attr>");
        put_attribute(xml, "clientInterface", "client");
        put_attribute(xml, "targetProperty", "hostname");
        put_attribute(xml, "system", "x86_64-linux");
        xmlBufferCCat(xml, "</attrs></attr>");
    }
    xmlBufferCCat(xml, "</attrs></expr>");
    return xml;
}

static void read_model(const struct simulated_host *host, bool effective,
                       struct infrastructure *infrastructure)
{
    const struct infrastructure_defaults defaults = { "client", "hostname", "x86_64-linux" };
    CLEANUP_BUFFER xmlBufferPtr xml = write_model(host, effective);
    char *reason = NULL;
    if (infrastructure_parse((const char *)xmlBufferContent(xml), (size_t)xmlBufferLength(xml), "model",
                             host->simulation->strings, &defaults, infrastructure, &reason)
        != 0)
        simulated_broken(reason);
}

void simulated_host_look(struct simulated_host *host)
{
    struct infrastructure infrastructure;
    read_model(host, false, &infrastructure);
    state_see(&host->state, &infrastructure, NULL, operations->clock());
    state_save(&host->state);
    infrastructure_clear(&infrastructure);
}

static json_t *history(const struct simulated_host *host)
{
    static const char *const members[] = { "targets", "snapshots", "deployed" };
    json_t *result = json_object();
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(host->state.root, members[i]))
            json_object_set(result, members[i], json_object_get(host->state.root, members[i]));
    json_object_set(result, "accepted", host->accepted);
    json_object_set(result, "preferred", host->preferred);
    return result;
}

static void take_held(struct simulated_host *host)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(host->report, "held"), index, entry)
    {
        struct simulated_machine *machine =
            simulation_machine(host->simulation, json_string_value(json_object_get(entry, "target")));
        machine->held = true;
    }
}

int simulated_host_reconstruct(struct simulated_host *host)
{
    CLEANUP_BUFFER xmlBufferPtr xml = write_model(host, true);
    CLEANUP_JSON json_t *remembered = history(host);
    const struct request request = { .infrastructure = MODEL_FILE, .xml = true, .history = remembered };
    json_decref(host->report);
    host->report = NULL;
    if (operations->write(MODEL_FILE, (const char *)xmlBufferContent(xml), (size_t)xmlBufferLength(xml), 0600)
        != 0)
        simulated_broken("out of memory");
    int status = reconstruct(&request, &host->options, &host->report, NULL);
    state_rescued(&host->state, host->report, operations->clock());
    state_heard(&host->state, host->report);
    state_save(&host->state);
    take_held(host);
    return status;
}

/* Of what can be asked: one target that cannot makes disnix-snapshot fail. */
static void reduce(struct simulated_host *host, struct manifest *manifest)
{
    size_t kept = 0;
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++) {
        const char *target = manifest->snapshot_mappings[i].target;
        if (simulation_machine(host->simulation, target) && !state_is_silent(&host->state, target))
            manifest->snapshot_mappings[kept++] = manifest->snapshot_mappings[i];
    }
    manifest->snapshot_mapping_count = kept;
}

int simulated_host_snapshot(struct simulated_host *host)
{
    struct previous previous;
    if (previous_read(SIMULATED_PROFILES, host->options.profile, NULL, host->simulation->strings, &previous)
        != 0)
        return -1;
    int status = 0;
    if (previous.known) {
        reduce(host, &previous.manifest);
        status = simulation_take_snapshots(host->simulation, &previous.manifest) == 0 ? 0 : -1;
        if (status == 0)
            state_snapshotted(&host->state, &previous.manifest, operations->clock());
        state_save(&host->state);
    }
    previous_clear(&previous);
    return status;
}

static void forget(json_t *names, const char *name)
{
    for (size_t i = json_array_size(names); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
            json_array_remove(names, i);
}

static void note_deployed(struct simulated_host *host, const char *manifest,
                          const struct infrastructure *infrastructure)
{
    simulation_set_coordinator(host->simulation, manifest);
    state_deployed(&host->state, manifest, infrastructure);
    state_save(&host->state);
    for (size_t i = 0; i < infrastructure->count; i++) {
        struct simulated_machine *machine =
            simulation_machine(host->simulation, infrastructure->targets[i].name);
        machine->held = false;
        forget(host->accepted, machine->name);
        forget(host->preferred, machine->name);
    }
}

static enum simulated_redeployment check_and_deploy(struct simulated_host *host,
                                                    const struct previous *previous, const char *path,
                                                    const struct infrastructure *infrastructure)
{
    struct manifest new;
    char *reason = NULL;
    manifest_init(&new, host->simulation->strings);
    if (manifest_read(path, host->simulation->strings, &new, &reason) != MANIFEST_READ)
        simulated_broken(reason);
    int stopped =
        check_deployment(previous->known ? &previous->manifest : NULL, &new,
                         json_object_get(host->state.root, "survivors"), host->report, &host->settings);
    manifest_clear(&new);
    if (stopped != 0)
        return SIMULATED_STOPPED;
    int status = simulation_deploy(host->simulation, previous->path, path);
    if (status == 0)
        note_deployed(host, path, infrastructure);
    return (enum simulated_redeployment)status;
}

enum simulated_redeployment simulated_host_deploy(struct simulated_host *host,
                                                  const struct simulated_system *system)
{
    struct infrastructure infrastructure;
    struct previous previous;
    enum simulated_redeployment outcome = SIMULATED_FAILED;
    read_model(host, true, &infrastructure);
    const char *path = simulation_manifest(host->simulation, system, &infrastructure);
    if (previous_read(SIMULATED_PROFILES, host->options.profile, NULL, host->simulation->strings, &previous)
        == 0)
        outcome = check_and_deploy(host, &previous, path, &infrastructure);
    previous_clear(&previous);
    infrastructure_clear(&infrastructure);
    return outcome;
}

enum simulated_redeployment simulated_host_cycle(struct simulated_host *host,
                                                 const struct simulated_system *system)
{
    simulated_host_look(host);
    if (simulated_host_reconstruct(host) != 0)
        return SIMULATED_FAILED;
    return simulated_host_deploy(host, system);
}

void simulated_host_accept(struct simulated_host *host, const char *target)
{
    json_array_append_new(host->accepted, json_string(target));
}

void simulated_host_prefer(struct simulated_host *host, const char *target)
{
    json_array_append_new(host->preferred, json_string(target));
}
