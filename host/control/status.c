/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/calls/slow.h"
#include "host/record/failure.h"
#include "host/record/failures.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

/* Facts about one cycle only. */
static const char *const passing[] = { "adapted", "superseded", "regressed", "rescued", NULL };

int64_t status_count(const struct status *status, const char *fact)
{
    return json_integer_value(json_object_get(status->facts, fact));
}

void status_fail(struct status *status, const json_t *failure)
{
    if (!status->failure)
        status->failure = json_incref((json_t *)failure);
}

/* What the state of a loop before this one remembers. */
static void take_failures(struct status *status, const json_t *document)
{
    if (!status->remembered)
        status->remembered = json_pack("{sO}", "failures", json_object_get(document, "failures"));
}

static json_t *remembered(struct status *status)
{
    if (!status->remembered)
        status->remembered = json_object();
    return status->remembered;
}

void status_recovered(struct status *status, int64_t clock)
{
    failures_over(remembered(status), clock);
}

static void begin_targets(struct status *status)
{
    json_decref(status->incoming);
    status->incoming = json_object();
}

/* Whether what was known of a target is still so, when nothing is told but that it is not silent. */
static bool stays(const json_t *known)
{
    const char *status = json_string_value(json_object_get(known, "status"));
    return status && (strcmp(status, "captured") == 0 || strcmp(status, "empty") == 0);
}

/* What nothing new is known of stays as it was. */
static void take_targets(struct status *status, const json_t *document)
{
    json_t *target;
    const char *name;
    if (!status->incoming || json_is_true(json_object_get(document, "first")))
        begin_targets(status);
    json_object_foreach(json_object_get(document, "targets"), name, target) {
        json_t *known = json_object_get(status->targets, name);
        if (json_object_get(target, "status"))
            json_object_set(status->incoming, name, target);
        else if (known && (!json_is_true(json_object_get(target, "here")) || stays(known)))
            json_object_set(status->incoming, name, known);
        else
            json_object_set_new(status->incoming, name, json_pack("{ss}", "status", "present"));
    }
    if (!json_is_true(json_object_get(document, "last")))
        return;
    json_decref(status->targets);
    status->targets = status->incoming;
    status->incoming = NULL;
}

void status_take(struct status *status, const json_t *document)
{
    const char *event = json_string_value(json_object_get(document, "event"));
    const char *stage = json_string_value(json_object_get(document, "stage"));
    if (!event)
        return;
    if (!status->facts)
        status->facts = json_object();
    if (strcmp(event, "begin") == 0 && stage)
        snprintf(status->stage, sizeof status->stage, "%s", stage);
    else if (strcmp(event, "facts") == 0)
        json_object_update(status->facts, json_object_get(document, "facts"));
    else if (strcmp(event, "targets") == 0)
        take_targets(status, document);
    else if (strcmp(event, "failure") == 0)
        status_fail(status, json_object_get(document, "failure"));
    else if (strcmp(event, "failures") == 0)
        take_failures(status, document);
}

void status_cycle_began(struct status *status, int64_t now)
{
    status->began = now;
    status->stage[0] = '\0';
    json_decref(status->failure);
    status->failure = NULL;
    for (const char *const *fact = passing; *fact; fact++)
        json_object_del(status->facts, *fact);
}

static void note_failure(struct status *status, int64_t clock)
{
    json_t *failure = json_pack("{ss ss}", "stage", *status->stage ? status->stage : "start", "reason",
                                "no error was logged; a plugin may have failed in silence");
    json_object_update(failure, status->failure);
    failures_note(remembered(status), failure, clock);
    json_decref(failure);
}

void status_cycle_ended(struct status *status, const char *outcome, int signal, int64_t now, int64_t clock)
{
    status->lasted = now - status->began;
    status->signal = signal;
    if (strcmp(outcome, "failed") != 0)
        status->checked_at = clock;
    if (strcmp(outcome, "unchanged") == 0)
        return;
    status->outcome = outcome;
    status->ended_at = clock;
    if (strcmp(outcome, "failed") == 0)
        note_failure(status, clock);
    if (strcmp(outcome, "done") == 0)
        status->succeeded_at = clock;
}

static void set_time(json_t *document, const char *key, int64_t seconds)
{
    if (seconds > 0)
        json_object_set_new(document, key, json_string(moment_of(seconds).text));
}

json_t *status_document(const struct status *status, const struct supervisor *supervisor,
                        const struct settings *settings, int64_t now, int64_t clock)
{
    const int64_t wake = supervisor_next(supervisor);
    const bool runs = supervisor->phase == PHASE_CYCLE;
    json_t *document =
        json_pack("{si ss sI ss ss ss sb si}", "version", 1, "program", PACKAGE_VERSION, "process",
                  (json_int_t)getpid(), "profile", settings->profile, "stateDirectory",
                  settings->state_directory, "phase", supervisor_phase_name(supervisor->phase), "paused",
                  supervisor->paused, "failures", (int)supervisor->failures);
    if (runs)
        json_object_update_new(
            document, json_pack("{ss* sI so*}", "stage", *status->stage ? status->stage : NULL, "since",
                                (json_int_t)((now - status->began) / 1000), "waits", slow_find(NULL)));
    if (status->outcome)
        json_object_set_new(document, "lastOutcome", json_string(status->outcome));
    set_time(document, "lastEnded", status->ended_at);
    set_time(document, "lastSuccess", status->succeeded_at);
    if (supervisor->phase == PHASE_IDLE && wake >= 0)
        set_time(document, "next", clock + (wake > now ? (wake - now + 999) / 1000 : 0));
    json_object_update(document, status->facts);
    json_object_del(document, "adapted");
    if (failures_open(status->remembered))
        json_object_set(document, "failure", (json_t *)failures_open(status->remembered));
    json_object_set_new(document, "targets", status->targets ? json_incref(status->targets) : json_object());
    return document;
}

char *status_words(const struct status *status, const struct supervisor *supervisor)
{
    if (supervisor->phase == PHASE_CYCLE)
        return string_format("Cycle: %s", *status->stage ? status->stage : "starting");
    if (supervisor->paused)
        return string_format("Paused");
    const json_t *failure = failures_open(status->remembered);
    CLEANUP_FREE char *reason = failure_words(failure);
    if (supervisor->failures > 0)
        return string_format("%u cycle%s failed in a row, the last in the stage %s: %s", supervisor->failures,
                             supervisor->failures > 1 ? "s" : "", text_at(failure, "stage"),
                             reason ? reason : "?");
    return string_format(status->outcome ? "Waiting; the last cycle: %s" : "Waiting", status->outcome);
}

void status_clear(struct status *status)
{
    json_decref(status->facts);
    json_decref(status->targets);
    json_decref(status->incoming);
    json_decref(status->failure);
    json_decref(status->remembered);
    *status = (struct status){ 0 };
}
