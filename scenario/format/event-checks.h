/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The members of events, targets and services.
 */
#ifndef SCENARIO_EVENT_CHECKS_H
#define SCENARIO_EVENT_CHECKS_H

#include "scenario/format/members.h"

/* For members of one of these words. */
#define WORDS(...)                 \
    .words = (const char *const[]) \
    {                              \
        __VA_ARGS__, NULL          \
    }

member_check check_new_target, check_resources, check_properties, check_at, check_disk, check_said,
    check_probability, check_upgrade, check_policy;

/* Ends with NULL. */
extern const char *const ending_phases[], *const operations_of_client[], *const fates[];
extern const char *const *const fates_of_operations; /* of these the last ones */

/* Whether the operation of a client fails on a target whose disk is full. */
bool operation_needs_room(const char *operation);

/* Ends with a name that is NULL. */
extern const struct member members_of_target[], members_of_service[];

#endif
