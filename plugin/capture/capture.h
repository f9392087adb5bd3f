/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each target answers when it is asked for its profile. Four answers are kept apart; silence never turns
 * into an empty profile.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdint.h>

#include "lib/manifest/manifest.h"
#include "lib/model/infrastructure.h"
#include "lib/model/target-keys.h"
#include "plugin/settings/options.h"

enum answer {
    ANSWER_CAPTURED, /* a profile path and a profile manifest */
    ANSWER_EMPTY,    /* it has no profile */
    ANSWER_INVALID,  /* it said something that cannot be trusted */
    ANSWER_SILENT    /* any other failure, or the deadline */
};

/* How an action on a target went. Unconfirmed: it ended well, and nobody has looked yet what it has done. */
enum outcome { OUTCOME_PENDING, OUTCOME_UNCONFIRMED, OUTCOME_DONE, OUTCOME_FAILED };

struct captured {
    const struct target *target;
    enum answer answer;
    bool local;    /* its profile manifest was read from this machine's store */
    bool deferred; /* captured: its profile manifest was not read yet, see capture_targets() */
    char *reason;  /* invalid, silent: why, one line */
    const char
        *owed; /* the profile that is still to be set on it, so that the one that it has does not tell what
                                runs there; NULL: none */
    const char *profile;      /* captured: its store path */
    struct manifest manifest; /* captured: the content of its profile manifest */
    char *text; /* the profile manifest as the target sent it; NULL: read from this machine's store */
    size_t text_length;
    char *kept; /* options->save_input: its profile manifest as it was read, also an invalid one */
    size_t kept_length;
    const char **requisites; /* closure of the profile, dependencies first, the profile itself last */
    size_t requisite_count;
    int64_t milliseconds;
    bool away_known; /* it was absent since the last successful redeployment with it */
    int64_t away;    /* seconds since 1970: when it was last seen before that */
    bool missed_known;
    int64_t missed; /* seconds since 1970: when somebody looked and it was not there, for the first time */
    const char *
        known_as; /* whose profile it is in the previous manifest: its own, or that of a target which has left
                              the model, so it is the same machine under another name; NULL: nobody's */
    struct copy *copies;      /* those of its components that have to be decided about, see copies.h */
    bool accepted, preferred; /* somebody has said so of all that it has in dispute: given up, or the ones */
};

struct capture {
    struct captured *targets; /* in the order of the infrastructure model */
    size_t count;
};

/* The name of an answer in report and messages. */
const char *answer_name(enum answer answer);

/* All targets of the model, silent so far. 0, or -1 after a message: no memory. */
int capture_init(struct capture *capture, const struct infrastructure *infrastructure,
                 struct strings *strings);

struct capturing {
    const struct options *options;
    bool verify;            /* what lies in this machine's store counts only if Nix says that it is whole */
    const json_t *expected; /* what a report told of the targets; NULL: nothing is known */
    const struct target_keys *keys;
    struct strings *strings;
};

/* Asks all targets, options->jobs at once. As long as all answer as expected, no profile manifest is read;
 * then *deferred is set, and nothing may be made of the answers before capture_complete(). 0, or -1 when
 * nothing could be asked at all. */
int capture_targets(const struct capturing *capturing, struct capture *capture, bool *deferred);

/* Reads what was not read yet. 0, or -1 as before. */
int capture_complete(const struct capturing *capturing, struct capture *capture);

/* What was captured of a target; NULL: the model does not have it. */
struct captured *capture_find(const struct capture *capture, const char *target);

void capture_clear(struct capture *capture);

/* Reads the profile manifest that lies in a profile of this machine's store, whichever version it is of:
 * *path is the file, malloc()ed. 0, or -1 with errno, and *path as far as there is memory. */
int profile_manifest_read(const char *profile, size_t limit, char **path, char **text, size_t *length);

/* Sets a target's answer; takes reason (malloc()ed or NULL), and says what is not usable. */
void captured_answer(struct captured *captured, enum answer answer, char *reason);

/* Reads the profile manifest that a target has: captured, or invalid. source: named in the reason. */
void captured_accept(struct captured *captured, const char *text, size_t length, const char *source,
                     const struct target_keys *keys, const struct options *options, struct strings *strings);

/* Makes a captured target invalid; takes reason (malloc()ed) and says so. */
void captured_refuse(struct captured *captured, char *reason);

#endif
