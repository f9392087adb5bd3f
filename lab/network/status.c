/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dydisnix-lab status: what runs where.
 */
#include <stdio.h>
#include <string.h>

#include "lab/base/network.h"
#include "lab/base/questions.h"
#include "lab/machine/agent.h"
#include "lab/network/master.h"
#include "lab/network/programs.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"

#define AGENT_DEADLINE 60000

static void add_component_state(json_t *service, const char *machine)
{
    const char *component = json_string_value(json_object_get(service, "component"));
    CLEANUP_JSON json_t *answer = component ? question_ask(machine, component, "ask") : NULL;
    json_t *state = json_object_get(answer, "state");

    json_object_set_new(service, "answers", json_boolean(answer != NULL));
    if (!answer)
        return;
    json_object_set(service, "service", json_object_get(answer, "service"));
    json_object_set(service, "version", json_object_get(answer, "version"));
    if (state)
        json_object_set(service, "state", state);
}

/* What is active there, if the machine can tell. */
static json_t *services_of(const char *machine, const char *state)
{
    CLEANUP_JSON json_t *answer = strcmp(state, "up") == 0
                                      ? agent_ask(machine, json_pack("{s:b}", "services", 1), AGENT_DEADLINE)
                                      : NULL;
    json_t *services = json_object_get(answer, "services");
    json_t *service;
    size_t index;

    if (!services)
        return json_array();
    json_array_foreach(services, index, service)
        add_component_state(service, machine);
    return json_incref(services);
}

/* {NAME: {"state", "partitioned", "services": […]}…} */
static json_t *describe_network(void)
{
    CLEANUP_JSON json_t *answer = master_ask("status", NULL, NULL);
    json_t *states = json_object_get(answer, "machines");
    json_t *network = states ? json_object() : NULL;
    json_t *state;
    const char *machine;

    json_object_foreach(states, machine, state) {
        const char *text = json_string_value(state) ? json_string_value(state) : "";
        json_object_set_new(network, machine,
                            json_pack("{s:s, s:b, s:o}", "state", text, "partitioned",
                                      machine_is(machine, "partitioned"), "services",
                                      services_of(machine, text)));
    }
    return network;
}

static void print_service(const char *machine, const char *state, const json_t *service)
{
    const json_t *lines = json_object_get(service, "state");
    const json_t *line;
    size_t index;

    printf("%-14s %-12s %-24s %-12s", machine, state, text_at(service, "component"),
           json_is_true(json_object_get(service, "answers"))   ? "answers"
           : json_is_true(json_object_get(service, "running")) ? "silent"
                                                               : "active");
    json_array_foreach(lines, index, line)
        printf("%s%s", index == 0 ? " " : ", ", json_string_value(line));
    putchar('\n');
}

static void print_machine(const char *name, const json_t *machine)
{
    const char *state =
        json_is_true(json_object_get(machine, "partitioned")) ? "partitioned" : text_at(machine, "state");
    const json_t *services = json_object_get(machine, "services");
    const json_t *service;
    size_t index;

    if (json_array_size(services) == 0)
        printf("%-14s %s\n", name, state);
    json_array_foreach(services, index, service)
        print_service(index == 0 ? name : "", index == 0 ? state : "", service);
}

static void print_table(const json_t *network)
{
    CLEANUP_FREE const char **names = json_sorted_names(network);
    if (!names)
        return;
    printf("%-14s %-12s %-24s %-12s %s\n", "MACHINE", "IS", "COMPONENT", "WHICH", "STATE");
    for (size_t i = 0; names[i]; i++)
        print_machine(names[i], json_object_get(network, names[i]));
}

int status_main(int argc, char **argv)
{
    bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc != 1 && !as_json)
        return -1;
    CLEANUP_JSON json_t *network = describe_network();
    if (!network)
        return 1;
    if (as_json) {
        json_dumpf(network, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
        putchar('\n');
    } else {
        print_table(network);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
