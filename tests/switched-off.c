/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which guard is switched off: the one that $SWITCHED_OFF names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switch.h"

enum test_switch switched_off = SWITCHES;

__attribute__((constructor)) static void read_switch(void)
{
    static const struct {
        const char *name;
        enum test_switch off;
    } names[] = { { "superseded", SUPERSEDED }, { "rescue", RESCUE },           { "fence", FENCE },
                  { "hold", HOLD },             { "references", REFERENCES },   { "empty-model", EMPTY_MODEL },
                  { "retry", RETRY },           { "resend", RESEND },         { "nothing", SWITCHES } };
    const char *name = getenv("SWITCHED_OFF");
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, name) == 0) {
            switched_off = names[i].off;
            return;
        }
    fprintf(stderr, "SWITCHED_OFF: there is no such switch\n");
    exit(2);
}
