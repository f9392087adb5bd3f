/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/recovery-report.h"

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

json_t *recovery_report_new(void)
{
    return json_pack("{ss s[] s[] s[] s[]}", "action", "none", "released", "rescued", "pending", "overtaken");
}

void recovery_report_join(json_t *report, const json_t *later)
{
    static const char *const lists[] = { "released", "rescued", "pending", "overtaken" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        json_array_extend(json_object_get(report, lists[i]), json_object_get(later, lists[i]));
    static const char *const facts[] = { "phase", "status", "action" };
    for (size_t i = 0; json_object_get(later, "phase") && i < sizeof facts / sizeof *facts; i++)
        if (json_object_get(later, facts[i]))
            json_object_set(report, facts[i], json_object_get(later, facts[i]));
}

void recovery_report_released(json_t *report, const char *target)
{
    json_list_add(json_object_get(report, "released"), target);
}

void recovery_report_pending(json_t *report, const char *target)
{
    json_list_add(json_object_get(report, "pending"), target);
}

void recovery_report_overtaken(json_t *report, const char *target)
{
    json_list_add(json_object_get(report, "overtaken"), target);
}

void recovery_report_rescued(json_t *report, const char *target, const char *component, const char *container,
                             const char *snapshot)
{
    CLEANUP_FREE char *name = string_utf8(snapshot);
    if (!name || !*name)
        return;
    log_notice(target, "the state of %s here is rescued, and does not go live: it is in the snapshot %s",
               component, name);
    json_array_append_new(json_object_get(report, "rescued"),
                          json_pack("{ss ss ss ss}", "target", target, "component", component, "container",
                                    container, "snapshot", name));
}

bool recovery_report_has_rescued(const json_t *report, const char *target, const char *snapshot)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "rescued"), index, entry) {
        const char *there = json_string_value(json_object_get(entry, "target"));
        const char *name = json_string_value(json_object_get(entry, "snapshot"));
        if (there && name && strcmp(there, target) == 0 && strcmp(name, snapshot) == 0)
            return true;
    }
    return false;
}
