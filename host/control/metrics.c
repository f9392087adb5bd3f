/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/control/metrics-text.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const size_t file_limit = (size_t)256 << 20;
static const int64_t shortest = 1000, longest = 60 * 1000; /* milliseconds between two files */

void metrics_open(struct metrics *metrics, const struct settings *settings, const struct status *status)
{
    /* A dry run may be beside a loop. */
    const char *file = settings->dry_run ? NULL : settings->metrics;
    *metrics = (struct metrics){ .settings = settings, .status = status, .file = file };
}

static void note_stage(struct metrics *metrics, const struct supervisor *supervisor)
{
    const char *stage = supervisor->phase == PHASE_CYCLE ? metrics->status->stage : "";
    if (strcmp(stage, metrics->stage) == 0)
        return;
    snprintf(metrics->stage, sizeof metrics->stage, "%s", stage);
    metrics->stage_since = operations->clock();
}

/* All that a file is written for at once. */
static char *describe_loop(const struct metrics *metrics, const struct supervisor *supervisor)
{
    const struct status *status = metrics->status;
    return string_format("%d %s %u %d %lld %lld %lld %lld", (int)supervisor->phase, metrics->stage,
                         supervisor->failures, supervisor->paused, (long long)supervisor->retry_at,
                         (long long)status->began, (long long)status->ended_at,
                         (long long)status->checked_at);
}

static bool is_wanted(const struct metrics *metrics, const struct supervisor *supervisor)
{
    CLEANUP_FREE char *now = describe_loop(metrics, supervisor);
    return !metrics->written || !now || strcmp(now, metrics->written) != 0;
}

int64_t metrics_due(const struct metrics *metrics, const struct supervisor *supervisor)
{
    if (!metrics->file)
        return -1;
    return metrics->written_at + (is_wanted(metrics, supervisor) ? shortest : longest);
}

/* As cycles have left it; NULL: nothing is known. */
static json_t *read_kept(const struct metrics *metrics, const char *name)
{
    CLEANUP_FREE char *file = string_format("%s/%s", metrics->settings->state_directory, name), *text = NULL;
    size_t length = 0;
    if (!file || operations->read(file, file_limit, &text, &length) != 0)
        return NULL;
    return json_loadb(text, length, 0, NULL);
}

static void replace_file(struct metrics *metrics, const char *text)
{
    bool done = text && operations->write(metrics->file, text, strlen(text), 0644) == 0;
    if (!done && !metrics->failed)
        log_warning(NULL, "the metrics cannot be written: %s: %s", metrics->file, strerror(errno));
    metrics->failed = !done;
}

static void write_file(struct metrics *metrics, const struct supervisor *supervisor, bool up)
{
    CLEANUP_JSON json_t *state = read_kept(metrics, "state.json"),
                        *totals = read_kept(metrics, "totals.json");
    const int64_t now = operations->now(), clock = operations->clock();
    /* It may stay as it was after a success. */
    const bool retries = supervisor->failures > 0 && supervisor->retry_at > now;
    const struct metrics_facts facts = { .profile = metrics->settings->profile,
                                         .up = up,
                                         .clock = clock,
                                         .checked_at = metrics->status->checked_at,
                                         .failures = supervisor->failures,
                                         .retry_at =
                                             retries ? clock + (supervisor->retry_at - now + 999) / 1000 : 0,
                                         .stage = metrics->stage,
                                         .stage_since = metrics->stage_since,
                                         .state = state,
                                         .totals = totals };
    CLEANUP_FREE char *text = metrics_text(&facts);
    replace_file(metrics, text);
    free(metrics->written);
    metrics->written = describe_loop(metrics, supervisor);
    metrics->written_at = now;
}

void metrics_tell(struct metrics *metrics, const struct supervisor *supervisor)
{
    if (!metrics->file)
        return;
    note_stage(metrics, supervisor);
    if (!metrics->written || operations->now() >= metrics_due(metrics, supervisor))
        write_file(metrics, supervisor, true);
}

void metrics_close(struct metrics *metrics, const struct supervisor *supervisor)
{
    if (!metrics->written)
        return;
    note_stage(metrics, supervisor);
    write_file(metrics, supervisor, false);
    free(metrics->written);
    metrics->written = NULL;
}
