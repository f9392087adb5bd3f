/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/deploy/deploy.h"

#include "host/calls/client-calls.h"
#include "host/calls/stages.h"
#include "host/phases/locks.h"
#include "host/phases/migrate.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

struct deployment {
    const struct late *late;
    const char *previous, *new;
};

static const char *const programs[] = {
    [DEPLOYMENT_DISTRIBUTING] = "disnix-distribute",
    [DEPLOYMENT_ACTIVATING] = "disnix-activate",
    [DEPLOYMENT_SETTING] = "disnix-set",
};

static void phase_arguments(struct arguments *arguments, const struct deployment *deployment,
                            enum deployment_phase phase)
{
    const struct settings *settings = deployment->late->recovery->settings;
    arguments_add(arguments, programs[phase]);
    if (phase == DEPLOYMENT_DISTRIBUTING)
        arguments_option(arguments, "-m", settings->max_concurrent_transfers);
    else
        stage_profile_options(arguments, settings);
    if (phase == DEPLOYMENT_ACTIVATING)
        arguments_option(arguments, "-o", deployment->previous);
    arguments_add(arguments, deployment->new);
}

/* Milliseconds; 0: none. */
static int64_t phase_deadline(const struct late *late, enum deployment_phase phase)
{
    return phase == DEPLOYMENT_SETTING ? set_deadline : late_left(late);
}

/* Milliseconds: an activation rolls back when it is interrupted. */
static int64_t phase_patience(const struct settings *settings, enum deployment_phase phase)
{
    return phase == DEPLOYMENT_ACTIVATING ? 1000 * settings->stop_timeout : 0;
}

/* The exit status of its program; negative: it has none. */
static int run_phase(const struct deployment *deployment, enum deployment_phase phase)
{
    const struct recovery *recovery = deployment->late->recovery;
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    CLEANUP_FREE char *transcript = string_format("%s/%s/%s", recovery->directory, RUNNING, programs[phase]);
    const struct slow slow = late_slow(deployment->late);
    int status = -1;
    if (!transcript || phase_begin(recovery->state, phase) != 0)
        return -1;
    phase_arguments(&arguments, deployment, phase);
    const struct stage_program program = { .arguments = &arguments,
                                           .show = true,
                                           .transcript = transcript,
                                           .deadline = phase_deadline(deployment->late, phase),
                                           .patience = phase_patience(recovery->settings, phase),
                                           .slow = &slow };
    stage_run(recovery->settings, &program, NULL, NULL, &status);
    if (status >= 0 || status == STAGE_HUNG)
        phase_end(recovery->state, phase, status);
    return status;
}

static bool interrupted(const struct deployment *deployment, enum deployment_phase phase)
{
    if (!*deployment->late->recovery->stop)
        return false;
    log_error(NULL, "interrupted before the phase %s", phase_name(phase));
    return true;
}

static enum deploy_outcome outcome_of(int status)
{
    return status == 0 ? DEPLOY_DONE : status > 0 ? DEPLOY_FAILED : DEPLOY_BROKEN;
}

static enum deploy_outcome activate(const struct deployment *deployment)
{
    if (interrupted(deployment, DEPLOYMENT_ACTIVATING) || late_begin(deployment->late) != 0)
        return DEPLOY_FAILED;
    return outcome_of(run_phase(deployment, DEPLOYMENT_ACTIVATING));
}

static enum deploy_outcome migrate(const struct deployment *deployment)
{
    if (deployment->late->recovery->settings->no_migration)
        return DEPLOY_DONE;
    if (interrupted(deployment, DEPLOYMENT_MIGRATING))
        return DEPLOY_STATE_FAILED;
    struct state *state = deployment->late->recovery->state;
    int status = phase_begin(state, DEPLOYMENT_MIGRATING) == 0 ? migrate_components(deployment->late) : -1;
    if (status >= 0 || status == STAGE_HUNG)
        phase_end(state, DEPLOYMENT_MIGRATING, status);
    enum deploy_outcome outcome = outcome_of(status);
    return outcome == DEPLOY_FAILED ? DEPLOY_STATE_FAILED : outcome;
}

/* With the locks held. Between migration and profiles nothing stops it: to go on is the shortest way to what
 * is whole. */
static enum deploy_outcome change(const struct deployment *deployment)
{
    enum deploy_outcome outcome = activate(deployment);
    if (outcome == DEPLOY_DONE)
        outcome = migrate(deployment);
    if (outcome == DEPLOY_DONE)
        outcome = outcome_of(run_phase(deployment, DEPLOYMENT_SETTING));
    if (outcome == DEPLOY_STATE_FAILED)
        log_error(NULL, "services are active, but their state was not migrated and no profile was set");
    return outcome;
}

static enum deploy_outcome lock(const struct deployment *deployment)
{
    const struct late *late = deployment->late;
    struct state *state = late->recovery->state;
    if (interrupted(deployment, DEPLOYMENT_LOCKING) || phase_begin(state, DEPLOYMENT_LOCKING) != 0)
        return DEPLOY_FAILED;
    int status = locks_acquire(late->recovery, late->new, late->report) == 0 ? 0 : 1;
    phase_end(state, DEPLOYMENT_LOCKING, status);
    return outcome_of(status);
}

/* Where something has gone wrong it is no phase: the state is to tell what has. */
static enum deploy_outcome unlock(const struct deployment *deployment, enum deploy_outcome outcome)
{
    const struct late *late = deployment->late;
    if (outcome == DEPLOY_DONE)
        phase_begin(late->recovery->state, DEPLOYMENT_RELEASING);
    else
        log_notice(NULL, "Releasing locks...");
    int status = locks_release(late->recovery, late->new, NULL);
    return outcome == DEPLOY_DONE && status != 0 ? DEPLOY_FAILED : outcome;
}

enum deploy_outcome deploy(const struct late *late, const char *previous, const char *new)
{
    const struct deployment deployment = { late, previous, new };
    CLEANUP_FREE char *running = recovery_path(late->recovery, RUNNING);
    state_deploying(late->recovery->state, previous, new);
    if (!running || operations->make_directory(running, 0700) != 0 || state_save(late->recovery->state) != 0)
        return DEPLOY_FAILED;
    enum deploy_outcome outcome = outcome_of(run_phase(&deployment, DEPLOYMENT_DISTRIBUTING));
    if (outcome == DEPLOY_DONE) {
        outcome = lock(&deployment);
        if (outcome == DEPLOY_DONE)
            outcome = change(&deployment);
        outcome = unlock(&deployment, outcome);
    }
    if (outcome != DEPLOY_DONE)
        log_error(NULL, "The deployment failed!");
    return outcome;
}
