/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/base/trap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/settings/stage-names.h"
#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

enum { NOT_MINE = 2 }; /* what a script says to a hook that it does not take */

/* Only what the coordinator does is waited for. NULL: nobody waits. */
static json_t *ask_scenario(const char *step, const char *name, const char *target)
{
    const char *machine = getenv("DYDISNIX_LAB_MACHINE");
    if (!machine || strcmp(machine, COORDINATOR) != 0)
        return NULL;
    CLEANUP_FREE char *path = network_path("traps");
    CLEANUP_JSON json_t *question = json_pack("{ss ss ss*}", "step", step, "name", name, "target", target);
    CLEANUP_FREE char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
    if (!path || !text || access(path, F_OK) != 0)
        return NULL;
    return channel_ask(path, text, -1);
}

void trap_hang(void)
{
    fflush(NULL);
    for (;;)
        operations->sleep(3600 * 1000);
}

static bool obey(const json_t *answer)
{
    const char *word = json_string_value(json_object_get(answer, "do"));
    int number = (int)json_integer_value(json_object_get(answer, "signal"));
    if (!word)
        return true;
    fflush(NULL);
    if (strcmp(word, "exit") == 0)
        _exit((int)json_integer_value(json_object_get(answer, "status")));
    if (strcmp(word, "kill") == 0) {
        signal(number, SIG_DFL); /* sanitizers would make an exit of it */
        raise(number);
    }
    if (strcmp(word, "hang") == 0)
        trap_hang();
    return strcmp(word, "fail") != 0;
}

bool trap_step(const char *step, const char *name, const char *target)
{
    CLEANUP_JSON json_t *answer = ask_scenario(step, name, target);
    return obey(answer);
}

static char *word_for(const char *step, const char *name, const char *target)
{
    CLEANUP_JSON json_t *answer = ask_scenario(step, name, target);
    const char *word = json_string_value(json_object_get(answer, "do"));
    if (!obey(answer))
        return strdup("fail");
    return word && strcmp(word, "go") != 0 ? strdup(word) : NULL;
}

char *trap_generator(void)
{
    return word_for("generator", "model", NULL);
}

char *trap_call(const char *operation, const char *target)
{
    return word_for("call", operation, target);
}

/* The guard is asked before those with a hook too. */
static bool has_hook(const char *stage)
{
#define NO_HOOK(name, seconds)
#define IS(name, seconds) || strcmp(stage, #name) == 0
    return false CYCLE_STAGES(IS, NO_HOOK);
}

static int print_hooks(void)
{
#define PRINT(name, seconds) #name " "
    return puts(CYCLE_STAGES(PRINT, NO_HOOK)) < 0;
}

int step_main(int argc, char **argv)
{
    const char *stage = argc > 1 ? argv[argc - 1] : "";
    if (argc > 2 && strcmp(argv[1], "guard") == 0)
        return has_hook(stage) || trap_step("stage", stage, NULL) ? 0 : 1;
    if (strcmp(stage, "hooks") == 0)
        return print_hooks();
    return trap_step("stage", stage, NULL) ? NOT_MINE : 1;
}

/* Without the network's bin/, which comes first. */
static void step_over_bin(void)
{
    CLEANUP_FREE char *bin = network_path("bin:");
    const char *path = getenv("PATH");
    if (bin && path && strncmp(path, bin, strlen(bin)) == 0)
        setenv("PATH", path + strlen(bin), 1);
}

int trap_program(const char *name, char **argv)
{
    if (!trap_step("program", name, NULL))
        return 1;
    CLEANUP_FREE char *old = strdup(getenv("PATH") ? getenv("PATH") : "");
    step_over_bin();
    /* The program itself finds the PATH as it was. */
    CLEANUP_FREE char *rest = strdup(getenv("PATH") ? getenv("PATH") : "");
    char *save = NULL;
    if (old)
        setenv("PATH", old, 1);
    for (char *word = rest ? strtok_r(rest, ":", &save) : NULL; word; word = strtok_r(NULL, ":", &save)) {
        CLEANUP_FREE char *file = string_format("%s/%s", word, name);
        if (file)
            execv(file, argv);
    }
    log_error(NULL, "%s: there is no such program", name);
    return 127;
}
