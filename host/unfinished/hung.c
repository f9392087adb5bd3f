/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who lets one call run into its deadline is asked no more: what is left to do there is done when it answers,
 * and so that the others do not wait for it the next deployments are tried without it.
 */
#include "host/presence/hung.h"

#include "host/unfinished/settle.h"
#include "lib/base/switch.h"
#include "lib/world/operations.h"

void unfinished_silence(const struct unfinished *unfinished, const char *target)
{
    if (!unfinished_answers(unfinished, target) || !SWITCH(ASKED_NO_MORE))
        return;
    json_object_set_new(unfinished->silent, target, json_true());
    hung_leave_out(unfinished->recovery->state->root, target, NULL, 0, operations->clock());
}

void unfinished_note_hung(const struct unfinished *unfinished, const struct calls *calls)
{
    for (size_t i = 0; i < calls->count; i++)
        if (call_is_unanswered(&calls->items[i]))
            unfinished_silence(unfinished, calls->items[i].target);
}
