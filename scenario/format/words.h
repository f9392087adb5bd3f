/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text that is the same wherever a scenario is run.
 */
#ifndef SCENARIO_WORDS_H
#define SCENARIO_WORDS_H

#include <jansson.h>

/* Without what differs from one run to the next: a store path is its name without hash, another absolute path
 * its last part, a key is KEY; malloc()ed. */
char *scenario_plain(const char *text);

/* The texts of a list: "a, b and c"; malloc()ed. */
char *scenario_names(const json_t *list);

#endif
