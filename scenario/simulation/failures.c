/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What fails in a simulated scenario: calls, programs, stages and deployments, as often as it was said.
 */
#include "scenario/simulation/scenario.h"

#include <string.h>

#include "lib/base/json-members.h"
#include "lib/base/random.h"

bool scenario_says(const json_t *event, const char *key, const char *value)
{
    const char *wanted = json_string_value(json_object_get(event, key));
    return wanted && strcmp(wanted, value) == 0;
}

/* Counts one time of what happens so many times. */
static void count_down(json_t *list, size_t index)
{
    json_t *entry = json_array_get(list, index);
    json_int_t times = json_integer_value(json_object_get(entry, "times")) - 1;
    if (times > 0)
        json_object_set_new(entry, "times", json_integer(times));
    else
        json_array_remove(list, index);
}

json_t *scenario_ending(struct simulated_scenario *scenario, const char *phase, unsigned step)
{
    size_t index;
    json_t *ending;
    json_array_foreach(scenario->endings, index, ending) {
        if (!scenario_says(ending, "phase", phase)
            || json_integer_value(json_object_get(ending, "step")) != step)
            continue;
        json_incref(ending);
        count_down(scenario->endings, index);
        return ending;
    }
    return NULL;
}

static double draw(struct simulated_scenario *scenario)
{
    return (double)(random_next(&scenario->dice) >> 11) / (double)(UINT64_C(1) << 53);
}

static int fate_of(const char *how)
{
    static const struct {
        const char *word;
        int ending;
    } fates[] = { { "hangs", SIMULATED_SILENT },    { "lies", SIMULATED_LIES },
                  { "empties", SIMULATED_EMPTIES }, { "lingers", SIMULATED_LINGERS },
                  { "breaks", SIMULATED_BREAKS },   { "misses", SIMULATED_LOST } };
    for (size_t i = 0; i < sizeof fates / sizeof *fates; i++)
        if (strcmp(how, fates[i].word) == 0)
            return fates[i].ending;
    return 1;
}

/* Whether a failure comes true now, which is of what runs. */
static int fails(struct simulated_scenario *scenario, size_t index)
{
    json_t *failure = json_array_get(scenario->failures, index);
    const json_t *probability = json_object_get(failure, "probability");
    int status = fate_of(text_at(failure, "how"));
    if (probability)
        return draw(scenario) < json_number_value(probability) ? status : 0;
    count_down(scenario->failures, index);
    return status;
}

int scenario_call_fails(struct simulated_scenario *scenario, const char *operation, const char *name)
{
    json_t *failure;
    size_t index;
    json_array_foreach(scenario->failures, index, failure)
        if (scenario_says(failure, "operation", operation)
            && (!json_object_get(failure, "target") || scenario_says(failure, "target", name)))
            return fails(scenario, index);
    return 0;
}

/* Of a program or a stage, which key tells. */
static int named_fails(struct simulated_scenario *scenario, const char *key, const char *name)
{
    size_t index;
    json_t *failure;
    json_array_foreach(scenario->failures, index, failure)
        if (scenario_says(failure, key, name))
            return fails(scenario, index);
    return 0;
}

int scenario_program_fails(struct simulated_scenario *scenario, const char *program)
{
    return named_fails(scenario, "program", program);
}

int scenario_stage_fails(struct simulated_scenario *scenario, const char *stage)
{
    return named_fails(scenario, "stage", stage);
}
