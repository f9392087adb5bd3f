/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers that look random and follow from a seed: splitmix64, by Sebastiano Vigna (public domain).
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* The next one; *state is the seed at first, any number. */
uint64_t random_next(uint64_t *state);

#endif
