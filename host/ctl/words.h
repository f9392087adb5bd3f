/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the control program writes for people.
 */
#ifndef CTL_WORDS_H
#define CTL_WORDS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Says on standard error what is wrong about something; "": about nothing in particular. -1. */
int complain(const char *about, const char *reason);

/* The text with '?' for control characters, as wide as it is in a terminal: at least width columns. */
void print_padded(const char *text, size_t width);

/* How many columns text takes, if each character takes one. */
size_t columns_of(const char *text);

/* How long seconds are, as people say it: "5 s", "3 min", "30 h", "4 days"; malloc()ed, NULL: no memory. */
char *words_of_time(int64_t seconds);

/* A moment in local time, and how long ago, or how soon, that is. malloc()ed, NULL: no memory. */
char *words_of_moment(int64_t moment, int64_t now);

/* A moment as documents have it, 2026-01-31T12:00:00Z; 0: it is none. */
int64_t moment_read(const char *text);

/* The same in local time, or the text as it is; malloc()ed, NULL: no memory. */
char *words_of_utc(const char *text);

/* Whether a copy in a dispute lives, as a verb; nobody may be able to tell. */
const char *words_of_life(const json_t *copy);

#endif
