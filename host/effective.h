/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The effective model: a model without some of its targets, as a file for the programs of Disnix. Its text is
 * always the same, and reads which model and which targets from files beside it: no name or path becomes
 * Nix text.
 */
#ifndef EFFECTIVE_H
#define EFFECTIVE_H

#include <jansson.h>

/* Makes DIRECTORY/effective/infrastructure.nix: the model in file, which is absolute, without the targets
 * left_out, [NAME]. *path is malloc()ed. 0, or -1 after a message. */
int effective_write(const char *directory, const char *file, const json_t *left_out, char **path);

#endif
