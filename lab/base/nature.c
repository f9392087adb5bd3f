/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/base/nature.h"

#include <stddef.h>
#include <string.h>

const char *const nature_words[] = { "plain", "files", "database", "dump", "process", NULL };

enum component_nature nature_of_word(const char *word)
{
    for (int i = 0; word && nature_words[i]; i++)
        if (strcmp(nature_words[i], word) == 0)
            return (enum component_nature)i;
    return NATURE_PLAIN;
}
