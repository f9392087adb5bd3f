/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program prints, as it is shown: line by line, and before each line who speaks. A call to a target
 * speaks for that target, anything else for itself: "[disnix-activate]: [target: test1]: ...". The programs
 * of Disnix pass on what services print, so what a line says of its origin is text like the rest of it.
 */
#ifndef SHOWN_H
#define SHOWN_H

#include <stddef.h>

#include <dydisnix/plugin.h>

#define SHOWN_LINE_MOST 4096 /* bytes; what is longer is cut */
#define SHOWN_OUTPUT_MOST \
    ((size_t)16 << 20) /* of its standard output; what comes beyond is dropped, which is said */
#define SHOWN_ERRORS_MOST ((size_t)1 << 20) /* of its standard error */

/* One of the two streams of a program; all zero but for the descriptor at first. */
struct shown {
    int stream; /* STDOUT_FILENO or STDERR_FILENO: of the program, and of ours where it is shown */
    size_t bytes;
    size_t length;
    char *said;                     /* of dydisnix_result, for the last lines of both streams; borrowed */
    char line[SHOWN_LINE_MOST + 1]; /* under way */
};

/* Nothing more of it is shown. */
bool shown_is_over(const struct shown *shown);

/* What the program printed; of a quiet one nothing is shown, but the last lines are kept too. */
void shown_add(struct shown *shown, const struct dydisnix_program *program, const char *data, size_t length);

/* The program has ended: its last line too, if no newline ended that. */
void shown_end(struct shown *shown, const struct dydisnix_program *program);

#endif
