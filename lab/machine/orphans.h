/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this process has started, directly or not. Needs to be a child subreaper.
 */
#ifndef ORPHANS_H
#define ORPHANS_H

/* Kills all of them and waits for their ends. */
void orphans_end(void);

#endif
