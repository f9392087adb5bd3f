/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What cannot happen, and what is wrong with a candidate, is of no interest to anybody.
 */
#ifndef SCENARIO_SILENCE_H
#define SCENARIO_SILENCE_H

/* Nothing is written to standard error from here on. Gives what silence_end() takes; -1: not silent. */
int silence_begin(void);
void silence_end(int saved);

#endif
