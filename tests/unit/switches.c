/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stories again, with one part of the rule on copies of state switched off: then just those stories that
 * are told for it must go wrong, and in the way in which they would.
 */
#include "unit.h"

#include <sys/wait.h>

#include "story.h"
#include "switch.h"

enum test_switch switched_off = SWITCHES;

/* What goes wrong without it, by the first thing that does. Verdict: a copy is superseded, or regressed, and
 * should not be; or is not rescued or fenced, and should be. State: the wrong one is live, or in two places.
 * Outcome: the check stops what may go on. Words: another part of the rule says no, for another reason. */
static const struct {
    enum test_switch off;
    const char *story;
    enum story_failure kind;
} expected[] = {
    { AWAY, "another coordinator moved it", WRONG_VERDICT },
    { AWAY, "another coordinator moved it, held", WRONG_VERDICT },
    { AWAY, "another coordinator moved it while away", WRONG_VERDICT },
    { AWAY, "another coordinator moved it while away, held", WRONG_VERDICT },
    { AWAY, "renamed while the other is there", WRONG_WORDS },
    { AWAY, "renamed while the other is there, held", WRONG_WORDS },
    { RENAMED, "an older disk of a machine that is renamed", WRONG_VERDICT },
    { REPLICATED, "replicas by design", WRONG_VERDICT },
    { REPLICATED, "replicas by design, held", WRONG_VERDICT },
    { DESCENDS, "the coordinator's snapshots were lost", WRONG_VERDICT },
    { DESCENDS, "the coordinator's snapshots were lost, held", WRONG_VERDICT },
    { DESCENDS, "the second home began with old state", WRONG_VERDICT },
    { DESCENDS, "the second home began with old state, held", WRONG_VERDICT },
    { DESCENDS, "a rescue reaches nobody", WRONG_VERDICT },
    { COORDINATOR_NEWER, "a third with nothing newer", WRONG_VERDICT },
    { COORDINATOR_NEWER, "the second home is silent and the coordinator has nothing newer", WRONG_VERDICT },
    { COORDINATOR_NEWER, "the second home is silent and the coordinator has nothing newer, held",
      WRONG_VERDICT },
    { COORDINATOR_NEWER, "only the profiles were set and the first returns", WRONG_OUTCOME },
    { COORDINATOR_NEWER, "only the profiles were set and the first returns, held", WRONG_VERDICT },
    { COORDINATOR_NEWER, "the coordinator has other snapshots", WRONG_VERDICT },
    { COORDINATOR_NEWER, "another component name", WRONG_VERDICT },
    { FRESH, "never snapshotted", WRONG_WORDS },
    { FRESH, "never snapshotted, held", WRONG_WORDS },
    { FRESH, "the last snapshot is too old", WRONG_VERDICT },
    { FRESH, "the last snapshot is too old, held", WRONG_VERDICT },
    { FRESH, "the host was down itself", WRONG_VERDICT },
    { FRESH, "the host was down itself, held", WRONG_VERDICT },
    { FRESH, "an older host remembered less", WRONG_VERDICT },
    { FRESH, "an older host remembered less, held", WRONG_VERDICT },
    { FRESH, "a clock was wrong", WRONG_VERDICT },
    { FRESH, "a clock was wrong, held", WRONG_VERDICT },
    { FRESH, "the state directory is lost", WRONG_VERDICT },
    { FRESH, "the state directory is lost, held", WRONG_VERDICT },
    { FRESH, "an older disk whose snapshot is too old", WRONG_VERDICT },
    { KEYS, "a name is not the key", WRONG_VERDICT },
    { KEYS, "a name is not the key, held", WRONG_VERDICT },
    { KEYS, "the name of the home is not its key", WRONG_VERDICT },
    { KEYS, "the name of the home is not its key, held", WRONG_VERDICT },
    { KEYS, "an older disk whose name is not the key", WRONG_VERDICT },
    { RESCUE, "moved once", WRONG_VERDICT },
    { RESCUE, "moved once and back", WRONG_STATE },
    { RESCUE, "moved twice and the first returns", WRONG_STATE },
    { RESCUE, "moved twice and both return", LOST_WRITE },
    { RESCUE, "the second home is gone", WRONG_STATE },
    { RESCUE, "the second home is installed anew", WRONG_STATE },
    { RESCUE, "the service is upgraded meanwhile", WRONG_STATE },
    { RESCUE, "the provider is upgraded meanwhile", LOST_WRITE },
    { RESCUE, "a second reconstruction", WRONG_VERDICT },
    { RESCUE, "a third after the second home died", WRONG_STATE },
    { RESCUE, "the fence fails", WRONG_VERDICT },
    { RESCUE, "the rescue fails", WRONG_VERDICT },
    { RESCUE, "the rescue fails, held", WRONG_VERDICT },
    { RESCUE, "a rescue reaches nobody", WRONG_VERDICT },
    { RESCUE, "a disk from earlier", WRONG_VERDICT },
    { RESCUE, "a disk from earlier after a silence", WRONG_STATE },
    { RESCUE, "the rescue of an older disk fails", WRONG_VERDICT },
    { FENCE, "moved once", WRONG_VERDICT },
    { FENCE, "moved twice and the first returns", WRONG_STATE },
    { FENCE, "moved twice and both return", WRONG_STATE },
    { FENCE, "the second home is silent", WRONG_STATE },
    { FENCE, "the second home is installed anew", WRONG_STATE },
    { FENCE, "the service is upgraded meanwhile", WRONG_STATE },
    { FENCE, "the provider is upgraded meanwhile", WRONG_STATE },
    { FENCE, "a second reconstruction", WRONG_VERDICT },
    { FENCE, "left out stays left out", WRONG_STATE },
    { FENCE, "the fence fails", WRONG_STATE },
    { FENCE, "the last snapshot is just not too old", WRONG_STATE },
    { FENCE, "held, then preferred and placed there", WRONG_STATE },
    { LEFT_OUT, "a third with nothing newer", WRONG_VERDICT },
    { LEFT_OUT, "left out stays left out", WRONG_STATE },
    { LEFT_OUT, "renamed to the one that died", WRONG_STATE },
    { HOLD, "never snapshotted, held", WRONG_OUTCOME },
    { HOLD, "the last snapshot is too old, held", WRONG_OUTCOME },
    { HOLD, "the host was down itself, held", WRONG_OUTCOME },
    { HOLD, "an older host remembered less, held", WRONG_OUTCOME },
    { HOLD, "a clock was wrong, held", WRONG_OUTCOME },
    { HOLD, "the second home is silent and the coordinator has nothing newer, held", WRONG_VERDICT },
    { HOLD, "the coordinator's snapshots were lost, held", WRONG_OUTCOME },
    { HOLD, "the second home began with old state, held", WRONG_OUTCOME },
    { HOLD, "another coordinator moved it, held", WRONG_OUTCOME },
    { HOLD, "another coordinator moved it while away, held", WRONG_OUTCOME },
    { HOLD, "renamed while the other is there, held", WRONG_OUTCOME },
    { HOLD, "replicas by design, held", WRONG_OUTCOME },
    { HOLD, "a name is not the key, held", WRONG_OUTCOME },
    { HOLD, "the name of the home is not its key, held", WRONG_OUTCOME },
    { HOLD, "only the profiles were set and the first returns, held", WRONG_OUTCOME },
    { HOLD, "the state directory is lost, held", WRONG_OUTCOME },
    { HOLD, "the rescue fails, held", WRONG_VERDICT },
    { HOLD, "a rescue reaches nobody", WRONG_OUTCOME },
    { HOLD, "held, then accepted", WRONG_OUTCOME },
    { HOLD, "held, then preferred", WRONG_OUTCOME },
    { HOLD, "held, then preferred and placed there", WRONG_OUTCOME },
    { HOLD, "accepted and reconstructed twice", WRONG_OUTCOME },
    { HOLD, "preferred and reconstructed twice", WRONG_OUTCOME },
    { HOLD, "held and away again", WRONG_OUTCOME },
    { HOLD, "held though a fence fails", WRONG_OUTCOME },
    { HOLD, "nothing is fetched of a held one", WRONG_VERDICT },
    { HOLD, "dependents are fenced first", WRONG_OUTCOME },
};

static const char *const names[COPIES_SWITCHES] = {
    [AWAY] = "away",
    [RENAMED] = "not renamed",
    [REPLICATED] = "moved, not replicated",
    [DESCENDS] = "descends",
    [COORDINATOR_NEWER] = "the coordinator is newer",
    [FRESH] = "fresh",
    [KEYS] = "names are keys",
    [RESCUE] = "rescue first",
    [FENCE] = "fence",
    [LEFT_OUT] = "stays left out",
    [HOLD] = "hold",
};

static void told_wrong(enum story_failure kind, const char *text)
{
    if (getenv("STORIES_VERBOSE"))
        fprintf(stderr, "%s\n", text);
    _exit((int)kind);
}

/* 0, or what went wrong first. In a child: a story that goes wrong is not cleaned up. */
static int outcome_of(const struct story_case *story, enum test_switch off)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        switched_off = off;
        story_tell(story, told_wrong);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int expected_outcome(enum test_switch off, const char *story)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (expected[i].off == off && strcmp(expected[i].story, story) == 0)
            return (int)expected[i].kind;
    return 0;
}

static void bites(void **state)
{
    enum test_switch off = (enum test_switch)(uintptr_t)*state;
    size_t wrong = 0, bitten = 0;
    for (size_t i = 0; all_stories[i]; i++)
        for (const struct story_case *story = all_stories[i]; story->name; story++) {
            int outcome = outcome_of(story, off), wanted = expected_outcome(off, story->name);
            bitten += outcome != 0;
            if (outcome == wanted)
                continue;
            print_error("%s: goes wrong with %d, not %d\n", story->name, outcome, wanted);
            wrong++;
        }
    assert_int_equal(wrong, 0);
    if (off != SWITCHES)
        assert_true(bitten > 0);
}

int main(void)
{
    struct CMUnitTest tests[COPIES_SWITCHES + 1];
    for (size_t i = 0; i < COPIES_SWITCHES; i++)
        tests[i] = (struct CMUnitTest){ names[i], bites, .initial_state = (void *)(uintptr_t)i };
    tests[COPIES_SWITCHES] =
        (struct CMUnitTest){ "nothing is switched off", bites, .initial_state = (void *)(uintptr_t)SWITCHES };
    return _cmocka_run_group_tests("switches", tests, COPIES_SWITCHES + 1, NULL, NULL);
}
