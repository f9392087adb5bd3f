/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can happen in a scenario. Each event is a row here and one in event-kinds.c: what it consists of, and
 * how it reads. What it does is a row in each network that knows it.
 */
#ifndef SCENARIO_EVENT_KINDS_H
#define SCENARIO_EVENT_KINDS_H

#include <stdio.h>

#include <jansson.h>

#include "scenario/format/members.h"

#define SCENARIO_EVENTS(EVENT)                  \
    EVENT(crash, "crash")                       \
    EVENT(reappear, "reappear")                 \
    EVENT(save, "save")                         \
    EVENT(add, "add")                           \
    EVENT(remove, "remove")                     \
    EVENT(change, "change")                     \
    EVENT(rename, "rename")                     \
    EVENT(partition, "partition")               \
    EVENT(join, "join")                         \
    EVENT(slow, "slow")                         \
    EVENT(hang, "hang")                         \
    EVENT(resume, "resume")                     \
    EVENT(lose_coordinator, "lose-coordinator") \
    EVENT(corrupt, "corrupt")                   \
    EVENT(say, "say")                           \
    EVENT(generator, "generator")               \
    EVENT(fail, "fail")                         \
    EVENT(foreign_deploy, "foreign-deploy")     \
    EVENT(end, "end")                           \
    EVENT(upgrade, "upgrade")                   \
    EVENT(write, "write")                       \
    EVENT(client, "client")                     \
    EVENT(kill_host, "kill-host")               \
    EVENT(keep_copy, "keep-copy")               \
    EVENT(discard_copy, "discard-copy")         \
    EVENT(restore, "restore")                   \
    EVENT(pause, "pause")                       \
    EVENT(continue, "continue")                 \
    EVENT(trigger, "trigger")                   \
    EVENT(collect_garbage, "collect-garbage")   \
    EVENT(full_disk, "full-disk")               \
    EVENT(free_disk, "free-disk")               \
    EVENT(damage_state, "damage-state")         \
    EVENT(mend_state, "mend-state")             \
    EVENT(close_profiles, "close-profiles")     \
    EVENT(open_profiles, "open-profiles")       \
    EVENT(distrust, "distrust")                 \
    EVENT(trust, "trust")                       \
    EVENT(clock, "clock")                       \
    EVENT(replay, "replay")                     \
    EVENT(wait, "wait")

#define EVENT_NUMBER(event, name) EVENT_##event,
enum { SCENARIO_EVENTS(EVENT_NUMBER) EVENT_COUNT };
#undef EVENT_NUMBER

struct event_kind {
    const struct member *members; /* ends with a name that is NULL */
    /* How it reads, one of them: */
    const char *words; /* always so */
    const char *verb;  /* behind its target */
    void (*write)(FILE *stream, const json_t *event);
};

/* By their numbers. */
extern const struct event_kind event_kinds[EVENT_COUNT];

/* The number of the event of that name; EVENT_COUNT: there is none. */
size_t event_number(const char *name);
const char *event_name(size_t number);

/* Whether a timeline, a moment or an event has an event of that kind. */
bool scenario_has_event(const json_t *events, const char *word);

#endif
