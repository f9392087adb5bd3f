/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/engine/ending.h"
#include "lab/engine/inside.h"
#include "lib/world/operations.h"

volatile int interrupted;

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void interrupts_note(void)
{
    if (inside) {
        inside->note(true);
        return;
    }
    struct sigaction action = { .sa_handler = note_interrupt };
    sigaction(SIGINT, &action, NULL);
}

void interrupts_restore(void)
{
    if (inside)
        inside->note(false);
    else
        signal(SIGINT, SIG_DFL);
}

struct crew {
    const struct workers *workers;
    pid_t *pids; /* 0: not started, -1: over */
    unsigned running;
    bool success;
};

static bool machine_has_room(const struct crew *crew, size_t i)
{
    const struct workers *workers = crew->workers;
    if (!workers->machine)
        return true;
    const struct target *machine = workers->machine(workers->closure, i);
    if (!machine)
        return true;
    unsigned long busy = 0;
    for (size_t k = 0; k < workers->count; k++)
        if (crew->pids[k] > 0 && workers->machine(workers->closure, k) == machine)
            busy++;
    unsigned long cores = strtoul(machine->number_of_cores, NULL, 10);
    return busy < (cores > 0 ? cores : 1);
}

static void end_step(struct crew *crew, size_t i, bool success)
{
    const struct workers *workers = crew->workers;
    crew->pids[i] = -1;
    crew->success = crew->success && success;
    if (workers->done)
        workers->done(workers->closure, i, success);
}

static void start_step(struct crew *crew, size_t i)
{
    const struct workers *workers = crew->workers;
    if (!ending_step()) {
        end_step(crew, i, false);
        return;
    }
    if (inside) {
        end_step(crew, i, workers->work(workers->closure, i) == 0);
        return;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        interrupts_restore();
        int status = workers->work(workers->closure, i);
        fflush(NULL);
        _exit(status == 0 ? 0 : 1);
    }
    if (pid < 0) {
        log_error(NULL, "cannot start a process");
        end_step(crew, i, false);
        return;
    }
    crew->pids[i] = pid;
    crew->running++;
}

/* True: one was started. */
static bool start_what_may(struct crew *crew)
{
    const struct workers *workers = crew->workers;
    bool any = false;
    for (size_t i = 0; i < workers->count; i++) {
        if (workers->limit > 0 && crew->running >= workers->limit)
            break;
        if (crew->pids[i] == 0 && machine_has_room(crew, i)
            && (!workers->admit || workers->admit(workers->closure, i))) {
            start_step(crew, i);
            any = true;
        }
    }
    return any;
}

static void wait_for_one(struct crew *crew)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0) {
        if (errno != EINTR)
            crew->running = 0;
        return;
    }
    for (size_t i = 0; i < crew->workers->count; i++) {
        if (crew->pids[i] != pid)
            continue;
        crew->running--;
        end_step(crew, i, WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

bool workers_run(const struct workers *workers)
{
    struct crew crew = { workers, calloc(workers->count + 1, sizeof(pid_t)), 0, true };
    if (!crew.pids)
        return false;
    /* The last step that ends may make others possible. */
    while (start_what_may(&crew) || crew.running > 0)
        if (crew.running > 0)
            wait_for_one(&crew);
    free(crew.pids);
    return crew.success;
}
