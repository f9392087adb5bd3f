/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/real.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-text.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static enum dydisnix_level shown_level = DYDISNIX_NOTICE;

void real_log_level(enum dydisnix_level most)
{
    shown_level = most;
}

static bool log_json;

void real_log_json(bool json)
{
    log_json = json;
}

static bool progress_shown;
static int64_t progress_moment;

static void clear_progress(void)
{
    static const char clear[] = "\r\033[K";

    if (progress_shown)
        (void)real_write_all(STDERR_FILENO, clear, sizeof clear - 1);
    progress_shown = false;
}

/* At most ten times a second. */
void real_progress(const char *doing, size_t done, size_t total)
{
    CLEANUP_FREE char *line = NULL;

    if (total == 0 || done >= total) {
        clear_progress();
        return;
    }
    if (log_json || real_now() < progress_moment + 100 || !isatty(STDERR_FILENO))
        return;
    progress_moment = real_now();
    line = string_format("\r\033[K[coordinator]: %s: %zu of %zu", doing, done, total);
    if (line == NULL)
        return;
    (void)real_write_all(STDERR_FILENO, line, strlen(line));
    progress_shown = true;
}

static const char *name_of_program(const char *program)
{
    const char *slash = strrchr(program, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : program;
}

char *real_line(const char *target, const char *program, const char *message)
{
    char *line = target != NULL    ? string_format("[target: %s]: %s", target, message)
                 : program != NULL ? string_format("[%s]: %s", name_of_program(program), message)
                                   : string_format("[coordinator]: %s", message);

    if (line != NULL)
        text_one_line(line);
    return line;
}

static char *line_as_json(enum dydisnix_level level, const char *target, const char *program,
                          const char *message)
{
    static const char *const levels[] = { "error", "warning", "notice", "debug" };
    CLEANUP_FREE char *name = string_utf8(target), *text = string_utf8(message);
    CLEANUP_FREE char *speaker = program != NULL ? string_utf8(name_of_program(program)) : NULL;
    CLEANUP_JSON json_t *document =
        json_pack("{si ss ss ss* ss* ss*}", "version", 1, "time", moment_of(real_clock()).text, "level",
                  levels[level], "target", name, "program", speaker, "message", text);

    return document == NULL ? NULL : json_text(document, JSON_COMPACT);
}

/* Whether standard error is what systemd says the journal reads. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    CLEANUP_FREE char *own = NULL;

    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return false;
    own = string_format("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return own != NULL && strcmp(own, stream) == 0;
}

/* What the journal takes from the beginning of a line, see sd-daemon(3). Nothing that anybody says stands there:
 * without it a line begins with who speaks, or as JSON. */
static const char *priority_of(enum dydisnix_level level)
{
    static const char *const priorities[] = { "<3>", "<4>", "<5>", "<7>" };

    return is_journal() ? priorities[level] : "";
}

static void say_line(enum dydisnix_level level, const char *target, const char *program, const char *message)
{
    CLEANUP_FREE char *text =
        log_json ? line_as_json(level, target, program, message) : real_line(target, program, message);
    CLEANUP_FREE char *line = text != NULL ? string_format("%s%s", priority_of(level), text) : NULL;
    size_t length;

    if (line == NULL)
        return;
    length = strlen(line);
    clear_progress();
    line[length] = '\n'; /* in place of the NUL, so that the line is one write */
    (void)real_write_all(STDERR_FILENO, line, length + 1);
}

void real_say(const char *program, const char *message)
{
    if (shown_level >= DYDISNIX_NOTICE)
        say_line(DYDISNIX_NOTICE, NULL, program, message);
}

void real_log(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    int saved_errno = errno;
    CLEANUP_FREE char *message = NULL;

    if (level > shown_level)
        return;
    if (vasprintf(&message, format, arguments) < 0) {
        message = NULL;
        return;
    }
    say_line(level, target, NULL, message);
    errno = saved_errno;
}
