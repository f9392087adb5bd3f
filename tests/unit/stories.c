/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which copy of the state lives: every story, with the reconstruction as it is.
 */
#include "unit.h"

#include "story.h"

static void told_wrong(enum story_failure kind, const char *text)
{
    fail_msg("%d: %s", (int)kind, text);
}

static void tell(void **state)
{
    story_tell(*state, told_wrong);
}

int main(void)
{
    struct CMUnitTest tests[256];
    size_t count = 0;
    for (size_t i = 0; all_stories[i]; i++)
        for (const struct story_case *story = all_stories[i]; story->name; story++)
            tests[count++] =
                (struct CMUnitTest){ .name = story->name, .test_func = tell, .initial_state = (void *)story };
    return _cmocka_run_group_tests("stories", tests, count, NULL, NULL);
}
