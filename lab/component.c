/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "component.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "channel.h"
#include "cleanup.h"
#include "operations.h"
#include "record.h"
#include "snapshots.h"
#include "strings.h"
#include "tree.h"

#define START_DEADLINE 10000 /* milliseconds until a service has to answer */
#define STOP_DEADLINE 10000

static const char *this_machine(void)
{
    const char *machine = getenv("DYDISNIX_LAB_MACHINE");
    return machine ? machine : "";
}

static int complain(const struct component *component, const char *what)
{
    log_error(this_machine(), "%s in %s: %s", component->name, component->container, what);
    return -1;
}

/* Whether it has state from the start. Others may make their directory themselves. */
static bool is_stateful(const struct component *component)
{
    static const char ending[] = "database";
    size_t length = strlen(component->type);
    CLEANUP_FREE char *mark = string_format("%s/lab-stateful", component->package);

    if (length >= strlen(ending) && strcmp(component->type + length - strlen(ending), ending) == 0)
        return true;
    return mark && access(mark, F_OK) == 0;
}

/* Tells this machine's first process to start or stop the component's program. */
static int tell(const struct component *component, const char *what)
{
    CLEANUP_JSON json_t *answer = agent_ask(
        this_machine(), json_pack("{s:s, s:s, s:s}", "service", what, "container", component->container,
                                  "component", component->name), STOP_DEADLINE);
    return json_is_true(json_object_get(answer, "done"))
        ? 0 : complain(component, "the machine did not comply");
}

/* Whether its program runs, and has not ended by itself. */
static bool is_running(const struct component *component)
{
    CLEANUP_JSON json_t *answer = agent_ask(this_machine(), json_pack("{s:b}", "services", 1), STOP_DEADLINE);
    const char *container, *name;
    json_t *service;
    size_t index;
    int running;

    json_array_foreach(json_object_get(answer, "services"), index, service) {
        if (json_unpack(service, "{s:s, s:s, s:b}", "container", &container, "component", &name, "running",
                        &running) == 0
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
            return complain(component, "its program has ended");
        operations->sleep(20);
    }
    return complain(component, "does not answer");
}

static int start(const struct component *component)
{
    CLEANUP_FREE char *socket = component_socket(component->container, component->name);
    CLEANUP_FREE char *directory = socket ? strndup(socket, (size_t)(strrchr(socket, '/') - socket)) : NULL;

    if (!directory || operations->make_directory(directory, 0755) != 0 || operations->remove(socket) != 0)
        return complain(component, strerror(errno));
    return tell(component, "start") == 0 ? wait_until_it_answers(component) : -1;
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

/* Whether it is active just so, and answers. */
static bool is_active_already(const struct component *component)
{
    struct record record;
    bool same = false;

    if (record_read(component->container, component->name, &record) == 0)
        same = strcmp(record.package, component->package) == 0 && same_arguments(&record, component);
    if (same && record_has_program(&record)) {
        CLEANUP_FREE char *socket = component_socket(component->container, component->name);
        CLEANUP_JSON json_t *answer = socket ? channel_ask(socket, "ask", 1000) : NULL;
        same = answer != NULL;
    }
    record_clear(&record);
    return same;
}

int component_activate(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    const struct record record = { .package = component->package };

    if (is_active_already(component))
        return 0;
    if (access(component->package, F_OK) != 0)
        return complain(component, "its package is not in the store");
    if (!state || (is_stateful(component) && operations->make_directory(state, 0755) != 0))
        return complain(component, strerror(errno));
    if (record_write(component->container, component->name, component->type, component->package,
                     component->arguments) != 0)
        return -1;
    if (!record_has_program(&record) || start(component) == 0)
        return 0;
    record_remove(component->container, component->name);
    tell(component, "stop");
    return -1;
}

/* Whether this package is what is active under its name. */
static bool is_active(const struct component *component)
{
    struct record record;
    bool active = record_read(component->container, component->name, &record) == 0
        && strcmp(record.package, component->package) == 0;

    record_clear(&record);
    return active;
}

int component_deactivate(const struct component *component)
{
    CLEANUP_FREE char *socket = component_socket(component->container, component->name);

    if (!is_active(component))
        return 0;
    /* The record first: what crashes in between shall not come up again. */
    if (record_remove(component->container, component->name) != 0 || tell(component, "stop") != 0)
        return -1;
    return socket ? operations->remove(socket) : -1;
}

/* The name of a directory's content; malloc()ed. */
static char *content_id(const char *directory)
{
    struct dydisnix_result result;
    const struct dydisnix_program program = {
        .argv = (const char *const[]){ "nix-hash", "--type", "sha256", directory, NULL }
    };
    char *id = run_program(&program, &result) == 0
        ? strndup(result.output, strcspn(result.output, "\n")) : NULL;

    free(result.output);
    return id;
}

int component_snapshot(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    CLEANUP_FREE char *store = snapshots_directory();
    CLEANUP_FREE char *id = NULL;
    CLEANUP_FREE char *copy = NULL;

    if (!state || operations->inspect(state, NULL) != DYDISNIX_DIRECTORY)
        return 0;
    id = content_id(state);
    if (id)
        copy = string_format("%s/snapshots/%s/%s/%s", store, component->container, component->name, id);
    if (!copy)
        return complain(component, "its state cannot be read");
    if (operations->inspect(copy, NULL) == DYDISNIX_ABSENT && tree_replace(state, copy) != 0)
        return complain(component, strerror(errno));
    return snapshots_order(store, component->container, component->name, id);
}

/* Where the newest snapshot lies; malloc()ed. NULL: there is none. */
static char *newest_snapshot(const struct component *component, int *result)
{
    CLEANUP_FREE char *store = snapshots_directory();
    struct snapshot_names names = { 0 };
    char *path = NULL;

    *result = store ? snapshots_query(store, component->container, component->name, true, &names) : -1;
    if (*result == 0 && names.count > 0)
        path = snapshots_resolve(store, names.items[0]);
    snapshot_names_clear(&names);
    return path;
}

int component_restore(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);
    CLEANUP_FREE char *snapshot = NULL;
    const struct record record = { .package = component->package };
    bool running = is_active(component) && record_has_program(&record);
    int result;

    snapshot = newest_snapshot(component, &result);
    if (result != 0 || !snapshot)
        return result;
    if (running && tell(component, "stop") != 0)
        return -1;
    result = state ? tree_replace(snapshot, state) : -1;
    if (result != 0)
        complain(component, strerror(errno));
    if (running && start(component) != 0)
        result = -1;
    return result;
}

int component_delete_state(const struct component *component)
{
    CLEANUP_FREE char *state = component_state(component->container, component->name);

    return state && operations->remove(state) == 0 ? 0 : complain(component, strerror(errno));
}

int component_shell(const struct component *component, const char *command)
{
    CLEANUP_JSON json_t *arguments = json_array();
    const struct record record = { .package = component->package, .arguments = arguments };

    for (size_t i = 0; component->arguments[i]; i++)
        json_array_append_new(arguments, json_string(component->arguments[i]));
    if (record_environment(&record, component->container, component->name) != 0)
        return complain(component, strerror(errno));
    if (command && *command)
        execlp("sh", "sh", "-c", command, (char *)NULL); /* a shell is what was asked for */
    else
        execlp("sh", "sh", (char *)NULL);
    return complain(component, strerror(errno));
}
