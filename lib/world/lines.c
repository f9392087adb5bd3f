/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "lib/base/strings.h"

int string_lines(char *text, int (*each)(void *closure, char *line), void *closure)
{
    char *rest = text, *line;
    int result = 0;
    while (result == 0 && (line = strsep(&rest, "\n")) != NULL)
        if (*line)
            result = each(closure, line);
    return result;
}

static int take_shown_line(void *closure, char *line)
{
    *(char **)closure = line;
    return 0;
}

char *string_last_line(char *text)
{
    char *last = NULL;
    string_lines(text, take_shown_line, &last);
    return last;
}
