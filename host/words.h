/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an operator says to the loop, until the next cycle takes it into state.json: a file for each word in
 * DIRECTORY/words. So only cycles write state.json, and no word is lost, whoever is killed when.
 *
 *   accept TARGET   the copies of a target that is held are given up
 *   prefer TARGET   the copies of a target that is held are the ones
 *   pause           adapt to nothing
 *   resume          go on, also when adaptation paused by itself
 */
#ifndef WORDS_H
#define WORDS_H

#include <jansson.h>

/* Adds a word durably; target NULL: it takes none. Only one process may do so, the loop. 0, or -1 with errno
 * set; EINVAL: no such word, a target where there should be none or the other way round, or no name of a
 * target. */
int words_add(const char *directory, const char *word, const char *target);

/* All words in their order: an array of { "word", "target", "file" }; what cannot be read is left out with a
 * warning. NULL: no memory. They stay until they are dropped. */
json_t *words_take(const char *directory);

/* Drops those words. */
void words_drop(const char *directory, const json_t *words);

#endif
