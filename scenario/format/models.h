/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The models of a scenario in Nix: expressions that never change, and documents that they read.
 */
#ifndef SCENARIO_MODELS_H
#define SCENARIO_MODELS_H

#include <jansson.h>

/* Into the directory, one of "services", "distribution" and "infrastructure": NAME.nix, and NAME.json with
 * the document. 0, or -1 after a message. */
int scenario_copy_expression(const char *directory, const char *name);
int scenario_write_document(const char *directory, const char *name, const json_t *document);

#endif
