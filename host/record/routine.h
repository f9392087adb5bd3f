/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each cycle says on its way to finding that nothing has changed. A loop at rest says nothing: its cycles keep that
 * back, and tell it when something is to be done after all.
 */
#ifndef ROUTINE_H
#define ROUTINE_H

#include <stdbool.h>

/* A cycle begins; kept: it says nothing until routine_over(), else all at once. */
void routine_begin(bool kept);

/* A notice of the coordinator. */
void routine_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether nothing is said now: then what programs print is not shown either, unless they fail. */
bool routine_is_kept(void);

/* Something is to be done: what was kept is told, and nothing more is kept. */
void routine_over(void);

#endif
