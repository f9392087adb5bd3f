/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a cycle tells the loop while it runs: JSON documents over a pipe, one a line.
 *
 *   { "event": "begin", "stage": NAME } a stage, or something that takes its time before the first one
 *   { "event": "end", "stage": NAME, "status": 0 or -1, "milliseconds": N }
 *                                       also, without the last two, of "load": the plugins are loaded
 *   { "event": "change" }               a change has been detected that is new
 *   { "event": "failure", "failure": { ... } }      why it fails, see failure.h
 *   { "event": "failures", "failures": [ ... ] }    what was remembered when it began, see failures.h
 *   { "event": "due", "seconds": N }    another cycle is wanted in N seconds, whatever happens
 *   { "event": "over" }                 the cycle has come to its end, and its exit status is its own
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* The end of the cycle. */
struct progress {
    int fd; /* -1: nobody listens */
    dev_t device;
    ino_t inode; /* of the pipe: a plugin may close our descriptor, and something else get its number */
};

/* Takes fd. */
struct progress progress_to(int fd);

/* Tells document, a new reference or NULL (no memory). 0; -1: the loop cannot be told any more. */
int progress_tell(const struct progress *progress, json_t *document);

/* The end of the loop; fd does not block. */
struct progress_reader {
    int fd; /* -1: there is no cycle */
    char *line;
    size_t length;
    bool skips; /* a line that is too long */
};

/* Makes the pipe: reader, and *fd for the cycle, which its programs do not get. 0, or -1 with errno set. */
int progress_open(struct progress_reader *reader, int *fd);

/* Reads what is there and calls each for every document. What is none is left out. */
void progress_take(struct progress_reader *reader, void (*each)(void *closure, const json_t *document),
                   void *closure);

void progress_close(struct progress_reader *reader);

#endif
