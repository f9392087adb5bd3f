/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/phases/broken.h"

const struct target *broken_target(const struct broken *broken, const char *name)
{
    const struct target *target = infrastructure_find(&broken->new.infrastructure, name);
    return target || !broken->old ? target : infrastructure_find(&broken->old->infrastructure, name);
}

bool broken_answers(const struct broken *broken, const char *target)
{
    return !json_object_get(broken->silent, target);
}

bool broken_is_ours(const struct broken *broken, const char *target)
{
    return broken_answers(broken, target) && !json_object_get(broken->overtaken, target);
}
