/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events in words: each writes what an event of its kind does.
 */
#ifndef SCENARIO_EVENT_WORDS_H
#define SCENARIO_EVENT_WORDS_H

#include <stdio.h>

#include <jansson.h>

typedef void event_writer(FILE *stream, const json_t *event);

event_writer event_write_change, event_write_changes, event_write_client, event_write_clock,
    event_write_collection, event_write_corruption, event_write_decision, event_write_disk,
    event_write_ending, event_write_failure, event_write_generator, event_write_kill, event_write_loss,
    event_write_partition, event_write_reappear, event_write_rename, event_write_replay, event_write_restore,
    event_write_save, event_write_saying, event_write_slow, event_write_wait, event_write_writing;

#endif
