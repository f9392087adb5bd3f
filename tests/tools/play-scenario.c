/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * play-scenario [--disnix|--simulate] DIRECTORY: plays the timeline of DIRECTORY/scenario.json in a network, and prints
 * in lines of JSON what is to be seen after the first deployment, after each moment, and, once more asked, in the end:
 *     {"happened": [status of each event], "adapted": status, "elapsed", "journal", "messages", "observed"}
 * or {"refused": reason}. Documents are not checked. A moment {"kill": true} ends this process with KILL.
 *
 * play-scenario --place FILE: where the policy puts services, for each { "services", "distribution",
 * "targets", "before" } in the list that FILE holds.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/format/policy.h"
#include "scenario/play/network.h"

static const struct scenario_network *network = &scenario_lab;

static void tell(json_t *document)
{
    CLEANUP_JSON json_t *owned = document;
    json_dumpf(owned, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
    fflush(stdout);
}

static int step(void *lab, const json_t *events, bool again)
{
    json_t *happened = json_array(), *event;
    size_t index;
    if (json_is_object(events))
        json_array_append_new(happened, json_integer(network->happen(lab, events)));
    json_array_foreach((json_t *)events, index, event)
        json_array_append_new(happened, json_integer(network->happen(lab, event)));
    int adapted = network->adapt(lab, again);
    CLEANUP_FREE char *messages = network->messages(lab), *text = string_utf8(messages);
    tell(json_pack("{so si sI so ss* so}", "happened", happened, "adapted", adapted, "elapsed",
                   (json_int_t)network->elapsed(lab), "journal", network->journal(lab), "messages", text,
                   "observed", network->observe(lab)));
    return adapted;
}

static int play(const struct scenario_setting *setting)
{
    json_t *moment;
    size_t index;
    CLEANUP_FREE char *reason = network->refuses(setting);
    if (reason) {
        tell(json_pack("{ss}", "refused", reason));
        return 0;
    }
    void *lab = network->open(setting);
    if (!lab)
        return 1;
    int status = step(lab, NULL, false);
    json_array_foreach(json_object_get(setting->scenario, "timeline"), index, moment) {
        if (json_object_get(moment, "kill"))
            raise(SIGKILL);
        if (status == 0 && !json_object_get(moment, "expect"))
            status = step(lab, moment, false);
    }
    if (status == 0)
        status = step(lab, NULL, true);
    network->close(lab);
    return status != 0;
}

static int place(const char *file)
{
    CLEANUP_JSON json_t *list = json_load_file(file, 0, NULL);
    json_t *system;
    size_t index;
    json_array_foreach(list, index, system)
        tell(scenario_place(json_object_get(system, "services"), json_object_get(system, "distribution"),
                            json_object_get(system, "targets"), json_object_get(system, "before")));
    return list ? 0 : 2;
}

int main(int argc, char **argv)
{
    operations_use(&real_operations);
    if (argc == 3 && strcmp(argv[1], "--place") == 0)
        return place(argv[2]);
    if (argc < 2)
        return 2;
    CLEANUP_FREE char *directory = realpath(argv[argc - 1], NULL);
    CLEANUP_FREE char *file = string_format("%s/scenario.json", directory);
    json_error_t error;
    CLEANUP_JSON json_t *scenario = json_load_file(file, 0, &error);
    if (!scenario) {
        fprintf(stderr, "%s:%d: %s\n", file, error.line, error.text);
        return 2;
    }
    if (strcmp(argv[1], "--simulate") == 0)
        network = &scenario_simulation;
    const struct scenario_setting setting = { .scenario = scenario,
                                              .directory = directory,
                                              .disnix = strcmp(argv[1], "--disnix") == 0,
                                              .verbose = getenv("VERBOSE") != NULL };
    return play(&setting);
}
