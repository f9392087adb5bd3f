/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every part of the rule on copies of state, and some other guards, can be switched off, one at a time, in a
 * build for tests alone: so it is shown that each one bites. Otherwise SWITCH() is the constant true.
 */
#ifndef SWITCH_H
#define SWITCH_H

#include <stdbool.h>

enum test_switch {
    /* The lines of the table, see plugin/copies/survivor.c. */
    PREFERRED,
    UNASKED,
    AT_HOME,
    REPLICAS,
    OVERTAKEN,
    MOVED_REPLICAS,
    SEVERAL_OVERTAKEN,
    HOMES,
    LAST_DEPLOYED,
    GIVEN_UP,
    ASK,
    OLDER,
    BRING_BACK,
    /* The conditions, see plugin/copies/evidence.c. */
    AWAY,
    RENAMED,
    REPLICATED,
    DESCENDS,
    COORDINATOR_NEWER,
    FRESH,
    KEYS,
    /* What settles that a copy is given up. */
    BY_WORD,
    GIVEN_UP_BEFORE,
    CONTAINED,
    OVERTAKEN_NEWEST,
    BY_CONDITIONS,
    BY_DESCENT,
    /* The order, and what is minded in it. */
    ACTIVATE_FIRST,
    ACTIVATE_ONCE,
    ACTIVATE_FENCED,
    RESCUE,
    FENCE,
    SECOND_RESCUE,
    REAL_RESCUE,
    PROVING_NAMES,
    LASTING_DISPUTE,
    OWED_RESCUE,
    KEPT_CHOICE,
    DEPLOYED_ONLY,
    LEFT_OUT,
    LATE_LIST,
    ONLY_DISPUTED,
    WANTED_AGAIN,
    STILL_OLDER,
    STILL_FENCED,
    IN_DOUBT, /* whose fence came to no good end may not run */
    UNTOLD,
    PLACED_AGAIN,
    SAVE_RESTORED,
    PINS,
    START_AGAIN,
    SUPERSEDED,     /* the rule as a whole */
    REFERENCES,     /* a reconstructed manifest refers to what it names */
    EMPTY_MODEL,    /* a model without targets is refused */
    RETRY,          /* what failed is tried again */
    KEPT_RESULTS,   /* what a stage has put into the store is kept for later ones */
    RESEND,         /* closures that Nix has collected on a target are sent again */
    OWED_PROFILE,   /* what runs where a profile cannot be set is what that profile tells */
    REPLACED,       /* nothing is owed to a disk on which nothing was begun */
    OLDER_SURVIVOR, /* of several copies none may be the newest */
    OLDER_DISK,     /* an older disk in a machine that was not away is seen */
    BUDGET,         /* who lets one call run into its deadline is asked no more */
    UNBELIEVED,     /* what is printed tells nothing of how a program ended */
    ANY_AMOUNT,     /* what nobody reads may be any amount */
    KEPT_STATE,     /* a state that cannot be read is not empty */
    ASKED_NO_MORE,  /* who hangs while a deployment is settled is silent from then on */
    REFUSED,        /* who refuses what a deployment needs is left out of the next ones */
    FINISHED,       /* a profile that cannot be set fails no cycle for the other targets */
    MEASURED_WAITS, /* a clock that is set ends no wait */
    SWITCHES,
    NEVER_OFF
};

#ifdef TEST_SWITCHES
extern enum test_switch switched_off; /* SWITCHES: none */
#define SWITCH(name) (switched_off != (name))
#else
#define SWITCH(name) ((void)(name), true)
#endif

#endif
