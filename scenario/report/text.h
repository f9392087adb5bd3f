/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text of a journal is data wherever it stands in a page; characters that would turn or end a line, and those
 * that XML cannot hold, are shown as U+FFFD.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

void put_text(FILE *page, const char *text);
/* As much of it as fits into a width, at so many units a letter; the rest is an ellipsis. */
void put_fitting(FILE *page, const char *text, double width, double letter);
/* The same, but it is the middle that is left out: names often differ in their ends. */
void put_shortened(FILE *page, const char *text, double width, double letter);
bool text_fits(const char *text, double width, double letter);
void put_duration(FILE *page, int64_t milliseconds);
void put_time(FILE *page, int64_t seconds);  /* 2026-01-31 12:00:00 */
void put_clock(FILE *page, int64_t seconds); /* 12:00:00 */

#endif
