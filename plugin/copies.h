/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which copy of the state lives: the judgement on stateful components that more than one target holds, or that
 * a target brings back from an older disk. Pure: it reads nothing but its inputs.
 *
 * A component is (component, container). A holder is a target whose snapshot mappings have it.
 */
#ifndef COPIES_H
#define COPIES_H

#include "capture.h"
#include "options.h"

/* A list of snapshots, oldest first. */
struct snapshots {
    bool answered;
    const char **names; /* interned */
    size_t count;
};

/* What is known of one component on one captured target beyond profile manifests. */
struct copy_facts {
    struct snapshots here;      /* on the target */
    struct snapshots *homes;    /* on each home, in the order of copy.homes */
    struct snapshots coordinator;
    bool profile_known;         /* a manifest has a profile of the target */
    bool profile_present;       /* and the newest such one has the present profile */
    bool generation_known;      /* an older manifest has it on the target */
    bool *in_generation;        /* whether that manifest has it on each home too */
    bool snapshotted_known;
    int64_t snapshotted;        /* seconds: the component's last snapshot on the target */
};

enum verdict {
    COPY_KEPT,       /* nothing speaks against it */
    COPY_SUPERSEDED, /* another home has newer state */
    COPY_REGRESSED,  /* the coordinator has newer state */
    COPY_CONFLICT,   /* nobody can tell which of several copies is the one */
    COPY_HELD,       /* the same, and its target is left out until somebody decides */
    COPY_LEFT_OUT    /* was left out before, and the reasons no longer hold: kept where it is placed */
};

/* One component on one captured target that has to be judged. */
struct copy {
    struct captured *captured;
    const struct snapshot_mapping *mapping; /* in the captured manifest */
    const char **homes;                     /* targets that the previous manifest has it on */
    size_t home_count;
    bool away;             /* previous has no profile of the target, or its present one with this left out */
    bool service_left_out; /* the previous manifest has the present profile without the service mapping */
    bool snapshot_left_out;
    struct copy_facts facts;

    enum verdict verdict;
    bool expected;     /* in conflict: the last successful deployment had it here */
    const char *home;  /* superseded: by which one; NULL: by what the coordinator holds */
    char *reason;      /* why it is so, or why it is not superseded: one line */
    bool wants_rescue, wants_fence;
    enum outcome rescue, fence;
    struct copy *next; /* of the same target; captured->copies is the first */
};

struct copies {
    struct copy *items; /* by component, container, target */
    size_t count;
};

/* Lists every component that the captured targets hold and that has to be judged: another target holds it too, now
 * or in previous; or its target was away. previous: NULL if not known. 0, or -1: no memory. */
int copies_find(struct capture *capture, const struct manifest *previous, struct copies *copies);

/* Whether it is kept for want of evidence, while the coordinator's newest snapshot of the component is not one of it, and
 * no other target has it: what lives may be older than what is kept there. */
bool copy_is_doubtful(const struct copy *copy);

/* The copy of the same component on the same target; NULL: there is none. */
const struct copy *copies_same(const struct copies *copies, const struct copy *copy);

/* Takes over how the actions of an earlier judgement of the same capture went, so that none is done twice. */
void copies_take_outcomes(struct copies *copies, const struct copies *earlier);

/* Judges all of them by their facts and by how the actions went so far, and sets the standing of targets that are held.
 * deployed: the manifest of the last successful redeployment, NULL if not known (then previous counts). 0, or -1: no
 * memory. */
int copies_judge(struct copies *copies, const struct capture *capture, const struct manifest *previous,
                 const struct manifest *deployed, const struct infrastructure *infrastructure,
                 const struct options *options);

void copies_clear(struct copies *copies);

/* Whether its facts matter to the judgement: its target may have been away. */
bool copy_needs_facts(const struct copy *copy);

const char *verdict_name(enum verdict verdict);

/* What the judgement leaves out of the manifest. */
bool copy_drops_service(const struct copy *copy);
bool copy_drops_snapshot(const struct copy *copy);

#endif
