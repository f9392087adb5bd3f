/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/phases/unfinished.h"

const struct target *unfinished_target(const struct unfinished *unfinished, const char *name)
{
    const struct target *target = infrastructure_find(&unfinished->new.infrastructure, name);
    return target || !unfinished->old ? target : infrastructure_find(&unfinished->old->infrastructure, name);
}

bool unfinished_answers(const struct unfinished *unfinished, const char *target)
{
    return !json_object_get(unfinished->silent, target);
}

bool unfinished_is_ours(const struct unfinished *unfinished, const char *target)
{
    return unfinished_answers(unfinished, target) && !json_object_get(unfinished->overtaken, target);
}
