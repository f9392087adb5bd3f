/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names and paths, as they are told to people.
 */
#ifndef WORDS_H
#define WORDS_H

#include <jansson.h>

/* Without what differs from one run to the next: a store path is its name without hash, another absolute path
 * its last part, a key is KEY; malloc()ed. */
char *text_plain(const char *text);

/* The texts of a list: "a, b and c"; malloc()ed. */
char *text_list(const json_t *list);

#endif
