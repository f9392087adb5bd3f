/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Models around models, as files for the programs of Disnix. The text of one is always the same, one of our
 * Nix expressions, and reads what it is about from JSON files beside it: no name or path becomes Nix text.
 */
#ifndef WRAPPER_H
#define WRAPPER_H

#include <jansson.h>

/* Both make files in a directory of their own below directory; *path of the model is malloc()ed. 0, or -1
 * after a message. */

/* The infrastructure model in file, which is absolute, without the targets left_out, [NAME]: the effective
 * model. */
int wrap_infrastructure(const char *directory, const char *file, const json_t *left_out, char **path);

/* The distribution model in file, which is absolute, with some services elsewhere: { SERVICE: [{ "target",
 * "container" }] }, all of its places. */
int wrap_distribution(const char *directory, const char *file, const json_t *pins, char **path);

#endif
