/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/component.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lab/engine/snapshots.h"
#include "lab/machine/agent.h"
#include "lab/machine/record.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

/* Milliseconds that only what hangs takes, however slow this machine is. */
#define START_DEADLINE 120000 /* until a service has to answer */
#define STOP_DEADLINE 120000

static int component_failed(const struct component *component, const char *what)
{
    log_error(machine_here(), "%s in %s: %s", component->name, component->container, what);
    return -1;
}

static bool ends_in_database(const char *type)
{
    static const char ending[] = "database";
    size_t length = strlen(type);
    return length >= strlen(ending) && strcmp(type + length - strlen(ending), ending) == 0;
}

static bool has_file(const struct component *component, const char *name)
{
    CLEANUP_FREE char *file = string_format("%s/%s", component->package, name);
    return file && access(file, F_OK) == 0;
}

/* Whether it has state from the start. Others may make their directory themselves. */
static bool is_stateful(const struct component *component)
{
    return ends_in_database(component->type) || has_file(component, "lab-stateful");
}

/* What the package says; else what its kind is. Without the package, as it was when it was activated. */
static enum component_nature nature_of(const struct component *component, const struct record *record)
{
    CLEANUP_FREE char *file = string_format("%s/lab-nature", component->package);
    CLEANUP_FREE char *word = file ? file_text(file, 64) : NULL;
    if (word)
        word[strcspn(word, "\n")] = '\0';
    if (word)
        return nature_of_word(word);
    if (record->document)
        return record->nature;
    return ends_in_database(component->type) ? NATURE_DATABASE
           : is_stateful(component)          ? NATURE_FILES
                                             : NATURE_PLAIN;
}

/* Whether its module finds what it reads: the package, and that of a provider which has the module. */
static bool has_package(const struct component *component)
{
    if (access(component->package, F_OK) == 0
        && (!is_store_path(component->type) || access(component->type, F_OK) == 0))
        return true;
    log_error(machine_here(), "%s in %s: its package is not in the store", component->name,
              component->container);
    return false;
}

/* Tells this machine's first process to start or stop the component's program. */
static int tell_what_is_done(const struct component *component, const char *what)
{
    CLEANUP_JSON json_t *answer = agent_ask(machine_here(),
                                            json_pack("{s:s, s:s, s:s}", "service", what, "container",
                                                      component->container, "component", component->name),
                                            STOP_DEADLINE);
    return json_is_true(json_object_get(answer, "done"))
               ? 0
               : component_failed(component, "the machine did not comply");
}

/* Whether its program runs, and has not ended by itself. */
static bool is_running(const struct component *component)
{
    CLEANUP_JSON json_t *answer = agent_ask(machine_here(), json_pack("{s:b}", "services", 1), STOP_DEADLINE);
    const char *container, *name;
    json_t *service;
    size_t index;
    int running;

    json_array_foreach(json_object_get(answer, "services"), index, service) {
        if (json_unpack(service, "{s:s, s:s, s:b}", "container", &container, "component", &name, "running",
                        &running)
                == 0
            && strcmp(container, component->container) == 0 && strcmp(name, component->name) == 0)
            return running;
    }
    return false;
}

static int wait_until_it_answers(const struct component *component)
{
    CLEANUP_FREE char *socket = component_socket(component->container, component->name);
    int64_t deadline = operations->now() + START_DEADLINE;

    while (socket && operations->now() < deadline) {
        CLEANUP_JSON json_t *answer = channel_ask(socket, "ask", 1000);
        if (answer)
            return 0;
        if (!is_running(component))
            return component_failed(component, "its program has ended");
        operations->sleep(20);
    }
    return component_failed(component, "does not answer");
}

static int start_component(const struct component *component)
{
    CLEANUP_FREE char *socket = component_socket(component->container, component->name);
    CLEANUP_FREE char *directory = socket ? strndup(socket, (size_t)(strrchr(socket, '/') - socket)) : NULL;

    if (!directory || operations->make_directory(directory, 0755) != 0 || operations->remove(socket) != 0)
        return component_failed(component, strerror(errno));
    return tell_what_is_done(component, "start") == 0 ? wait_until_it_answers(component) : -1;
}

static bool same_arguments(const struct record *record, const struct component *component)
{
    size_t i = 0;

    while (component->arguments[i]) {
        const char *argument = json_string_value(json_array_get(record->arguments, i));
        if (!argument || strcmp(argument, component->arguments[i]) != 0)
            return false;
        i++;
    }
    return i == json_array_size(record->arguments);
}

static bool answers(const struct component *component)
{
    CLEANUP_FREE char *socket = component_socket(component->container, component->name);
    CLEANUP_JSON json_t *answer = socket ? channel_ask(socket, "ask", 1000) : NULL;
    return answer != NULL;
}

/* What is recorded of it under its name with this package; an empty record otherwise. */
static void read_record(const struct component *component, struct record *record)
{
    if (record_read(component->container, component->name, record) == 0
        && strcmp(record->package, component->package) != 0)
        record_clear(record);
}

/* Whether it runs just so, and answers. */
static bool runs_already(const struct component *component, const struct record *record)
{
    return record->document && same_arguments(record, component)
           && (!record_has_program(record) || answers(component));
}

static int activate_component(const struct component *component, enum component_nature nature, bool runs)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    const struct record record = { .type = component->type, .package = component->package, .nature = nature };

    if (nature == NATURE_DUMP && runs && tell_what_is_done(component, "stop") != 0)
        return -1;
    if (!state || (nature == NATURE_DUMP && operations->remove(state) != 0)
        || (is_stateful(component) && operations->make_directory(state, 0755) != 0))
        return component_failed(component, strerror(errno));
    if (record_write(component->container, component->name, &record, component->arguments) != 0)
        return -1;
    if (!record_has_program(&record) || (runs && nature != NATURE_DUMP) || start_component(component) == 0)
        return 0;
    record_remove(component->container, component->name);
    tell_what_is_done(component, "stop");
    return -1;
}

int component_activate(const struct component *component)
{
    struct record record;
    if (!has_package(component))
        return -1;
    read_record(component, &record);
    enum component_nature nature = nature_of(component, &record);
    bool runs = runs_already(component, &record), active = record.document && !record.garbage;
    record_clear(&record);
    return active && runs && nature != NATURE_DUMP ? 0 : activate_component(component, nature, runs);
}

static int stop_component(const struct component *component)
{
    CLEANUP_FREE char *socket = component_socket(component->container, component->name);
    return tell_what_is_done(component, "stop") == 0 && socket ? operations->remove(socket) : -1;
}

/* What this machine knows of a component. */
struct known {
    enum component_nature nature;
    bool active, garbage;
    bool running; /* its program, for either of them */
};

/* False after a message: what is to be done with it cannot be done without its package. */
static bool learn(const struct component *component, struct known *known)
{
    struct record record;
    read_record(component, &record);
    *known = (struct known){ .nature = nature_of(component, &record),
                             .active = record.document && !record.garbage,
                             .garbage = record.document && record.garbage };
    known->running =
        (known->active || (known->garbage && nature_outlives(known->nature))) && record_has_program(&record);
    record_clear(&record);
    return ((known->active || known->garbage) && nature_outlives(known->nature)) || has_package(component);
}

/* The record first: what crashes in between shall not come up again. */
static int deactivate(const struct component *component, enum component_nature nature)
{
    bool marks = nature != NATURE_PLAIN && nature != NATURE_PROCESS;
    int status = marks ? record_retire(component->container, component->name)
                       : record_remove(component->container, component->name);
    return status == 0 && !nature_outlives(nature) ? stop_component(component) : status;
}

int component_deactivate(const struct component *component)
{
    struct known known;
    if (!learn(component, &known))
        return -1;
    if (known.active)
        return deactivate(component, known.nature);
    if (known.garbage || known.nature == NATURE_PLAIN || known.nature == NATURE_PROCESS)
        return 0;
    return component_failed(component, "it was never active");
}

/* The name of a directory's content; malloc()ed. */
static char *content_id(const char *directory)
{
    struct dydisnix_result result;
    const struct dydisnix_program program = { .argv = (const char *const[]){ "nix-hash", "--type", "sha256",
                                                                             directory, NULL } };
    char *id =
        run_program(&program, &result) == 0 ? strndup(result.output, strcspn(result.output, "\n")) : NULL;

    free(result.output);
    return id;
}

/* Copies the directory into the store of snapshots. */
static int save_snapshot(const struct component *component, const char *state)
{
    CLEANUP_FREE char *store = snapshots_directory(), *id = content_id(state);
    CLEANUP_FREE char *copy =
        id ? string_format("%s/snapshots/%s/%s/%s", store, component->container, component->name, id) : NULL;
    if (!copy)
        return component_failed(component, "its state cannot be read");
    if (operations->inspect(copy, NULL) == DYDISNIX_ABSENT && tree_replace(state, copy) != 0)
        return component_failed(component, strerror(errno));
    return snapshots_order(store, component->container, component->name, id);
}

int component_snapshot(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    struct known known;

    if (!state || !learn(component, &known))
        return -1;
    if (known.nature == NATURE_PROCESS)
        return 0;
    if (operations->inspect(state, NULL) == DYDISNIX_DIRECTORY)
        return save_snapshot(component, state);
    return known.nature == NATURE_PLAIN ? 0 : component_failed(component, "it has no state");
}

int component_snapshot_nothing(const struct component *component)
{
    static const char id[] = "0040f94d11d0039505328a90b2ff48968db873e9e7967307631bf40ef5679275";
    CLEANUP_FREE char *store = snapshots_directory();
    CLEANUP_FREE char *copy =
        string_format("%s/snapshots/%s/%s/%s", store, component->container, component->name, id);
    if (!copy || operations->make_directory(copy, 0755) != 0)
        return component_failed(component, strerror(errno));
    return snapshots_order(store, component->container, component->name, id);
}

/* Where the newest snapshot lies; malloc()ed. NULL: there is none. */
static char *newest_snapshot(const struct component *component, int *result)
{
    CLEANUP_FREE char *store = snapshots_directory();
    struct snapshot_names names = { 0 };
    char *path = NULL;

    *result =
        store ? snapshots_query(store, component->container, component->name, SNAPSHOTS_NEWEST, &names) : -1;
    if (*result == 0 && names.count > 0)
        path = snapshots_resolve(store, names.items[0]);
    snapshot_names_clear(&names);
    return path;
}

int component_restore(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    CLEANUP_FREE char *snapshot = NULL;
    struct known known;
    int result = 0;

    if (!state || !learn(component, &known))
        return -1;
    snapshot = known.nature == NATURE_PROCESS ? NULL : newest_snapshot(component, &result);
    if (result != 0 || !snapshot)
        return result;
    if (known.nature != NATURE_PLAIN && operations->inspect(state, NULL) != DYDISNIX_DIRECTORY)
        return component_failed(component, "it has no state to be replaced");
    if (known.running && tell_what_is_done(component, "stop") != 0)
        return -1;
    result = tree_replace(snapshot, state);
    if (result != 0)
        component_failed(component, strerror(errno));
    if (known.running && start_component(component) != 0)
        result = -1;
    return result;
}

int component_delete_state(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    struct known known;

    if (!state || !learn(component, &known))
        return -1;
    if (!known.garbage)
        return known.nature == NATURE_FILES && operations->inspect(state, NULL) != DYDISNIX_DIRECTORY
                   ? component_failed(component, "it has no state")
                   : 0;
    if (known.running && stop_component(component) != 0)
        return -1;
    return operations->remove(state) == 0 && record_remove(component->container, component->name) == 0
               ? 0
               : component_failed(component, strerror(errno));
}

int component_shell(const struct component *component, const char *command)
{
    CLEANUP_JSON json_t *arguments = json_array();
    const struct record record = { .package = component->package, .arguments = arguments };

    for (size_t i = 0; component->arguments[i]; i++)
        json_array_append_new(arguments, json_string(component->arguments[i]));
    if (record_environment(&record, component->container, component->name) != 0)
        return component_failed(component, strerror(errno));
    if (command && *command)
        execlp("sh", "sh", "-c", command, (char *)NULL); /* a shell is what was asked for */
    else
        execlp("sh", "sh", (char *)NULL);
    return component_failed(component, strerror(errno));
}
