/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nix on the coordinator. Data goes to Nix in files, never as source text.
 */
#ifndef NIX_H
#define NIX_H

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where NAME.nix of ours is, in $DYDISNIX_NIX_EXPRESSIONS or the directory for them. malloc()ed; NULL: no
 * memory. */
char *nix_expression(const char *name);

/* Evaluates an infrastructure model: the XML of its value, malloc()ed. 0, or -1 after a message. */
int nix_evaluate(const char *file, bool show_trace, char **xml, size_t *length);

/* What builtins.hashString and toXML make of each document: an array of hexadecimal SHA-256. 0, or -1. */
int nix_service_keys(const json_t *documents, json_t **keys);

/* Tells which of paths are not valid in the store: invalid[i] is set. 0, or -1 after a message. */
int nix_find_invalid(const char *const *paths, size_t count, bool *invalid);

/* Imports the stream that `nix-store --export` made. target: named in messages. *imported: the paths that it
 * held, one a line, malloc()ed. 0, or -1 after a message: then some of them may be there, but each of these
 * is whole. */
int nix_import(const char *file, const char *target, int64_t deadline, char **imported);

/* Keeps valid paths from garbage collections as long as directory is there. 0, or -1 after a message. */
int nix_add_roots(const char *directory, const char *const *paths, size_t count);

/* Makes builtins.toFile put a text, whose content is in file, into the store, with what it needs for that in
 * directory; *path is the store path, malloc()ed. 0, or -1 after a message. See store-text.h. */
struct store_text;
int nix_add_text(const struct store_text *text, const char *file, const char *directory, char **path);

/* Makes path the current generation of profile (nix-env --set). 0, or -1 after a message. */
int nix_set_profile(const char *profile, const char *path);

#endif
