/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a deployment has printed, and what that tells of how far it came.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <jansson.h>
#include <stdbool.h>

enum deployment_phase {
    DEPLOYMENT_STARTED,
    DEPLOYMENT_DISTRIBUTING,
    DEPLOYMENT_LOCKING,
    DEPLOYMENT_ACTIVATING, /* all locks are acquired; services are deactivated and activated */
    DEPLOYMENT_MIGRATING,
    DEPLOYMENT_SETTING     /* services are active and state has moved; profiles are set */
};

struct transcript {
    enum deployment_phase phase; /* the furthest one */
    bool releasing;              /* and then its locks were released */
    bool lost;                   /* the phase is known, but not all that was printed until then */
    bool failed;                 /* it exits with 1 */
    bool inconsistent;           /* a rollback failed */
    bool deactivation_failed;
    json_t *locking;             /* { TARGET: true }: it said that it acquires a lock there */
    json_t *refused;             /* … and that it could not */
    json_t *unreleased;          /* it could not release the lock */
    json_t *activating;          /* { TARGET: { KEY: true } }: it said that it activates that service there */
    json_t *deactivating;        /* … that it deactivates it */
    json_t *inactive;            /* … and that it could not */
};

int transcript_init(struct transcript *transcript); /* 0, or -1: no memory */
void transcript_clear(struct transcript *transcript);

/* Takes a line of standard output. True: the phase is another one. */
bool transcript_line(struct transcript *transcript, const char *line);

/* Reads what a program has left in such files: its standard output, and with ".err" its standard error. What cannot be
 * read says nothing. 0, or -1: no memory. */
int transcript_read(struct transcript *transcript, const char *file);

/* The phase as it stands in the state file. */
const char *transcript_phase(const struct transcript *transcript);

/* That phase is known to have been reached: a machine that lost its power may have lost what was printed. */
void transcript_at_least(struct transcript *transcript, const char *phase);

/* Whether it said that it acquires a lock on target, and not that it could not. */
bool transcript_has_lock(const struct transcript *transcript, const char *target);

/* Whether it said that it deactivates the service there, be it to roll back. */
bool transcript_deactivated(const struct transcript *transcript, const char *target, const char *key);

/* Whether it said that it activates the service there, and not that it could not. */
bool transcript_activated(const struct transcript *transcript, const char *target, const char *key);

#endif
