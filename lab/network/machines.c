/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/network/machines.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lab/base/network.h"
#include "lab/machine/machine.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

struct machine {
    struct machine *next;
    char *name;
    struct machine_process process; /* pid 0: crashed */
    bool hung;
};

static struct machine *machines;

static struct machine *find_machine(const char *name)
{
    struct machine *machine = machines;

    while (machine && strcmp(machine->name, name) != 0)
        machine = machine->next;
    return machine;
}

size_t machines_count(void)
{
    size_t count = 0;

    for (const struct machine *machine = machines; machine; machine = machine->next)
        count++;
    return count;
}

bool machines_have(const char *name)
{
    return find_machine(name) != NULL;
}

static void forget_machine(struct machine *gone)
{
    struct machine **link = &machines;

    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    free(gone->name);
    free(gone);
}

int machines_add(const char *name)
{
    struct machine *machine = calloc(1, sizeof *machine);

    if (machine && (machine->name = strdup(name)) != NULL) {
        machine->next = machines;
        machines = machine;
        if (machine_mark(name, "hung", NULL) == 0 && machine_start(name, &machine->process) == 0)
            return 0;
        forget_machine(machine);
        return -1;
    }
    free(machine);
    return -1;
}

void machines_reaped(pid_t pid)
{
    struct machine *machine = machines;

    while (machine && machine->process.pid != pid)
        machine = machine->next;
    if (!machine)
        return;
    log_warning(machine->name, "its first process has ended");
    close(machine->process.life);
    machine->process = (struct machine_process){ .pid = 0, .life = -1 };
}

void machines_end(void)
{
    for (struct machine *machine = machines; machine; machine = machine->next) {
        if (machine->process.pid > 0)
            kill(machine->process.pid, SIGKILL);
    }
    while (machines) {
        machine_kill(&machines->process);
        forget_machine(machines);
    }
}

/* What is done with a machine gives NULL, or why it cannot be done. */
static const char *crash_machine(struct machine *machine)
{
    if (machine->process.pid <= 0)
        return "it has crashed already";
    machine_kill(&machine->process);
    machine->hung = false;
    return machine_mark(machine->name, "hung", NULL) == 0 ? NULL : "its directory cannot be written";
}

static const char *boot_machine(struct machine *machine)
{
    if (machine->process.pid > 0)
        return "it is up";
    return machine_start(machine->name, &machine->process) == 0 ? NULL : "it does not start";
}

static const char *hang_machine(struct machine *machine)
{
    if (machine->process.pid <= 0)
        return "it has crashed";
    if (machine_mark(machine->name, "hung", "") != 0 || kill(machine->process.pid, SIGSTOP) != 0)
        return "it cannot be stopped";
    machine->hung = true;
    return NULL;
}

static const char *resume_machine(struct machine *machine)
{
    if (machine->process.pid <= 0 || !machine->hung)
        return "it does not hang";
    machine->hung = false;
    return kill(machine->process.pid, SIGCONT) == 0 && machine_mark(machine->name, "hung", NULL) == 0
               ? NULL
               : "it cannot be resumed";
}

static const char *drop_machine(struct machine *machine)
{
    CLEANUP_FREE char *path = machine_path(machine->name, "");

    machine_kill(&machine->process);
    forget_machine(machine);
    return path && operations->remove(path) == 0 ? NULL : "its directory cannot be removed";
}

/* Its processes end, as when a machine gets another name and is started again. */
static const char *rename_machine(struct machine *machine, const char *name)
{
    bool up = machine->process.pid > 0;
    CLEANUP_FREE char *from = machine_path(machine->name, "");
    CLEANUP_FREE char *to = is_machine_name(name) ? machine_path(name, "") : NULL;
    char *copy = to ? strdup(name) : NULL;

    if (!copy)
        return "not a machine's name";
    if (machines_have(name) || operations->inspect(to, NULL) != DYDISNIX_ABSENT) {
        free(copy);
        return "there is a machine of that name";
    }
    machine_kill(&machine->process);
    if (!from || rename(from, to) != 0) {
        free(copy);
        return strerror(errno);
    }
    free(machine->name);
    machine->name = copy;
    machine->hung = false;
    machine_mark(copy, "hung", NULL);
    return up ? boot_machine(machine) : NULL;
}

static const char *add_machine(const char *name)
{
    if (!is_machine_name(name))
        return "not a machine's name";
    if (find_machine(name))
        return "it is there already";
    return machines_add(name) == 0 ? NULL : "it does not start";
}

static json_t *status(void)
{
    CLEANUP_JSON json_t *states = json_object();

    for (const struct machine *machine = machines; states && machine; machine = machine->next)
        json_object_set_new(states, machine->name,
                            json_string(machine->process.pid <= 0 ? "crashed"
                                        : machine->hung           ? "hung"
                                                                  : "up"));
    return json_pack("{s:O}", "machines", states);
}

static const char *do_with(struct machine *machine, const char *what, const char *name)
{
    static const struct {
        const char *what;
        const char *(*run)(struct machine *machine);
    } deeds[] = {
        { "crash", crash_machine },   { "reappear", boot_machine }, { "hang", hang_machine },
        { "resume", resume_machine }, { "remove", drop_machine },
    };

    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(what, deeds[i].what) == 0)
            return deeds[i].run(machine);
    }
    return strcmp(what, "rename") == 0 && name ? rename_machine(machine, name)
                                               : "nothing that the master does";
}

json_t *machines_answer(const json_t *question)
{
    const char *what = json_string_value(json_object_get(question, "do"));
    const char *name = json_string_value(json_object_get(question, "machine"));
    const char *error;

    if (what && strcmp(what, "status") == 0)
        return status();
    if (!what || !name)
        error = "not a question";
    else if (strcmp(what, "add") == 0)
        error = add_machine(name);
    else
        error = find_machine(name)
                    ? do_with(find_machine(name), what, json_string_value(json_object_get(question, "name")))
                    : "there is no such machine";
    return error ? json_pack("{s:s}", "error", error) : json_pack("{s:b}", "done", 1);
}
