/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command explore with --exhaustive: every history up to some length.
 */
#include <stdio.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/world/operations.h"
#include "scenario/commands.h"
#include "scenario/format/file.h"
#include "scenario/play/network.h"
#include "scenario/search/alphabet.h"
#include "scenario/search/exhaustive.h"

/* What was found is a scenario. */
static void print_finding(const json_t *system, const json_t *finding)
{
    CLEANUP_JSON json_t *scenario = json_copy((json_t *)system);
    log_error(NULL, "%s: %s; after this, which is the shortest such history:", text_at(finding, "broken"),
              text_at(finding, "words"));
    json_object_set_new(scenario, "description",
                        json_sprintf("%s (found by an exhaustive search)", text_at(finding, "broken")));
    json_object_set(scenario, "timeline", json_object_get(finding, "timeline"));
    json_object_del(scenario, "expect");
    json_dumpf(scenario, stdout, JSON_INDENT(2));
    putchar('\n');
}

/* How many invariants broke; -1: it could not be done. */
static int search_system(struct exhaustive *search, const json_t *system, const char *name)
{
    CLEANUP_JSON json_t *scenario = json_copy((json_t *)system);
    CLEANUP_JSON json_t *timeline = json_copy(json_object_get(system, "timeline"));
    const int64_t began = operations->now();
    const char *invariant;
    json_t *finding;
    json_array_append_new(timeline, alphabet_first(system));
    json_object_set(scenario, "timeline", timeline);
    search->system = scenario;
    search->histories = search->worlds = search->cut = search->cycles = 0;
    int status = exhaustive_search(search);
    log_notice(NULL,
               "%s: %lu histories, %lu worlds, %lu cut, %lu cycles in %.1f seconds: %zu invariants broken",
               name, search->histories, search->worlds, search->cut, search->cycles,
               (double)(operations->now() - began) / 1000, json_object_size(search->findings));
    json_object_foreach(search->findings, invariant, finding)
        print_finding(scenario, finding);
    if (status == 0)
        status = (int)json_object_size(search->findings);
    json_decref(search->findings);
    return status;
}

int explore_read(const char *directory, struct scenario *scenario)
{
    if (scenario_read(directory, false, scenario) != 0)
        return -1;
    const struct scenario_setting setting = { .scenario = scenario->document,
                                              .directory = scenario->directory };
    CLEANUP_FREE char *refused = scenario_simulation.refuses(&setting),
                      *assumed = scenario_simulation.assumes(&setting);
    /* Processes that are forked share what was made for the first network. */
    void *network = refused ? NULL : scenario_simulation.open(&setting);
    if (refused)
        log_error(NULL, "%s: %s", scenario->name, refused);
    if (assumed)
        log_notice(NULL, "%s: %s", scenario->name, assumed);
    if (network)
        scenario_simulation.close(network);
    else
        scenario_clear(scenario);
    return network ? 0 : -1;
}

static int search_case(struct exhaustive *search, const char *directory)
{
    struct scenario scenario;
    int broken = -1;
    if (explore_read(directory, &scenario) != 0)
        return 1;
    search->directory = scenario.directory;
    broken = search_system(search, scenario.document, scenario.name);
    scenario_clear(&scenario);
    return broken == 0 ? 0 : 1;
}

int explore_all(const char *directory, struct exhaustive *search)
{
    int status = 0;
    if (directory)
        return search_case(search, directory);
    for (size_t i = 0; exhaustive_systems[i] && (status == 0 || search->keep_going); i++) {
        CLEANUP_JSON json_t *system = json_loads(exhaustive_systems[i], 0, NULL);
        if (search_system(search, system, text_at(system, "description")) != 0)
            status = 1;
    }
    return fflush(stdout) == 0 ? status : 1;
}
