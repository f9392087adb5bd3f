/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the master is asked through its socket, DIR/control: {"do": WORD, "machine": NAME, "name": NEW},
 * answered by {"done": true} or {"error": TEXT}; {"do": "status"} by {"machines": {NAME: "up", "hung" or
 * "crashed"…}}.
 */
#ifndef MASTER_H
#define MASTER_H

#include <jansson.h>

/* A new reference; NULL after a message. name may be NULL. */
json_t *master_ask(const char *what, const char *machine, const char *name);

#endif
