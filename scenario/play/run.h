/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One scenario, run in a network from its first deployment to one cycle after its last event, which must find
 * nothing.
 */
#ifndef SCENARIO_RUN_H
#define SCENARIO_RUN_H

#include "scenario/format/file.h"
#include "scenario/play/network.h"

struct scenario_way {
    const struct scenario_network *network;
    const json_t *seed; /* NULL: the scenario's own, or 1 */
    bool disnix, verbose;
};

/* How it went, a new reference:
 *
 *   { "skipped": why, in words }, or
 *   { "broken": [text]     what did not hold; empty: all held
 *     "texts": { NAME: text of a golden file },   absent if it did not come to its end
 *     "cycles": how many, "seconds": of the loop's own time,
 *     "journal": [document], also of the kinds event and running,
 *     "messages": text } of the loop */
json_t *scenario_run(const struct scenario *scenario, const struct scenario_way *way);

#endif
