/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction tells: the part of the report that is about copies of state.
 */
#ifndef REPORT_H
#define REPORT_H

#include "copies.h"

/* Sets the arrays superseded, regressed, leftOut, conflicts, rescued, fenced and notSuperseded. */
void report_copies(json_t *report, const struct copies *copies);

/* Says in words what has to be known: conflicts, what is left out, dangling and divergent ones. */
void report_warn(const json_t *report, const struct copies *copies);

#endif
