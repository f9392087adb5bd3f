/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What has happened: DIRECTORY/events.jsonl, one JSON document a line, the last one at the end. It is
 * written by the cycle process and by the loop, each document in one write; read by people,
 * dydisnix-self-adaptctl and other programs, never by the loop itself. Its documents are described in
 * dydisnix-self-adaptctl(1).
 *
 * When it would grow beyond 16 MiB it becomes events.jsonl.1. A reader skips what is no document: a kill
 * may have torn a line.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <jansson.h>
#include <stdbool.h>

struct journal {
    const char *directory; /* NULL: nothing is written */
    json_t *held;          /* documents that are not written yet; NULL: each is written at once */
};

/* Holds what is added until something has happened that is worth it. */
void journal_open(struct journal *journal, const char *directory);

/* Adds version and time, and takes the document over. sync: it is on the disk then. A failure is told as a
 * warning. */
void journal_add(struct journal *journal, json_t *document, bool sync);

/* Something has happened: writes what was held, and what is added from now on. */
void journal_release(struct journal *journal);

void journal_close(struct journal *journal);

/* Adds one document at once, where there is no journal at hand. */
void journal_write(const char *directory, json_t *document, bool sync);

#endif
