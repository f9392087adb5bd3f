/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an operator says to the loop, until the next cycle takes it into state.json: a file for each word in
 * DIRECTORY/words. So only cycles write state.json, and no word is lost, whoever is killed when.
 *
 *   keep-copy TARGET [COMPONENT]      the copies of state on a target, in dispute, are the ones; also: prefer
 *   discard-copy TARGET [COMPONENT]   they are given up; also: accept. A target that is held is taken in
 *   restore SNAPSHOT                  a snapshot is brought back to where its component lives
 *   pause                             adapt to nothing
 *   resume                            go on, also when adaptation paused by itself
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <jansson.h>

/* The word of that name, by its first name above; NULL: there is none. */
const char *requests_find(const char *name);

/* Adds { "word", "target", "component", "snapshot" }, as far as the word takes them, durably. Only one
 * process may do so, the loop. 0, or -1 with errno set; EINVAL: no such word, or not what it takes. */
int requests_add(const char *directory, const json_t *word);

/* All words in their order: an array of such documents with "file"; what is none is left out with a warning,
 * and a word has its first name. NULL: no memory, or, after a message, one of them cannot be read. They stay
 * until they are dropped. */
json_t *requests_take(const char *directory);

/* Drops those words. */
void requests_drop(const char *directory, const json_t *words);

#endif
