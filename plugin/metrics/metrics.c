/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The metrics plugin: after each cycle writes the totals in the text form of Prometheus, for the textfile
 * collector of node-exporter. --plugin=metrics --plugin-option=metrics:file=/var/lib/…/dydisnix.prom
 */
#include <dydisnix/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

#define PREFIX "dydisnix_self_adapt_"

static const char *file;

struct output {
    FILE *stream;
    const char *profile;
};

static int metrics_load(const struct dydisnix_operations *table)
{
    operations_use(table);
    return 0;
}

static int metrics_configure(const char *key, const char *value)
{
    if (strcmp(key, "file") != 0) {
        log_error(NULL, "metrics: no option %s", key);
        return -1;
    }
    if (value[0] != '/') {
        log_error(NULL, "metrics: file=%s: an absolute path is expected", value);
        return -1;
    }
    file = value;
    return 0;
}

/* Name and kind of what the next samples are. */
static void begin(const struct output *output, const char *name, const char *kind, const char *help)
{
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

/* One sample; label: beside the profile, or NULL. */
static void write_sample(const struct output *output, const char *name, const char *label, const char *value,
                         double number)
{
    fprintf(output->stream, PREFIX "%s{", name);
    write_label(output, "profile", output->profile);
    if (label) {
        putc(',', output->stream);
        write_label(output, label, value);
    }
    fprintf(output->stream, "} %.15g\n", number);
}

static void write_number(const struct output *output, const char *name, const char *kind, const char *help,
                         const json_t *number)
{
    if (!json_is_number(number))
        return;
    begin(output, name, kind, help);
    write_sample(output, name, NULL, NULL, json_number_value(number));
}

/* A sample for each member of an object of numbers. */
static void write_members(const struct output *output, const char *name, const char *kind, const char *help,
                          const char *label, json_t *numbers)
{
    json_t *number;
    const char *value;
    if (json_object_size(numbers) > 0)
        begin(output, name, kind, help);
    json_object_foreach(numbers, value, number)
        write_sample(output, name, label, value, json_number_value(number));
}

/* Classes are counted each for itself, and told each with all below it. */
static void write_durations(const struct output *output, const json_t *durations)
{
    const json_t *bounds = json_object_get(durations, "bounds");
    const json_t *counts = json_object_get(durations, "counts");
    double sum = json_number_value(json_object_get(durations, "milliseconds")) / 1000, count = 0;
    if (!json_is_array(bounds) || json_array_size(counts) != json_array_size(bounds) + 1)
        return;
    begin(output, "cycle_duration_seconds", "histogram", "How long cycles took that found something to do.");
    for (size_t i = 0; i < json_array_size(counts); i++) {
        char bound[32] = "+Inf";
        if (i < json_array_size(bounds))
            snprintf(bound, sizeof bound, "%.15g", json_number_value(json_array_get(bounds, i)));
        count += json_number_value(json_array_get(counts, i));
        write_sample(output, "cycle_duration_seconds_bucket", "le", bound, count);
    }
    write_sample(output, "cycle_duration_seconds_sum", NULL, NULL, sum);
    write_sample(output, "cycle_duration_seconds_count", NULL, NULL, count);
}

static void write_totals(const struct output *output, const json_t *totals)
{
    begin(output, "info", "gauge", "The version of dydisnix-self-adapt.");
    write_sample(output, "info", "version", PACKAGE_VERSION, 1);
    write_members(output, "cycles_total", "counter", "Cycles that found something to do, by how they ended.",
                  "outcome", json_object_get(totals, "cycles"));
    write_members(output, "failures_total", "counter", "Cycles that failed, by the stage in which they did.",
                  "stage", json_object_get(totals, "failures"));
    write_number(output, "crashes_total", "counter", "Cycles that a signal ended.",
                 json_object_get(totals, "crashes"));
    write_durations(output, json_object_get(totals, "durations"));
    write_number(output, "superseded_total", "counter", "Copies of state that were found to be superseded.",
                 json_object_get(totals, "superseded"));
    write_number(output, "regressed_total", "counter", "Copies of state that were found to be old.",
                 json_object_get(totals, "regressed"));
    write_number(output, "rescued_total", "counter", "Copies of state of which a rescue was taken.",
                 json_object_get(totals, "rescued"));
    write_number(output, "disputes", "gauge", "Components in dispute in the last reconstruction.",
                 json_object_get(totals, "disputes"));
    write_number(output, "state_missing", "gauge",
                 "Components that are live without the state that they had on a target that is gone.",
                 json_object_get(totals, "missing"));
    write_members(output, "targets", "gauge", "Targets by status.", "status",
                  json_object_get(totals, "targets"));
    write_number(output, "services", "gauge", "Services in the manifest that was made last.",
                 json_object_get(totals, "services"));
    write_number(output, "last_cycle_timestamp_seconds", "gauge", "When the last such cycle ended.",
                 json_object_get(totals, "lastCycle"));
    write_number(output, "last_success_timestamp_seconds", "gauge", "When the last one ended well.",
                 json_object_get(totals, "lastSuccess"));
}

static int metrics_cycle_finished(const json_t *event, json_t **report)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    const char *profile = json_string_value(json_object_get(event, "profile"));
    struct output output = { .stream = open_memstream(&text, &length), .profile = profile ? profile : "" };
    (void)report;
    if (!file) {
        log_error(NULL, "metrics: no file was given: --plugin-option=metrics:file=FILE");
        return DYDISNIX_FAILED;
    }
    if (!output.stream)
        return DYDISNIX_FAILED;
    write_totals(&output, json_object_get(event, "totals"));
    if (fclose(output.stream) == 0 && operations->write(file, text, length, 0644) == 0)
        return DYDISNIX_DONE;
    log_error(NULL, "metrics: %s: %s", file, strerror(errno));
    return DYDISNIX_FAILED;
}

static const struct dydisnix_plugin plugin = {
    .name = "metrics",
    .version = PACKAGE_VERSION,
    .description = "writes numbers for the textfile collector of node-exporter",
    .load = metrics_load,
    .configure = metrics_configure,
    .cycle_finished = metrics_cycle_finished,
};

DYDISNIX_REGISTER_PLUGIN(plugin)
