/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * UTF-8, and which characters must not stand in a name or in a message.
 */
#ifndef CHARACTERS_H
#define CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>

/* The character at text, of which at most available (> 0) bytes may be read; *length: its bytes. -1: this is
 * not UTF-8, then *length is 1. */
long character_at(const char *text, size_t available, size_t *length);

/* The bytes of text before the first that is not UTF-8; length: all of it is. */
size_t text_utf8_length(const char *text, size_t length);

/* Control characters (U+0000 to U+001F, U+007F to U+009F), and what ends a line or turns its direction
 * elsewhere: U+2028 to U+202E, U+2066 to U+2069, U+061C, U+200E, U+200F. This is where it is decided, for all
 * that is printed. */
bool is_control_character(long character);

/* Replaces control characters and bytes that are not UTF-8 by '?': what is left is one line that a terminal
 * shows as it is. */
void text_one_line(char *text);

#endif
