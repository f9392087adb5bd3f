/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every part of the rule on copies of state can be switched off, one at a time, in a build for tests alone: so it is
 * shown that each one bites. Otherwise SWITCH() is the constant true.
 */
#ifndef SWITCH_H
#define SWITCH_H

#ifdef COPIES_SWITCHES
enum copies_switch {
    AWAY, RENAMED, REPLICATED, DESCENDS, COORDINATOR_NEWER, FRESH, KEYS, /* the conditions */
    RESCUE, FENCE, LEFT_OUT, HOLD,                                       /* what is done */
    SWITCHES
};
extern enum copies_switch copies_switched_off; /* SWITCHES: none */
#define SWITCH(name) (copies_switched_off != (name))
#else
#define SWITCH(name) true
#endif

#endif
