/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/shown.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"
#include "lib/world/real.h"
#include "lib/world/warnings.h"

static size_t most_of(const struct shown *shown)
{
    return shown->stream == STDOUT_FILENO ? SHOWN_OUTPUT_MOST : SHOWN_ERRORS_MOST;
}

bool shown_is_over(const struct shown *shown)
{
    return shown->bytes > most_of(shown);
}

static void show_output(const struct dydisnix_program *program, const char *text)
{
    CLEANUP_FREE char *line = real_line(program->target, program->argv[0], text);
    size_t length;

    if (line == NULL)
        return;
    length = strlen(line);
    line[length] = '\n'; /* in place of the NUL, so that the line is one write */
    fflush(stdout);
    (void)real_write_all(STDOUT_FILENO, line, length + 1);
}

static void show_message(const struct dydisnix_program *program, const char *text)
{
    if (warnings_repeated(program->argv[0], program->target, text)
        || warnings_of_absence(program->argv, text))
        return;
    if (program->target != NULL)
        log_notice(program->target, "%s", text);
    else
        real_say(program->argv[0], text);
}

enum { SAID_LINE_MOST = 200 }; /* bytes */

/* The last lines that fit. */
static void keep_said(char *said, const char *line)
{
    size_t used = strlen(said), length = strnlen(line, SAID_LINE_MOST);

    while (used + length + 2 > DYDISNIX_SAID_MOST) {
        size_t first = (size_t)(strchr(said, '\n') - said) + 1;

        memmove(said, said + first, used - first + 1);
        used -= first;
    }
    memcpy(said + used, line, length);
    memcpy(said + used + length, "\n", sizeof "\n");
}

/* Some programs, ssh is one, end their lines as a terminal wants it. */
static void line_end(struct shown *shown, const struct dydisnix_program *program)
{
    if (shown->length > 0 && shown->line[shown->length - 1] == '\r')
        shown->length--;
    shown->line[shown->length] = '\0';
    shown->length = 0;
    if (shown->said != NULL)
        keep_said(shown->said, shown->line);
    if (program->quiet)
        return;
    if (shown->stream == STDOUT_FILENO)
        show_output(program, shown->line);
    else
        show_message(program, shown->line);
}

static void add_lines(struct shown *shown, const struct dydisnix_program *program, const char *data,
                      size_t length)
{
    while (length > 0) {
        const char *newline = memchr(data, '\n', length);
        size_t part = newline == NULL ? length : (size_t)(newline - data);
        size_t room = SHOWN_LINE_MOST - shown->length;
        size_t taken = part < room ? part : room;

        memcpy(shown->line + shown->length, data, taken);
        shown->length += taken;
        if (newline == NULL)
            return;
        line_end(shown, program);
        data += part + 1;
        length -= part + 1;
    }
}

/* Whoever floods it would fill the log. What comes behind the limit is read, so that the program goes on, and
 * dropped. */
void shown_add(struct shown *shown, const struct dydisnix_program *program, const char *data, size_t length)
{
    if (shown_is_over(shown))
        return;
    shown->bytes += length;
    add_lines(shown, program, data, length);
    if (!shown_is_over(shown))
        return;
    shown->length = 0;
    if (program->quiet)
        return;
    log_warning(program->target, "%s: more than %zu bytes on its standard %s; the rest is not shown",
                program->argv[0], most_of(shown), shown->stream == STDOUT_FILENO ? "output" : "error");
}

void shown_end(struct shown *shown, const struct dydisnix_program *program)
{
    if (shown->length > 0)
        line_end(shown, program);
}
