/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction tells: the part of the report that is about copies of state.
 */
#ifndef REPORT_H
#define REPORT_H

#include "copies.h"
#include "previous.h"

/* Sets the arrays superseded, regressed, leftOut, conflicts, held, rescued, fenced and notSuperseded. */
void report_copies(json_t *report, const struct copies *copies);

/* Sets the array warnings, and says each: names with which Disnix would lose state or read the wrong history.
 * version: of the manifest; the Disnix that deploys version 1 moves state by connection keys and loses none. */
void report_names(json_t *report, const struct capture *capture, const struct previous *previous, int version);

/* Says in words what has to be known: conflicts, what is left out, dangling and divergent ones. */
void report_warn(const json_t *report);

#endif
