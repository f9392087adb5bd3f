/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/self-adapt/model.h"

#include <string.h>

#include "host/loop/mentions.h"
#include "lib/world/operations.h"

static void note_watch(struct host *host)
{
    const char *file = host->settings.infrastructure;
    bool polled = host->watch.error != 0;
    if (file && polled && !host->polled)
        log_warning(NULL, "%s cannot be watched and is polled: %s", file, strerror(host->watch.error));
    else if (file && !polled && host->polled)
        log_notice(NULL, "%s is watched again", file);
    host->polled = polled;
    loop_polls(&host->loop, polled);
}

void model_watch(struct host *host)
{
    struct mentions mentions = { .count = 0 };
    watch_close(&host->watch);
    if (host->settings.infrastructure) {
        mentions_find(&mentions, host->settings.infrastructure);
        watch_open(&host->watch, (const char *const *)mentions.files, mentions.count);
    }
    mentions_clear(&mentions);
    note_watch(host);
}
