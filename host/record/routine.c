/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/routine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

/* Of the process, which has one cycle. */
static struct {
    bool kept;
    char *lines[16];
    size_t count;
} routine;

static void forget(void)
{
    while (routine.count > 0)
        free(routine.lines[--routine.count]);
}

void routine_begin(bool kept)
{
    forget();
    routine.kept = kept;
}

void routine_notice(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    CLEANUP_FREE char *owned = text;
    if (!routine.kept)
        log_notice(NULL, "%s", owned ? owned : format);
    else if (owned && routine.count < sizeof routine.lines / sizeof *routine.lines) {
        routine.lines[routine.count++] = owned;
        owned = NULL;
    }
}

bool routine_is_kept(void)
{
    return routine.kept;
}

void routine_over(void)
{
    routine.kept = false;
    for (size_t i = 0; i < routine.count; i++)
        log_notice(NULL, "%s", routine.lines[i]);
    forget();
}
