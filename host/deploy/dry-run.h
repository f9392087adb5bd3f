/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plan of a cycle, for --dry-run.
 */
#ifndef DRY_RUN_H
#define DRY_RUN_H

#include <jansson.h>

/* Prints, on standard output, what a cycle whose hooks got this event would have done. */
void dry_run_print(const json_t *event);

#endif
