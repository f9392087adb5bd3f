/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "lab/engine/deployment.h"
#include "lab/engine/ending.h"
#include "lab/engine/targets.h"
#include "lab/engine/workers.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static bool unlock_targets(const struct deployment *deployment, const bool *wanted)
{
    struct target_calls calls = {
        .deployment = deployment,
        .operation = "--unlock",
        .doing = "Releasing a lock on profile",
        .complaint = "Cannot unlock profile",
        .wanted = wanted,
    };
    interrupts_note();
    bool success = target_calls_run(&calls);
    interrupts_restore();
    return success;
}

static bool lock_targets(const struct deployment *deployment, bool *locked)
{
    struct target_calls calls = {
        .deployment = deployment,
        .operation = "--lock",
        .doing = "Acquiring a lock on profile",
        .complaint = "Cannot lock profile",
        .done = locked,
    };
    interrupts_note();
    bool success = target_calls_run(&calls);
    interrupts_restore();
    if (interrupted)
        log_error(NULL, "The lock phase has been interrupted, unlocking all targets again...");
    return success && !interrupted;
}

bool acquire_locks(const struct deployment *deployment)
{
    if (deployment->no_lock) {
        announce(NULL, "Not acquiring any locks...");
        return true;
    }
    announce(NULL, "Acquiring locks...");
    CLEANUP_FREE bool *locked = calloc(deployment->manifest.profile_count + 1, sizeof *locked);
    if (!locked)
        return false;
    bool success = ending_phase("locking") && lock_targets(deployment, locked);
    if (!success)
        unlock_targets(deployment, locked);
    return success;
}

bool release_locks(const struct deployment *deployment)
{
    if (deployment->no_lock) {
        announce(NULL, "Not releasing any locks...");
        return true;
    }
    announce(NULL, "Releasing locks...");
    return ending_phase("releasing") && unlock_targets(deployment, NULL);
}
