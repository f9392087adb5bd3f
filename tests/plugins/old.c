/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plugin as it was built against the first released header.
 */
#include "old-headers/plugin-1.h"

#include <stdio.h>

static int old_cycle_finished(const json_t *event, json_t **report)
{
    (void)report;
    printf("old plugin: %s\n", json_string_value(json_object_get(event, "outcome")));
    fflush(stdout);
    return DYDISNIX_DONE;
}

static const struct dydisnix_plugin plugin = { .name = "old", .cycle_finished = old_cycle_finished };

DYDISNIX_REGISTER_PLUGIN(plugin)
