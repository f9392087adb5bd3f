/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which guard is switched off: the one that $SWITCHED_OFF names.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/switch.h"

enum test_switch switched_off = SWITCHES;

static const char *const names[SWITCHES + 1] = {
    [PREFERRED] = "preferred",
    [UNASKED] = "unasked",
    [AT_HOME] = "at-home",
    [REPLICAS] = "replicas",
    [OVERTAKEN] = "overtaken",
    [MOVED_REPLICAS] = "moved-replicas",
    [SEVERAL_OVERTAKEN] = "several-overtaken",
    [HOMES] = "homes",
    [LAST_DEPLOYED] = "last-deployed",
    [GIVEN_UP] = "given-up",
    [ASK] = "ask",
    [OLDER] = "older",
    [BRING_BACK] = "bring-back",
    [AWAY] = "away",
    [RENAMED] = "renamed",
    [REPLICATED] = "replicated",
    [DESCENDS] = "descends",
    [COORDINATOR_NEWER] = "coordinator-newer",
    [FRESH] = "fresh",
    [KEYS] = "keys",
    [BY_WORD] = "by-word",
    [GIVEN_UP_BEFORE] = "given-up-before",
    [CONTAINED] = "contained",
    [OVERTAKEN_NEWEST] = "overtaken-newest",
    [BY_CONDITIONS] = "by-conditions",
    [BY_DESCENT] = "by-descent",
    [ACTIVATE_FIRST] = "activate-first",
    [ACTIVATE_ONCE] = "activate-once",
    [ACTIVATE_FENCED] = "activate-fenced",
    [RESCUE] = "rescue",
    [FENCE] = "fence",
    [SECOND_RESCUE] = "second-rescue",
    [REAL_RESCUE] = "real-rescue",
    [PROVING_NAMES] = "proving-names",
    [LASTING_DISPUTE] = "lasting-dispute",
    [OWED_RESCUE] = "owed-rescue",
    [KEPT_CHOICE] = "kept-choice",
    [DEPLOYED_ONLY] = "deployed-only",
    [LEFT_OUT] = "left-out",
    [LATE_LIST] = "late-list",
    [ONLY_DISPUTED] = "only-disputed",
    [WANTED_AGAIN] = "wanted-again",
    [UNTOLD] = "untold",
    [STILL_OLDER] = "still-older",
    [STILL_FENCED] = "still-fenced",
    [IN_DOUBT] = "in-doubt",
    [SAVE_RESTORED] = "save-restored",
    [PINS] = "pins",
    [START_AGAIN] = "start-again",
    [SUPERSEDED] = "superseded",
    [REFERENCES] = "references",
    [EMPTY_MODEL] = "empty-model",
    [RETRY] = "retry",
    [RESEND] = "resend",
    [KEPT_RESULTS] = "kept-results",
    [OWED_PROFILE] = "owed-profile",
    [REFUSED] = "refused",
    [FINISHED] = "finished",
    [ASKED_NO_MORE] = "asked-no-more",
    [REPLACED] = "replaced",
    [PLACED_AGAIN] = "placed-again",
    [MEASURED_WAITS] = "measured-waits",
    [BUDGET] = "budget",
    [UNBELIEVED] = "unbelieved",
    [ANY_AMOUNT] = "any-amount",
    [KEPT_STATE] = "kept-state",
    [OLDER_DISK] = "older-disk",
    [OLDER_SURVIVOR] = "older-survivor",
    [SWITCHES] = "nothing",
};

__attribute__((constructor)) static void read_switch(void)
{
    const char *name = getenv("SWITCHED_OFF");
    for (size_t i = 0; name && i <= SWITCHES; i++)
        if (strcmp(names[i], name) == 0) {
            switched_off = (enum test_switch)i;
            return;
        }
    fprintf(stderr, "SWITCHED_OFF: there is no such switch\n");
    exit(2);
}
