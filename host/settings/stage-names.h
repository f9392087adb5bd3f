/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stages of a cycle in their order, a row each: HOOKED has a hook of the same name, OWN is the loop's
 * own. The number is what --stage-timeout says by default: for how many seconds it may run, 0 for ever.
 */
#ifndef STAGE_NAMES_H
#define STAGE_NAMES_H

#define CYCLE_STAGES(HOOKED, OWN) \
    OWN(recover, 0)               \
    HOOKED(capture, 300)          \
    HOOKED(augment, 300)          \
    OWN(detect, 600)              \
    HOOKED(reconstruct, 3600)     \
    OWN(restore, 0)               \
    HOOKED(snapshot, 3600)        \
    HOOKED(redistribute, 600)     \
    HOOKED(assign_ids, 300)       \
    HOOKED(redeploy, 21600)

#define STAGE_INDEX(name, seconds) STAGE_##name,
enum { CYCLE_STAGES(STAGE_INDEX, STAGE_INDEX) STAGES };
#undef STAGE_INDEX

/* By these numbers, and NULL at the end. */
extern const char *const stage_names[];

#endif
