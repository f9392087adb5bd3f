/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/search/exhaustive.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"
#include "scenario/play/play.h"
#include "scenario/search/alphabet.h"
#include "scenario/search/silence.h"
#include "scenario/simulation/digest.h"

enum { WORLDS = 1 << 22 }; /* that can be remembered */

/* What all processes share. */
struct shared {
    atomic_ulong histories, worlds_met, cut, cycles, failed, broken;
    atomic_uint_least64_t worlds[WORLDS]; /* digest, whose lowest bits are how many more events were tried */
};

/* A history, in its process. */
struct history {
    const struct exhaustive *search;
    struct shared *shared;
    int findings;         /* a file, to which each process adds lines */
    unsigned long most;   /* events */
    unsigned long length; /* of them so far */
    unsigned long before; /* cycles that the process had when it began */
    bool child, last;     /* last: it was put in order */
    const struct scenario_play *played;
    json_t *timeline;
    json_t *first; /* as it was observed before anything happened */
};

/* Whether a world was met before, with as many events to come. */
static bool is_known(struct shared *shared, uint64_t digest, unsigned long left)
{
    const uint64_t mask = 15, key = digest & ~mask;
    for (size_t i = 0; i < 64; i++) {
        atomic_uint_least64_t *place = &shared->worlds[(digest / 16 + i) % WORLDS];
        uint64_t seen = 0;
        if (atomic_compare_exchange_strong(place, &seen, key | left)) {
            atomic_fetch_add(&shared->worlds_met, 1);
            return false;
        }
        if ((seen & ~mask) != key)
            continue;
        if ((seen & mask) >= left)
            return true;
        atomic_store(place, key | left);
        return false;
    }
    return false; /* there is no room: it is tried again */
}

/* A process that dies has not tried its histories. */
static void wait_for(struct shared *shared, size_t most, size_t *running)
{
    for (; *running > most; --*running) {
        int status = -1;
        while (wait(&status) < 0 && errno == EINTR)
            ;
        if (status != 0)
            atomic_fetch_add(&shared->failed, 1);
    }
}

/* Each moment that may come next goes on in a process of its own, which gets it; this one gets NULL. */
static json_t *branch(struct history *history, const json_t *observed, const json_t *memory)
{
    const struct alphabet_world world = {
        .first = history->first, .observed = observed, .memory = memory, .number = history->length + 1
    };
    CLEANUP_JSON json_t *moments = alphabet_next(history->search->system, &world);
    const size_t most = history->length == 0 ? history->search->jobs : 1;
    size_t index, running = 0;
    json_t *moment;
    json_array_foreach(moments, index, moment) {
        if (atomic_load(&history->shared->broken) > 0 && !history->search->keep_going)
            break;
        wait_for(history->shared, most - 1, &running);
        pid_t process = fork();
        if (process == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            history->child = true;
            history->length++;
            history->before = history->played->cycles;
            json_array_append(history->timeline, moment);
            return json_incref(moment);
        }
        if (process < 0)
            atomic_fetch_add(&history->shared->failed, 1);
        else
            running++;
    }
    wait_for(history->shared, 0, &running);
    return NULL;
}

static json_t *next(void *closure, void *opened, const json_t *observed, const json_t *memory)
{
    struct history *history = closure;
    if (history->last)
        return NULL;
    if (history->length == 0)
        history->first = json_incref((json_t *)observed);
    if (history->length > 0
        && is_known(history->shared, simulated_digest(opened, observed, memory),
                    history->most - history->length)) {
        atomic_fetch_add(&history->shared->cut, 1);
        atomic_fetch_add(&history->shared->cycles, history->played->cycles - history->before);
        _exit(0);
    }
    json_t *moment = history->length < history->most ? branch(history, observed, memory) : NULL;
    if (moment)
        return moment;
    history->last = true;
    moment = alphabet_last(observed);
    json_array_append(history->timeline, moment);
    return moment;
}

static void nothing(void *closure, void *opened)
{
    (void)closure, (void)opened;
}

static void note(const struct history *history)
{
    const struct scenario_play *played = history->played;
    CLEANUP_JSON json_t *finding =
        json_pack("{ss ss sO}", "broken", played->broken, "words", played->words ? played->words : "",
                  "timeline", history->timeline);
    CLEANUP_FREE char *text = finding ? json_dumps(finding, JSON_COMPACT) : NULL;
    if (text)
        dprintf(history->findings, "%s\n", text);
    atomic_fetch_add(&history->shared->broken, 1);
}

/* A history is over, and so is its process: what it has goes with it. */
static void end(void *closure, void *opened, const json_t *observed)
{
    const struct history *history = closure;
    (void)opened, (void)observed;
    atomic_fetch_add(&history->shared->histories, 1);
    atomic_fetch_add(&history->shared->cycles, history->played->cycles - history->before);
    if (history->played->broken)
        note(history);
    if (history->child)
        _exit(0);
}

/* All histories of at most so many events. */
static int search_to(const struct exhaustive *search, struct shared *shared, int findings, unsigned long most)
{
    CLEANUP_JSON json_t *timeline = json_copy(json_object_get(search->system, "timeline"));
    struct scenario_play played = { 0 };
    struct history history = { .search = search,
                               .shared = shared,
                               .findings = findings,
                               .most = most,
                               .timeline = timeline,
                               .played = &played };
    const struct scenario_watch watch = { .begin = nothing, .end = end, .next = next, .closure = &history };
    const struct scenario_setting setting = { .scenario = search->system,
                                              .directory = search->directory,
                                              .seed = 1 };
    if (scenario_play(&scenario_simulation, &setting, &watch, &played) != 0)
        atomic_fetch_add(&shared->failed, 1);
    if (history.child)
        _exit(1);
    scenario_play_clear(&played);
    json_decref(history.first);
    return atomic_load(&shared->failed) == 0 ? 0 : -1;
}

static void take_findings(json_t *findings, int file)
{
    FILE *stream = fdopen(dup(file), "r");
    CLEANUP_FREE char *line = NULL;
    size_t room = 0;
    if (!stream)
        return;
    rewind(stream);
    while (getline(&line, &room, stream) > 0) {
        CLEANUP_JSON json_t *finding = json_loads(line, 0, NULL);
        const char *name = json_string_value(json_object_get(finding, "broken"));
        if (name && !json_object_get(findings, name))
            json_object_set(findings, name, finding);
    }
    fclose(stream);
}

/* Of a process that is copied again and again, memory that was given back is soon asked for again. */
static void keep_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    mallopt(M_TRIM_THRESHOLD, 1 << 26);
    mallopt(M_TOP_PAD, 1 << 20);
#endif
}

int exhaustive_search(struct exhaustive *search)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CLEANUP_FD int file = memfd_create("findings", MFD_CLOEXEC);
    int status = shared != MAP_FAILED && file >= 0 && fcntl(file, F_SETFL, O_APPEND) == 0 ? 0 : -1;
    search->findings = json_object();
    keep_memory();
    if (status != 0)
        log_error(NULL, "memory for what was seen: %s", strerror(errno));
    for (unsigned long most = 0; status == 0 && most <= search->depth; most++) {
        if (madvise(shared, sizeof *shared, MADV_REMOVE) != 0)
            memset(shared, 0, sizeof *shared);
        int saved = search->verbose ? -1 : silence_begin();
        status = search_to(search, shared, file, most);
        silence_end(saved);
        if (status != 0)
            log_error(NULL, "%lu histories of %lu events could not be tried", atomic_load(&shared->failed),
                      most);
        search->histories = atomic_load(&shared->histories);
        search->worlds = atomic_load(&shared->worlds_met);
        search->cut = atomic_load(&shared->cut);
        search->cycles += atomic_load(&shared->cycles);
        take_findings(search->findings, file);
        if (json_object_size(search->findings) > 0 && !search->keep_going)
            break;
    }
    if (shared != MAP_FAILED)
        munmap(shared, sizeof *shared);
    return status;
}
