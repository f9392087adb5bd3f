/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stateful components of which it has to be decided which copy lives, and what is known of each copy.
 *
 * A component is (component, container). A target that answered has a copy if its snapshot mappings have it.
 */
#ifndef COPIES_H
#define COPIES_H

#include "plugin/capture/capture.h"
#include "plugin/copies/disputes.h"
#include "plugin/settings/options.h"

/* The snapshots of a component in a store, the newest last; the coordinator's are in the order of their
 * age. */
struct snapshots {
    bool answered;
    const char **names; /* interned */
    size_t count;
};

/* The newest generation, of some kind, that has a component on a target. */
struct generation {
    bool known, reconstructed;
    size_t age; /* counted back from the current one, 0 */
    bool *with; /* which places of the component it has too, in their order */
};

/* What is known of a copy beyond manifests. */
struct facts {
    bool gathered;
    struct snapshots here, after;       /* on its target: as it was found, and after the last rescue */
    struct generation newest, deployed; /* of any kind; of those that were deployed */
    bool profile_known,
        profile_present; /* the newest generation with a profile of the target has its present one */
    bool deployed_known, deployed_to; /* a deployment has a profile of the target; one has the present one */
    bool snapshotted_known;
    int64_t snapshotted; /* seconds: the component's last snapshot on the target */
};

/* What is done on targets, in this order. */
enum action { ACTIVATE_COPY, RESCUE_COPY, FENCE_COPY, RESCUE_COPY_AGAIN, ACTIONS };

/* The lines of the table in survivor.c, and ALONE where there is only one copy. */
enum line_name {
    ANY_LINE,
    WANTED,
    WAITING,
    ALL_AT_HOME,
    MOVED_ON,
    THE_HOMES,
    DEPLOYED_LAST,
    SOMEBODY_SAYS,
    LEFT_OVER,
    ALONE
};

enum verdict {
    COPY_KEPT, /* its mappings stay */
    COPY_OUT,  /* another one lives: it is fenced, and both mappings are left out */
    COPY_OLDER /* nobody else has it, but the coordinator has newer state: live until that is restored */
};

/* What is remembered of a copy, see disputes.h. */
struct remembered_copy {
    bool disputed, owed, superseded, activated, preferred, accepted;
    bool doubted; /* in dispute, be it only because something failed */
    bool known;   /* as in dispute or given up: then it is known, too, whether a rescue is owed */
    bool untold;  /* it may have to have newer state, which its target was to tell */
    bool fenced;  /* and it did not run then, or may not have, which manifests need not tell any more */
    bool
        older; /* it was to have newer state, and the deployment failed: that may be on its target, and is not live */
    const char *why; /* in dispute */
};

struct component;

/* One component on one captured target. */
struct copy {
    struct component *component;
    struct captured *captured;
    const struct snapshot_mapping *mapping; /* in the captured manifest */
    size_t place;                           /* its target's, of the component's */
    bool away;             /* previous has no profile of the target, or its present one with this left out */
    bool service_left_out; /* the previous manifest has the present profile without the service mapping */
    bool snapshot_left_out;
    bool brought;  /* its target's profile has lost it, see disputes_bring_back() */
    bool inactive; /* by all of this and what is remembered: it does not run */
    bool home;     /* one of the component's homes */
    bool hung;     /* its activation came to no end */
    struct remembered_copy remembered;
    struct facts facts;
    enum outcome outcomes[ACTIONS];

    /* What is decided. */
    enum verdict verdict;
    bool survivor; /* it was chosen among several */
    bool disputed;
    bool waits;         /* in dispute only because something failed: that is decided anew */
    bool regressed;     /* older: for its disk is */
    bool stale;         /* older, but it could not be saved, so that it stays */
    bool untold;        /* it may be older: its target has not told what snapshots it has */
    const char *reason; /* one line */
    const char *by;     /* out, or older: whose copy is the newer one; NULL: the coordinator's */
    bool wants[ACTIONS];
    struct copy *next; /* of the same target; captured->copies is the first */
};

/* A target that has to do with a component. */
struct place {
    const char *target;
    bool previous;     /* the previous manifest has it there */
    bool home;         /* it belongs there, see copies_find() */
    struct copy *copy; /* NULL: it answered not, or has none */
};

struct component {
    const char *name, *container;
    struct copy *copies; /* by target */
    size_t count;
    struct place *places; /* by target */
    size_t place_count;
    bool asks_before; /* the choice of an earlier reconstruction stands, see disputes.h, and is the homes */
    bool needs_word;  /* and that was no choice: somebody has to say which one */
    bool unasked;     /* a place of the previous manifest is in the model, cannot be asked, and is kept */
    struct snapshots coordinator;

    /* What is decided. */
    enum line_name line;
    bool asks;    /* several copies are kept, for the choice could not be carried out or there was none */
    bool settled; /* it was carried out: all copies but the survivors are fenced */
    const char *reason;
};

struct copies {
    struct component *components; /* by component and container */
    size_t component_count;
    struct copy *items; /* of all components, in their order */
    size_t count;
};

/* What copies are found by. */
struct finding {
    struct capture *capture;
    const struct infrastructure *infrastructure;
    const struct manifest *previous; /* NULL: not known */
    const struct manifest *homes;    /* that says where components belong; NULL: none does */
    bool homes_are_reconstructed;    /* nobody deployed that: where it has several, it says nothing */
    const json_t *survivors;         /* what is remembered, checked */
    const json_t *brought;           /* what disputes_bring_back() added */
    const json_t *concerned;         /* remembered_copies_concerned() */
    bool keeps_unasked;              /* what previous says of targets that cannot be asked is kept */
    struct strings *strings;
};

/* Lists the components that have to be decided about: several targets have a copy that does not belong where
 * it is, one target alone has it and was away, or something is remembered of it. The homes of a component are
 * those of the choice that is remembered; else those that finding->homes has, where a copy is in no dispute.
 * A home that has left the model and whose profile is that of another target now is that target. 0, or -1: no
 * memory. */
int copies_find(const struct finding *finding, struct copies *copies);

/* Goes on from what an earlier decision on the same capture has done, as if it were remembered. */
void copies_go_on(struct copies *copies, const struct copies *earlier);

void copies_clear(struct copies *copies);

#endif
