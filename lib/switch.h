/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every part of the rule on copies of state, and some other guards, can be switched off, one at a time, in a build for
 * tests alone: so it is shown that each one bites. Otherwise SWITCH() is the constant true.
 */
#ifndef SWITCH_H
#define SWITCH_H

#ifdef TEST_SWITCHES
enum test_switch {
    AWAY, RENAMED, REPLICATED, DESCENDS, COORDINATOR_NEWER, FRESH, KEYS, /* the conditions */
    RESCUE, FENCE, LEFT_OUT, HOLD,                                       /* what is done */
    COPIES_SWITCHES,                                                     /* how many these are */
    SUPERSEDED = COPIES_SWITCHES, /* the rule as a whole */
    REFERENCES,                   /* a reconstructed manifest refers to what it names */
    EMPTY_MODEL,                  /* a model without targets is refused */
    RETRY,                        /* what failed is tried again */
    RESEND,                       /* closures that Nix has collected on a target are sent again */
    SWITCHES
};
extern enum test_switch switched_off; /* SWITCHES: none */
#define SWITCH(name) (switched_off != (name))
#else
#define SWITCH(name) true
#endif

#endif
