/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/doctor/doctor.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cycle/cycle.h"
#include "host/doctor/findings.h"
#include "host/doctor/network.h"
#include "host/record/state.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/manifest/previous.h"
#include "lib/model/nix-access.h"
#include "lib/model/paths.h"
#include "lib/world/find-program.h"
#include "lib/world/operations.h"

static const unsigned plugin_deadline = 60;      /* seconds */
static const int64_t store_deadline = 60 * 1000; /* milliseconds */

/* A plugin may do what a program of Disnix does; of the reconstruction it is known that it does not. */
static enum finding without_plugins(const struct settings *settings)
{
    const size_t own = settings->reconstruct ? 1 : 0;
    return settings->plugin_count > own ? FINDING_WARNING : FINDING_FAILED;
}

static bool check_program(const char *program, enum finding finding_if_not, const char *advice)
{
    CLEANUP_FREE char *found = find_program(program);
    if (!found)
        finding(finding_if_not, "programs", "%s is not on the PATH; %s", program, advice);
    return found != NULL;
}

static const char disnix[] = "install Disnix", dynamic[] = "install Dynamic Disnix", nix[] = "install Nix";

static void check_programs(const struct settings *settings)
{
    const enum finding instead = without_plugins(settings);
    const struct {
        const char *name, *advice;
        enum finding otherwise;
        bool needed;
    } programs[] = {
        { "nix-instantiate", nix, FINDING_FAILED, true },
        { "nix-store", nix, FINDING_FAILED, true },
        { "nix-env", nix, FINDING_FAILED, settings->reconstruct },
        { "dydisnix-augment-infra", dynamic, instead, settings->augment },
        { "dydisnix-gendist", dynamic, instead, true },
        { "dydisnix-id-assign", dynamic, instead, settings->ids },
        { "disnix-manifest", disnix, instead, true },
        { "disnix-distribute", disnix, instead, true },
        { "disnix-activate", disnix, instead, true },
        { "disnix-snapshot", disnix, instead, settings->snapshot || !settings->no_migration },
        { "disnix-restore", disnix, instead, !settings->no_migration },
        { "disnix-delete-state", disnix, instead, settings->delete_state },
        { "disnix-set", disnix, instead, true },
        { settings->generator ? settings->generator[0] : "", "see --geninfra", instead, settings->generator },
        { settings->stream ? settings->stream[0] : "", "see --geninfra-stream", instead, settings->stream },
        { settings->guard ? settings->guard[0] : "", "see --guard", FINDING_FAILED, settings->guard },
    };
    size_t needed = 0, there = 0;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (!programs[i].needed)
            continue;
        needed++;
        if (check_program(programs[i].name, programs[i].otherwise, programs[i].advice))
            there++;
    }
    if (there == needed)
        finding(FINDING_OK, "programs", "all %zu are on the PATH", needed);
}

/* Apart, for one that crashes or hangs. */
static int try_plugins(const struct settings *settings)
{
    alarm(plugin_deadline);
    findings_try(store_deadline);
    if (cycle_probe(settings) == 0)
        return 0;
    finding_failure(FINDING_FAILED, "plugins", NULL);
    return 1;
}

static bool check_plugins(const struct settings *settings)
{
    int status;
    if (settings->plugin_count == 0)
        return true;
    pid_t child = fork();
    if (child == 0)
        _exit(try_plugins(settings));
    if (child < 0 || waitpid(child, &status, 0) != child) {
        finding(FINDING_FAILED, "plugins", "they cannot be tried");
        return false;
    }
    if (WIFSIGNALED(status))
        finding(FINDING_FAILED, "plugins",
                "one was ended by signal %d (%s) while it was loaded; see --list-plugins", WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 0)
        finding(FINDING_OK, "plugins", "%zu can be loaded", settings->plugin_count);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_nix(const struct settings *settings)
{
    findings_try(store_deadline);
    const int status = nix_check_import();
    if (status == 0)
        finding(FINDING_OK, "Nix", "it takes what targets send");
    else
        finding_failure(status == NIX_UNTRUSTED && !settings->reconstruct ? FINDING_WARNING : FINDING_FAILED,
                        "Nix",
                        status == NIX_UNTRUSTED ? "a reconstruction fetches closures of targets" : NULL);
}

static void check_profile(const struct settings *settings)
{
    CLEANUP_FREE char *profile =
        coordinator_profile_path(settings->coordinator_profile_path, settings->profile);
    findings_try(store_deadline);
    if (!profile)
        finding(FINDING_FAILED, "profile", "its place is not known; see --coordinator-profile-path");
    else if (nix_check_profile(profile) == 0)
        finding(FINDING_OK, "profile", "%s can be set", profile);
    else
        finding_failure(FINDING_FAILED, "profile", NULL);
}

/* What is remembered. */
static bool check_state(const char *directory, struct state *state)
{
    const long holder = state_holder(directory);
    findings_try(store_deadline);
    if (!may_make(directory))
        finding(FINDING_FAILED, "state", "%s: %s; see --state-dir", directory, strerror(errno));
    if (holder)
        finding(FINDING_WARNING, "state",
                "process %ld runs this profile, and another loop would not start: %s", holder, directory);
    if (state_load(directory, state) != 0) {
        finding_failure(FINDING_FAILED, "state", NULL);
        return false;
    }
    finding(FINDING_OK, "state", "%s/state.json: cycle %lld", directory,
            (long long)json_integer_value(json_object_get(state->root, "cycle")));
    if (state_is_deploying(state))
        finding(FINDING_WARNING, "state", "a deployment has not ended well; the next cycle settles it first");
    if (json_object_get(state->root, "paused"))
        finding(FINDING_WARNING, "state",
                "adaptation is paused; 'dydisnix-self-adaptctl resume' lets it go on");
    return true;
}

/* How many components have state where it was deployed last; -1: nobody knows. */
static long with_state(const struct settings *settings)
{
    struct previous previous = { 0 };
    struct strings *strings = strings_new();
    long count = -1;
    if (strings
        && previous_read(settings->coordinator_profile_path, settings->profile, NULL, strings, &previous) == 0
        && previous.known)
        count = (long)previous.manifest.snapshot_mapping_count;
    previous_clear(&previous);
    strings_free(strings);
    return count;
}

static void check_snapshots(const struct settings *settings)
{
    const long count = settings->snapshot ? 0 : with_state(settings);
    if (settings->snapshot)
        finding(FINDING_OK, "snapshots", "they are taken in each cycle");
    else if (count == 0)
        finding(FINDING_OK, "snapshots", "no component that is deployed has state");
    else if (count < 0)
        finding(FINDING_WARNING, "snapshots",
                "without --snapshot the state of a component is lost with its machine");
    else
        finding(FINDING_WARNING, "snapshots",
                "%ld component%s state, and without --snapshot it is lost with its machine", count,
                count == 1 ? " has" : "s have");
}

int doctor_run(const struct settings *settings, const char *directory)
{
    struct state state = { 0 };
    findings_open(directory);
    check_programs(settings);
    check_nix(settings);
    check_profile(settings);
    bool known = check_state(directory, &state), loadable = !known || check_plugins(settings);
    network_check(settings, &state, without_plugins(settings));
    check_snapshots(settings);
    const bool failed = findings_count(FINDING_FAILED) > 0 || !loadable;
    findings_close();
    state_clear(&state);
    return failed ? -1 : 0;
}
