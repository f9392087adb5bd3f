/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/doctor/findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/record/failure.h"
#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static struct {
    const struct dydisnix_operations *world;
    struct dydisnix_operations table;
    const char *kept; /* the directory that stays as it is */
    int64_t deadline;
    json_t *calls;
    unsigned counts[FINDINGS];
} findings;

static void drop(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    (void)level;
    (void)target;
    (void)format;
    (void)arguments;
}

static bool next(void *closure, struct dydisnix_program *program)
{
    const struct dydisnix_work *work = closure;
    if (!work->next(work->closure, program))
        return false;
    program->quiet = true;
    if (program->deadline == 0)
        program->deadline = findings.deadline;
    return true;
}

static void done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    const struct dydisnix_work *work = closure;
    CLEANUP_FREE char *said = string_utf8(result->said);
    const char *last = said ? string_last_line(said) : NULL;
    if (program->target) {
        json_t *call = json_pack("{ss*}", "said", last && *last ? last : NULL);
        if (result->ending == DYDISNIX_EXITED)
            json_object_set_new(call, "status", json_integer(result->status));
        json_object_set_new(findings.calls, program->target, call);
    }
    work->done(work->closure, program, result);
}

static int run(const struct dydisnix_work *work, unsigned jobs)
{
    const struct dydisnix_work watched = { next, done, (void *)work };
    return findings.world->run(&watched, jobs);
}

static int write_elsewhere(const char *path, const char *data, size_t length, unsigned mode)
{
    const size_t kept = strlen(findings.kept);
    if (strncmp(path, findings.kept, kept) != 0 || path[kept] != '/')
        return findings.world->write(path, data, length, mode);
    errno = EROFS;
    return -1;
}

void findings_open(const char *directory)
{
    findings.world = operations;
    findings.kept = directory;
    memcpy(&findings.table, operations,
           operations->size < sizeof findings.table ? operations->size : sizeof findings.table);
    findings.table.log = drop;
    findings.table.run = run;
    findings.table.write = write_elsewhere;
    findings.calls = json_object();
    operations_use(&findings.table);
    failure_open();
}

void findings_close(void)
{
    failure_close();
    operations_use(findings.world);
    json_decref(findings.calls);
    findings.calls = NULL;
}

void findings_try(int64_t deadline)
{
    failure_forget();
    json_object_clear(findings.calls);
    findings.deadline = deadline;
}

void finding(enum finding finding, const char *about, const char *format, ...)
{
    static const char *const words[] = { "ok", "warning", "failed" };
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    CLEANUP_FREE char *owned = length < 0 ? NULL : text;
    CLEANUP_FREE char *line = string_format("%-8s %s: %s", words[finding], about, owned ? owned : "?");
    if (!line)
        return;
    text_one_line(line);
    puts(line);
    fflush(stdout);
    findings.counts[finding]++;
}

void finding_failure(enum finding kind, const char *about, const char *advice)
{
    CLEANUP_JSON json_t *failure = failure_known();
    const json_t *said = json_object_get(failure, "said");
    const char *last = json_string_value(json_array_get(said, json_array_size(said) - 1));
    finding(kind, about, "%s%s%s%s%s", text_or(failure, "reason", "it did not work"), last ? ": " : "",
            last ? last : "", advice ? "; " : "", advice ? advice : "");
}

const json_t *findings_calls(void)
{
    return findings.calls;
}

unsigned findings_count(enum finding kind)
{
    return findings.counts[kind];
}
