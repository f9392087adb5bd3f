/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/survive/apart.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/world/operations.h"

static void __attribute__((noreturn)) in_process(FILE *result, json_t *(*work)(void *), void *closure)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    json_t *given = work(closure);
    bool written = given && json_dumpf(given, result, JSON_COMPACT) == 0 && fflush(result) == 0;
    json_decref(given);
    fflush(stderr);
    _exit(written ? 0 : 1);
}

int apart_begin(struct apart *apart, json_t *(*work)(void *closure), void *closure)
{
    *apart = (struct apart){ .result = tmpfile() };
    if (!apart->result) {
        log_error(NULL, "a temporary file: %s", strerror(errno));
        return -1;
    }
    fflush(NULL);
    apart->process = fork();
    if (apart->process == 0)
        in_process(apart->result, work, closure);
    if (apart->process > 0)
        return 0;
    log_error(NULL, "fork: %s", strerror(errno));
    fclose(apart->result);
    *apart = (struct apart){ 0 };
    return -1;
}

json_t *apart_end(struct apart *apart)
{
    int status = 0;
    json_t *given = NULL;
    if (apart->process == 0)
        return NULL;
    while (waitpid(apart->process, &status, 0) < 0 && errno == EINTR)
        ;
    rewind(apart->result);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        given = json_loadf(apart->result, 0, NULL);
    if (!given)
        log_error(NULL, "a process that tried something has failed");
    fclose(apart->result);
    *apart = (struct apart){ 0 };
    return given;
}
