/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What Nix says that nobody needs to read. What it warns of, a missing group of build users say, it warns of at
 * each call; that is said once.
 */
#ifndef WARNINGS_H
#define WARNINGS_H

#include <stdbool.h>

/* From here on, what one process has said counts for all that it forks, and the other way round. */
void warnings_share(void);

/* Whether this line of a program's stderr is such a warning that was said before. It is said when a program
 * of Nix says it, and others on the coordinator repeat it; what is said of a target by another program
 * (target is not NULL) comes from there. */
bool warnings_repeated(const char *program, const char *target, const char *line);

/* Whether a call that asks for the requisites of a profile is told no more than that there is none, in quotation
 * marks behind which each Nix has words of its own. A new machine answers so. */
bool warnings_of_absence(const char *const *argv, const char *line);

#endif
