/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A store of snapshots on this machine, laid out as Dysnomia does: snapshots/CONTAINER/COMPONENT/ID/ with the
 * data, generations/CONTAINER/COMPONENT/NUMBER, a link to one of them. A snapshot is named
 * CONTAINER/COMPONENT/ID.
 */
#ifndef SNAPSHOTS_H
#define SNAPSHOTS_H

#include <stdbool.h>
#include <stddef.h>

struct snapshot_names {
    char **items;
    size_t count;
};

enum snapshots_which {
    SNAPSHOTS_NEWEST, /* one at most */
    SNAPSHOTS_BY_AGE, /* all, oldest first */
    SNAPSHOTS_LISTED  /* all, as Dysnomia lists them: by the text of their generations' numbers, 1, 10, 2 */
};

void snapshot_names_clear(struct snapshot_names *names);

/* $DYSNOMIA_STATEDIR, or /var/state/dysnomia for root, ~/.dysnomia for others. malloc()ed. */
char *snapshots_directory(void);

/* The snapshots of a component. None is no error. 0, or -1 after a message. */
int snapshots_query(const char *store, const char *container, const char *component,
                    enum snapshots_which which, struct snapshot_names *names);

bool snapshots_have(const char *store, const char *name);

/* Where it lies; malloc()ed. */
char *snapshots_resolve(const char *store, const char *name);

/* Makes a snapshot that the store has the newest of its component, unless it is that already. 0, or -1 after
 * a message. */
int snapshots_order(const char *store, const char *container, const char *component, const char *id);

/* Moves directory into the store, as a snapshot of the component with the directory's own name as ID, and
 * makes it the newest. 0, or -1 after a message. */
int snapshots_import(const char *store, const char *container, const char *component, const char *directory);

#endif
