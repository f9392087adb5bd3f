/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/metrics-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/control/totals.h"
#include "host/record/state.h"
#include "host/settings/stage-names.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"

#define PREFIX "dydisnix_self_adapt_"

struct output {
    FILE *stream;
    const char *profile;
    const char *name; /* of what the next samples are */
};

static void begin(struct output *output, const char *name, const char *kind, const char *help)
{
    output->name = name;
    fprintf(output->stream, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, kind);
}

static void write_label(const struct output *output, const char *name, const char *value)
{
    fprintf(output->stream, "%s=\"", name);
    for (const char *c = value; *c; c++)
        if (*c == '\n')
            fputs("\\n", output->stream);
        else
            fprintf(output->stream, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    putc('"', output->stream);
}

/* A label beside the profile; name NULL: there is none. */
struct label {
    const char *name, *value;
};

static void write_sample(const struct output *output, const char *suffix, struct label one,
                         struct label other, double number)
{
    fprintf(output->stream, PREFIX "%s%s{", output->name, suffix);
    write_label(output, "profile", output->profile);
    if (one.name) {
        putc(',', output->stream);
        write_label(output, one.name, one.value);
    }
    if (other.name) {
        putc(',', output->stream);
        write_label(output, other.name, other.value);
    }
    fprintf(output->stream, "} %.15g\n", number);
}

static void sample(const struct output *output, const char *label, const char *value, double number)
{
    write_sample(output, "", (struct label){ label, value }, (struct label){ 0 }, number);
}

static void number(struct output *output, const char *name, const char *kind, const char *help, double value)
{
    begin(output, name, kind, help);
    sample(output, NULL, NULL, value);
}

static void gauge(struct output *output, const char *name, const char *help, double value)
{
    number(output, name, "gauge", help, value);
}

static double value_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void write_loop(struct output *output, const struct metrics_facts *facts)
{
    static const char *const reasons[] = { "operator", "lost", NULL };
    const json_t *paused = json_object_get(facts->state, "paused");
    begin(output, "info", "gauge", "The version of dydisnix-self-adapt.");
    sample(output, "version", PACKAGE_VERSION, 1);
    gauge(output, "up", "Whether the loop runs; 0: it has ended as it was told to.", facts->up);
    gauge(output, "heartbeat_timestamp_seconds", "When the loop has written this.", (double)facts->clock);
    gauge(output, "last_check_timestamp_seconds", "When models or targets were looked at last, with success.",
          (double)facts->checked_at);
    gauge(output, "consecutive_failures", "Cycles that have failed in a row.", facts->failures);
    gauge(output, "next_retry_timestamp_seconds", "When what has failed is tried again; 0: nothing is to be.",
          (double)facts->retry_at);
    begin(output, "paused", "gauge", "Whether adaptation is paused, by what has paused it.");
    for (const char *const *reason = reasons; *reason; reason++)
        sample(output, "reason", *reason, text_at_is(paused, "reason", *reason));
    gauge(output, "paused_timestamp_seconds", "Since when adaptation is paused; 0: it is not.",
          value_of(paused, "since"));
    begin(output, "stage_timestamp_seconds", "gauge", "Since when a stage runs; 0: it does not.");
    for (const char *const *stage = stage_names; *stage; stage++)
        sample(output, "stage", *stage, strcmp(*stage, facts->stage) == 0 ? (double)facts->stage_since : 0);
}

/* Classes are counted each for itself, and told each with all below it. */
static void write_durations(struct output *output, const json_t *totals)
{
    CLEANUP_JSON json_t *durations = totals_durations(totals);
    const json_t *bounds = json_object_get(durations, "bounds"),
                 *counts = json_object_get(durations, "counts");
    double count = 0;
    begin(output, "cycle_duration_seconds", "histogram", "How long cycles took that found something to do.");
    for (size_t i = 0; i < json_array_size(counts); i++) {
        char bound[32] = "+Inf";
        if (i < json_array_size(bounds))
            snprintf(bound, sizeof bound, "%.15g", json_number_value(json_array_get(bounds, i)));
        count += json_number_value(json_array_get(counts, i));
        write_sample(output, "_bucket", (struct label){ "le", bound }, (struct label){ 0 }, count);
    }
    write_sample(output, "_sum", (struct label){ 0 }, (struct label){ 0 },
                 value_of(durations, "milliseconds") / 1000);
    write_sample(output, "_count", (struct label){ 0 }, (struct label){ 0 }, count);
}

static void write_totals(struct output *output, const json_t *totals)
{
    static const char *const outcomes[] = { "done", "failed", "paused", NULL };
    const json_t *cycles = json_object_get(totals, "cycles"), *failures = json_object_get(totals, "failures");
    begin(output, "cycles_total", "counter", "Cycles that found something to do, by how they ended.");
    for (const char *const *outcome = outcomes; *outcome; outcome++)
        sample(output, "outcome", *outcome, value_of(cycles, *outcome));
    begin(output, "failures_total", "counter", "Cycles that failed, by the stage in which they did.");
    sample(output, "stage", "start", value_of(failures, "start"));
    for (const char *const *stage = stage_names; *stage; stage++)
        sample(output, "stage", *stage, value_of(failures, *stage));
    number(output, "crashes_total", "counter", "Cycles that a signal ended.", value_of(totals, "crashes"));
    write_durations(output, totals);
    number(output, "superseded_total", "counter", "Copies of state that were found to be superseded.",
           value_of(totals, "superseded"));
    number(output, "regressed_total", "counter", "Copies of state that were found to be old.",
           value_of(totals, "regressed"));
    number(output, "rescued_total", "counter", "Copies of state of which a rescue was taken.",
           value_of(totals, "rescued"));
    gauge(output, "last_cycle_timestamp_seconds", "When the last cycle ended that found something to do.",
          value_of(totals, "lastCycle"));
    gauge(output, "last_success_timestamp_seconds", "When the last one ended well.",
          value_of(totals, "lastSuccess"));
}

static const char *const target_states[] = { "here",   "grace",    "silent", "missing",
                                             "double", "flapping", "held",   NULL };

static const char *state_of(const json_t *target)
{
    const char *word = state_target_word(target);
    for (const char *const *state = target_states; *state; state++)
        if (strcmp(word, *state) == 0)
            return *state;
    return "here";
}

static void count_targets(struct output *output, const json_t *targets)
{
    begin(output, "targets", "gauge", "Targets by state.");
    for (const char *const *state = target_states; *state; state++) {
        const char *name;
        json_t *target;
        unsigned count = 0;
        json_object_foreach((json_t *)targets, name, target)
            count += strcmp(state_of(target), *state) == 0;
        sample(output, "state", *state, count);
    }
}

static void write_targets(struct output *output, const json_t *state)
{
    json_t *targets = json_object_get(state, "targets"), *target;
    const char *name;
    count_targets(output, targets);
    begin(output, "target_state", "gauge", "1 for the state that a target is in, also one that is lost.");
    json_object_foreach(targets, name, target)
        write_sample(output, "", (struct label){ "target", name },
                     (struct label){ "state", state_of(target) }, 1);
    begin(output, "target_seen_timestamp_seconds", "gauge", "When a target was seen last; 0: never.");
    json_object_foreach(targets, name, target)
        sample(output, "target", name, value_of(target, "seen"));
}

static void write_services(struct output *output, const json_t *state)
{
    const json_t *services = json_object_get(state, "services");
    json_t *down = json_object_get(services, "down"), *since;
    const char *name;
    const double dead = (double)json_object_size(down);
    begin(output, "services", "gauge", "Services of the last deployment that succeeded, by state.");
    sample(output, "state", "running", value_of(services, "count") - dead);
    sample(output, "state", "down", dead);
    begin(output, "service_down_timestamp_seconds", "gauge",
          "Since when no target that is there has a service; absent for one that runs.");
    json_object_foreach(down, name, since)
        sample(output, "service", name, json_number_value(since));
}

/* On whatever target it was taken. */
static double newest_snapshot(const json_t *state, const char *container, const char *component)
{
    json_t *target;
    const char *name;
    double newest = 0;
    json_object_foreach(json_object_get(state, "snapshots"), name, target) {
        double taken = value_of(json_object_get(target, container), component);
        newest = taken > newest ? taken : newest;
    }
    return newest;
}

static void write_copies(struct output *output, const json_t *state)
{
    json_t *containers = json_object_get(json_object_get(state, "services"), "components"), *components, *one;
    const char *container, *component;
    begin(output, "snapshot_timestamp_seconds", "gauge",
          "When the newest snapshot of a component with state was taken; 0: there is none.");
    json_object_foreach(containers, container, components)
        json_object_foreach(components, component, one)
            write_sample(output, "", (struct label){ "container", container },
                         (struct label){ "component", component },
                         newest_snapshot(state, container, component));
    gauge(output, "disputes", "Components with copies in dispute, which an operator has to settle.",
          (double)json_array_size(json_object_get(state, "disputes")));
    gauge(output, "state_missing",
          "Components that are live without the state that they had on a target that is gone.",
          (double)json_array_size(json_object_get(state, "missing")));
}

static void write_unfinished(struct output *output, const struct metrics_facts *facts)
{
    json_t *foreign = json_object_get(facts->state, "foreign"), *lock;
    const char *name;
    /* The one that is under way right now is no recovery. */
    const bool owed = json_object_get(facts->state, "deployment") && strcmp(facts->stage, "redeploy") != 0;
    begin(output, "recovery_pending", "gauge",
          "What an earlier deployment has left to do: deployments to settle, targets to set right.");
    sample(output, "of", "deployment", owed);
    sample(output, "of", "targets", (double)json_array_size(json_object_get(facts->state, "leftovers")));
    gauge(output, "foreign_locks", "Targets whose lock somebody else holds.",
          (double)json_object_size(foreign));
    begin(output, "foreign_lock_timestamp_seconds", "gauge",
          "Since when somebody else's lock on a target is known; absent without one.");
    json_object_foreach(foreign, name, lock)
        sample(output, "target", name, json_number_value(json_object_get(lock, "since")));
}

char *metrics_text(const struct metrics_facts *facts)
{
    char *text = NULL;
    size_t length = 0;
    struct output output = { .stream = open_memstream(&text, &length), .profile = facts->profile };
    if (!output.stream)
        return NULL;
    write_loop(&output, facts);
    write_totals(&output, facts->totals);
    write_targets(&output, facts->state);
    write_services(&output, facts->state);
    write_copies(&output, facts->state);
    write_unfinished(&output, facts);
    if (fclose(output.stream) == 0)
        return text;
    free(text);
    return NULL;
}
