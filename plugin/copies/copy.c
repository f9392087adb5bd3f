/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin/copies/copy.h"

#include <string.h>

#include "lib/base/switch.h"

bool copy_was_left_out(const struct copy *copy)
{
    return copy->service_left_out || copy->snapshot_left_out;
}

bool copy_is_owed(const struct copy *copy)
{
    const enum outcome again = copy->outcomes[RESCUE_COPY_AGAIN];
    const bool before = copy->inactive && copy->remembered.owed && again != OUTCOME_DONE;
    return SWITCH(OWED_RESCUE) && copy->verdict == COPY_OUT
           && (before || again == OUTCOME_FAILED || copy->outcomes[FENCE_COPY] == OUTCOME_FAILED
               || copy_may_run(copy));
}

bool copy_lives(const struct copy *copy)
{
    if (copy->verdict == COPY_OUT)
        return !copy->inactive && copy->outcomes[FENCE_COPY] != OUTCOME_DONE;
    const enum outcome activated = copy->outcomes[ACTIVATE_COPY];
    return activated == OUTCOME_DONE
           || (!copy->inactive && !(copy->remembered.fenced && activated == OUTCOME_FAILED));
}

/* The types of Dysnomia that, activated again, do anew what was done once; dydisnix-reconstruct(1) names
 * them. */
static const char *const activated_once[] = { "ejabberd-dump" /* loads its first dump into the server */ };

bool copy_is_repeatable(const struct copy *copy)
{
    const struct service *service = manifest_find_service(&copy->captured->manifest, copy->mapping->service);
    for (size_t i = 0; service && i < sizeof activated_once / sizeof *activated_once; i++)
        if (strcmp(service->type, activated_once[i]) == 0)
            return false;
    return true;
}

bool copy_may_run(const struct copy *copy)
{
    return copy->hung && copy->outcomes[ACTIVATE_COPY] == OUTCOME_FAILED && copy_is_repeatable(copy)
           && SWITCH(IN_DOUBT);
}

bool copy_may_live(const struct copy *copy)
{
    const enum outcome fenced = copy->outcomes[FENCE_COPY];
    const bool in_doubt =
        fenced == OUTCOME_FAILED || (copy->remembered.fenced && !copy->inactive && fenced != OUTCOME_DONE);
    return copy_may_run(copy)
           || (in_doubt && copy_lives(copy) && copy->outcomes[ACTIVATE_COPY] != OUTCOME_DONE);
}

bool copy_surely_lives(const struct copy *copy)
{
    return copy_lives(copy) && !copy_may_live(copy);
}

/* One that could not be activated is left to Disnix, and so is one that could not be fenced. */
bool copy_drops_service(const struct copy *copy, const struct options *options)
{
    if (copy->verdict == COPY_OUT)
        return copy->outcomes[FENCE_COPY] != OUTCOME_FAILED;
    return (copy->verdict == COPY_OLDER && options->late) || !copy_lives(copy);
}

bool copy_drops_snapshot(const struct copy *copy)
{
    return copy->verdict != COPY_KEPT;
}

bool operation_can_be_asked(const struct manifest *manifest, const char *service, const char *provider)
{
    return manifest_find_service(manifest, service)
           && (!provider || manifest_find_service(manifest, provider));
}
