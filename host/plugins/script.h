/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plugins that are executables: --plugin=script:FILE. FILE gets the hook as its argument and the event on
 * standard input, prints the report, and ends with 0 (done), 2 (not mine), or anything else (failed).
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <jansson.h>
#include <stdbool.h>

struct script {
    char *file;      /* absolute */
    char *name;      /* of the file, up to its first dot */
    char *hooks;     /* what `FILE hooks` printed; NULL: it is asked for every hook */
    json_t *options; /* member "options" of its events */
};

/* Runs `FILE hooks`. 0, or -1 after a message. */
int script_load(struct script *script, const char *file);

void script_configure(const struct script *script, const char *key, const char *value);

bool script_has(const struct script *script, const char *hook);

/* As a hook of a plugin in C. directory: where the event may be put while the script runs. */
int script_call(const struct script *script, const char *hook, const json_t *event, const char *directory,
                json_t **report);

void script_clear(struct script *script);

#endif
