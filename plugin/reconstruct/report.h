/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction tells: parts of the report, which dydisnix-reconstruct(1) describes.
 */
#ifndef REPORT_H
#define REPORT_H

#include "lib/manifest/previous.h"
#include "plugin/copies/copies.h"

enum { REPORT_VERSION = 1 };

/* Sets the object targets: what each one answered and what is made of it. manifest: the result; NULL: there is
 * none. */
void report_targets(json_t *report, const struct capture *capture, const struct options *options,
                    const struct manifest *manifest);

/* Sets the arrays superseded, regressed, kept, activated, rescued, fenced, failed and late. acted: what was
 * done before, see below. */
void report_copies(json_t *report, const struct copies *copies, const json_t *acted,
                   const struct options *options);

/* Adds to the arrays activated, rescued, fenced and failed of acted what was tried on copies: it stays done
 * when the decision is made again. */
void report_acted(json_t *acted, const struct copies *copies);

/* Sets survivors, which it takes, and the array disputes, also of copies that no target's profile has any
 * more. */
void report_disputes(json_t *report, const struct copies *copies, json_t *survivors);

/* Sets the array warnings, and says each: names with which Disnix would lose state or read the wrong history.
 * namesake: see previous_namesake(); may be NULL. version: of the manifest; the Disnix that deploys version 1
 * moves state by connection keys and loses none. */
void report_names(json_t *report, const struct capture *capture, const struct previous *previous,
                  const char *namesake, int version);

/* Sets previous, changed, manifestVersion, difference and changes: the result against the previous manifest.
 * Gives back changed. */
bool report_difference(json_t *report, const struct previous *previous, const struct manifest *manifest);

/* Says in words what has to be known: disputes, what is left out, dangling and divergent ones. */
void report_warn(const json_t *report);

#endif
