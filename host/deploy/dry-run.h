/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plan of a cycle, for --dry-run.
 */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include <jansson.h>
#include <stdbool.h>

/* Prints, on standard output, what a cycle whose hooks got this event would have done, with the reasons as the story has
 * them, how old the snapshots are of what moves, and how much that is in all. state: of the loop. */
void dry_run_print(const json_t *event, const json_t *state);

/* How much a deployment, by the reports of its cycle, is to do or (done) has done, in words; malloc()ed, NULL: no memory. */
char *deployment_counts(const json_t *reports, bool done);

#endif
