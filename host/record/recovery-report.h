/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report of what was done about a deployment that did not end well:
 *
 *   { "phase", "status": with which exit status it ended (absent: not known),
 *     "action": "none" | "undone" | "finished",
 *     "released": [target],                                        our locks
 *     "rescued": [{ "target", "component", "container", "snapshot" }],
 *     "pending": [target],                                         did not answer: done when it does
 *     "overtaken": [target] }                                      somebody else has deployed to it since,
 *                                                                  or it has another disk
 */
#ifndef RECOVERY_REPORT_H
#define RECOVERY_REPORT_H

#include <jansson.h>
#include <stdbool.h>

json_t *recovery_report_new(void);

/* Adds what was done later in the same cycle. */
void recovery_report_join(json_t *report, const json_t *later);

void recovery_report_released(json_t *report, const char *target);
void recovery_report_pending(json_t *report, const char *target);
void recovery_report_overtaken(json_t *report, const char *target);

/* Says it too. snapshot: its name on the target; NULL or empty: there was no state. */
void recovery_report_rescued(json_t *report, const char *target, const char *component, const char *container,
                             const char *snapshot);

/* Whether the report has that already. */
bool recovery_report_has_rescued(const json_t *report, const char *target, const char *snapshot);

#endif
