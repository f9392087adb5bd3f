/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/characters.h"

#include <stdint.h>
#include <string.h>

long character_at(const char *text, size_t available, size_t *length)
{
    static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *byte = (const unsigned char *)text;
    size_t count = *byte < 0x80   ? 1
                   : *byte < 0xc2 ? 0
                   : *byte < 0xe0 ? 2
                   : *byte < 0xf0 ? 3
                   : *byte < 0xf5 ? 4
                                  : 0;
    long character = count == 1 ? *byte : *byte & (0x7f >> count);

    *length = 1;
    if (count == 0 || count > available)
        return -1;
    for (size_t i = 1; i < count; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return -1;
        character = character << 6 | (byte[i] & 0x3f);
    }
    if (character < least[count] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return -1;
    *length = count;
    return character;
}

size_t text_utf8_length(const char *text, size_t length)
{
    size_t position = 0, more = 1;

    while (position < length) {
        uint64_t eight;

        if (length - position >= sizeof eight) { /* mostly, it is ASCII */
            memcpy(&eight, text + position, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                position += sizeof eight;
                continue;
            }
        }
        if (character_at(text + position, length - position, &more) < 0)
            break;
        position += more;
    }
    return position;
}

bool is_control_character(long character)
{
    return (character >= 0 && character < 0x20) || (character >= 0x7f && character <= 0x9f)
           || (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069)
           || character == 0x061c || character == 0x200e || character == 0x200f;
}

void text_one_line(char *text)
{
    char *end = text;
    size_t length;

    for (; *text != '\0'; text += length) {
        long character = character_at(text, strnlen(text, 4), &length);

        if (character < 0 || is_control_character(character)) {
            *end++ = '?';
        } else {
            memmove(end, text, length);
            end += length;
        }
    }
    *end = '\0';
}
