/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asks each target of a model whether it is there. What came of it stands in DIRECTORY/probe.json, until the
 * next time:
 *
 *   version   1
 *   at        seconds since 1970: when they were asked
 *   asked     [NAME] of all that were asked
 *   silent    { NAME: seconds }; when it answered last, 0: never since it was first asked
 *
 * A cycle asks, and, while the loop is idle, a process of its own; never both at once.
 */
#ifndef PROBE_H
#define PROBE_H

#include "host/settings/settings.h"
#include "lib/model/infrastructure.h"

/* What stands in the file; NULL: nothing that can be used. */
json_t *probe_read(const char *directory);

/* Whether record is of exactly these targets and not older than the interval of probes. */
bool probe_is_recent(const json_t *record, const struct infrastructure *infrastructure,
                     const struct settings *settings, int64_t now);

/* Asks all targets and replaces the file. Twice, before one counts as silent: one lost connection is not a
 * dead machine. *record: what is in the file now, a new reference. 0, or -1 after a message. */
int probe_ask(const struct settings *settings, const struct infrastructure *infrastructure, json_t **record);

/* A reconstruction did not hear of these targets, those whose status is silent in its report. */
void probe_note_silent(const struct settings *settings, const json_t *report);

/* For the process that asks while the loop is idle, about the model that was captured last: its exit status.
 * */
enum { PROBE_SAME = 0, PROBE_FAILED = 1, PROBE_CHANGED = 3 };
int probe_run(const struct settings *settings);

#endif
