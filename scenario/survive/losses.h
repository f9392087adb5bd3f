/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is lost at once: targets, or groups of them.
 */
#ifndef SCENARIO_LOSSES_H
#define SCENARIO_LOSSES_H

#include <jansson.h>

/* [ { "name": text, "targets": [NAME] } ]: each choice of so many of the targets, or of the groups of those
 * that have the same value of a property (NULL: each by itself); in order. targets: as in a system. What does
 * not have the property is in no group. A new reference. */
json_t *survive_losses(const json_t *targets, size_t count, const char *property);

#endif
