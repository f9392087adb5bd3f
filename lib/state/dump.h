/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Snapshots that hold nothing.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>

/* Whether the name of a snapshot, with its directories or without, is the hash of an empty dump: that of a
 * database whose server did not answer, of which Dysnomia says that all went well. */
bool is_empty_dump(const char *name);

#endif
