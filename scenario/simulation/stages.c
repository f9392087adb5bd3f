/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plugin of the simulated loop that takes no stage, but lets those fail that a scenario wants to fail.
 */
#include "scenario/simulation/scenario.h"

#include <dydisnix/plugin.h>

#include "host/settings/stage-names.h"

static struct simulated_scenario *current; /* hooks carry no closure */

void scenario_stages_use(struct simulated_scenario *scenario)
{
    current = scenario;
}

static int run_stage(const char *stage)
{
    int status = scenario_stage_fails(current, stage);
    if (status < 0)
        current->wait_for_signal(current);
    return status == 0 ? DYDISNIX_NOT_MINE : DYDISNIX_FAILED;
}

#define NO_HOOK(name, seconds)
#define RUN(name, seconds)                                      \
    static int run_##name(const json_t *event, json_t **report) \
    {                                                           \
        (void)event;                                            \
        (void)report;                                           \
        return run_stage(#name);                                \
    }
CYCLE_STAGES(RUN, NO_HOOK)

struct dydisnix_plugin *scenario_stages_entry(void)
{
#define HOOK(name, seconds) .name = run_##name,
    static struct dydisnix_plugin plugin = { ._size = sizeof plugin,
                                             ._api_version = DYDISNIX_PLUGIN_API_VERSION,
                                             .name = SCENARIO_STAGES,
                                             CYCLE_STAGES(HOOK, NO_HOOK) };
    return &plugin;
}
