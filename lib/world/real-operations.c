/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/world/operations.h"

#include <errno.h>
#include <sys/random.h>

#include "lib/world/real.h"

static uint64_t real_random(void)
{
    uint64_t value = 0;

    while (getrandom(&value, sizeof value, 0) < 0 && errno == EINTR)
        ;
    return value;
}

const struct dydisnix_operations real_operations = {
    .size = sizeof(struct dydisnix_operations),
    .log = real_log,
    .run = real_run,
    .read = real_read,
    .write = real_write,
    .list = real_list,
    .inspect = real_inspect,
    .read_link = real_read_link,
    .make_directory = real_make_directory,
    .remove = real_remove,
    .temporary_directory = real_temporary_directory,
    .now = real_now,
    .clock = real_clock,
    .random = real_random,
    .sleep = real_sleep,
    .progress = real_progress,
    .is_own_file = real_is_own_file,
    .move = real_move,
    .append = real_append,
    .spool = real_spool,
    .may_write = real_may_write,
    .free_space = real_free_space,
    .scan = real_scan,
    .amend = real_amend,
    .running = real_running,
};
