/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction tells: parts of the report, which dydisnix-reconstruct(1) describes.
 */
#ifndef REPORT_H
#define REPORT_H

#include "copies.h"
#include "previous.h"

enum { REPORT_VERSION = 1 };

/* Sets the object targets: what each one answered and what is made of it. manifest: the result, previous: the
 * previous manifest; NULL: there is none. */
void report_targets(json_t *report, const struct capture *capture, const struct options *options,
                    const struct manifest *previous, const struct manifest *manifest);

/* Sets the arrays superseded, regressed, leftOut, conflicts, held, rescued, fenced and notSuperseded. acted: what was
 * done before on others, see below. */
void report_copies(json_t *report, const struct copies *copies, const json_t *acted);

/* Adds to the arrays rescued and fenced of acted what was done on copies of earlier that are not among copies any more:
 * their target was refused, and what was done to it stays done. */
void report_acted(json_t *acted, const struct copies *earlier, const struct copies *copies);

/* Sets the array warnings, and says each: names with which Disnix would lose state or read the wrong history.
 * namesake: see previous_namesake(); may be NULL. version: of the manifest; the Disnix that deploys version 1 moves
 * state by connection keys and loses none. */
void report_names(json_t *report, const struct capture *capture, const struct previous *previous,
                  const char *namesake, int version);

/* Sets previous, changed, manifestVersion, difference and changes: the result against the previous manifest. Gives back
 * changed. */
bool report_difference(json_t *report, const struct previous *previous, const struct manifest *manifest);

/* Says in words what has to be known: conflicts, what is left out, dangling and divergent ones. */
void report_warn(const json_t *report);

#endif
