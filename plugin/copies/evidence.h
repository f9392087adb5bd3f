/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What snapshots, generations and the host's memory prove of copies of state. Pure: it reads nothing but its
 * inputs.
 *
 * The name of a snapshot proves something only if it is a hash, and not that of an empty dump.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "plugin/copies/copies.h"

/* What a decision looks at beside the copies. */
struct judgement {
    const struct capture *capture;
    const struct manifest *previous; /* NULL: not known */
    const struct infrastructure *infrastructure;
    const struct options *options;
    struct strings *strings;
};

/* The name of the newest one; NULL: there is none. */
const char *snapshots_newest(const struct snapshots *snapshots);

/* Whether a snapshot's name, without its directories, tells what is in it. */
bool snapshot_name_proves(const char *name);

/* Whether there is one of that name among them, which tells what is in it. */
bool snapshots_prove(const struct snapshots *snapshots, const char *name);

/* Whether these snapshots save something: there are some, and the newest is not that of an empty dump. */
bool snapshots_save_something(const struct snapshots *snapshots);

/* Whether a copy's target has a snapshot that the newest of another one proves, in the list as it was
 * found. */
bool copy_has_newest_of(const struct copy *copy, const struct snapshots *snapshots);

/* NULL: the coordinator has a newer snapshot than the copy's target, and an older one that the target has;
 * else why that is not shown. */
const char *why_not_newer(const struct copy *copy);

/* Whether the coordinator has a newest snapshot of the component, and the copy's target does not have it. */
bool copy_lacks_newest(const struct copy *copy);

/* Why it is not shown that a copy is superseded by that of a home: conditions 1 to 6. NULL: it is. */
const char *why_not_superseded_by(const struct copy *copy, const struct copy *home,
                                  const struct judgement *judgement);

/* The same where no home can be asked, by what the coordinator holds. *home: which of them it was; NULL:
 * there is none. */
const char *why_not_superseded(const struct copy *copy, const struct judgement *judgement, const char **home);

/* What these say where only the answer of the copy's target is missing: its snapshots are not known. */
extern const char snapshots_untold[];

/* Why it is not shown that a copy is of an older disk. NULL: it is. */
const char *why_not_regressed(const struct copy *copy, const struct judgement *judgement);

/* Why it is not shown that the state of a copy is in that of another one. NULL: it is. */
const char *why_not_descendant(const struct copy *copy, const struct copy *other);

#endif
