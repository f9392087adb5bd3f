/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where Nix and Disnix keep things, and what may be used as a path, a name or a key.
 */
#ifndef PATHS_H
#define PATHS_H

#include <stdbool.h>
#include <stddef.h>

#define NIX_STORE_DIR "/nix/store"
/* NIX_STATE_DIR, "/nix/var" unless configured otherwise, comes from config.h. */

/* A path directly under the store: 32 characters of Nix's base 32, '-', a name of [A-Za-z0-9+._?=-], at most
 * 211 characters. That is what any version of Nix takes; the name may begin with '.', and is not always a
 * file name. */
bool is_store_path(const char *path);

/* Whether newer versions of Nix refuse the store path: its name is "." or "..", or begins with ".-" or
 * "..-". */
bool is_former_store_path(const char *path);

/* Printable in a line and harmless as an argument: UTF-8, not empty, no control characters. */
bool is_plain_name(const char *text);

/* What can be made in a directory: no '/', neither "." nor "..". */
bool is_file_name(const char *text);

/* The name of a snapshot as Dysnomia gives it, CONTAINER/COMPONENT/NAME, and harmless as an argument. */
bool is_snapshot_name(const char *text);

/* Where a target may keep the snapshot of that name. */
bool is_snapshot_path(const char *path, const char *name);

/* A plain name without white space that does not begin with '-': usable as a connection key. */
bool is_connection_key(const char *text);

/* A profile name: a plain file name, no '/', not starting with '.' or '-'. */
bool is_profile_name(const char *text);

/* The part of a store path after hash and dash: the component of a package. NULL: no store path. */
const char *store_path_name(const char *path);

/* NIX_STATE_DIR/nix/profiles/disnix/PROFILE: the profile on a target. malloc()ed. */
char *target_profile_path(const char *profile);

/* Of the effective uid, until the next call; NULL: it has none. */
const char *own_user_name(void);

/* DIRECTORY/PROFILE, where DIRECTORY is given or NIX_STATE_DIR/nix/profiles/per-user/USER/disnix-coordinator
 * with USER of the effective uid. malloc()ed; NULL: no such user. */
char *coordinator_profile_path(const char *directory, const char *profile);

#endif
