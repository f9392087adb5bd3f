/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "lab/base/network.h"
#include "lab/machine/record.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define RESTART_FIRST 200 /* milliseconds */
#define RESTART_MOST 5000
#define KILL_AFTER 2000

struct service {
    struct service *next;
    char *container;
    char *component;
    pid_t pid; /* 0: not running */
    bool stopping;
    bool again;    /* start it anew once it has stopped */
    int64_t due;   /* when to start, or, stopping, when to kill */
    int64_t delay; /* before the next start, should it end by itself */
};

static struct service *services;

static struct service *find_started(const char *container, const char *component)
{
    struct service *service = services;

    while (service
           && (strcmp(service->container, container) != 0 || strcmp(service->component, component) != 0))
        service = service->next;
    return service;
}

static void forget_service(struct service *gone)
{
    struct service **link = &services;

    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    free(gone->container);
    free(gone->component);
    free(gone);
}

/* A new process may not have made its group yet. */
void signal_group(pid_t pid, int number)
{
    if (kill(-pid, number) != 0)
        kill(pid, number);
}

static int open_log(const char *component)
{
    CLEANUP_FREE char *name = string_format("var/log/%s.log", component);
    CLEANUP_FREE char *path = name ? machine_path(getenv("DYDISNIX_LAB_MACHINE"), name) : NULL;
    return path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
}

/* In the new process. */
static void become_service(const struct service *service, const struct record *record)
{
    CLEANUP_FREE char *program = string_format("%s/bin/run", record->package);
    CLEANUP_FREE char *directory = component_state(service->container, service->component);
    int log = open_log(service->component);
    sigset_t none;

    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    if (!program || !directory || record_environment(record, service->container, service->component) != 0)
        return;
    if (chdir(directory) != 0 && chdir("/") != 0)
        return;
    execl(program, program, (char *)NULL);
    log_error(NULL, "%s: %s", program, strerror(errno));
}

static void launch(struct service *service)
{
    struct record record = { 0 };

    service->due = 0;
    if (record_read(service->container, service->component, &record) != 0 || !record_has_program(&record)) {
        record_clear(&record);
        forget_service(service);
        return;
    }
    service->pid = fork();
    if (service->pid == 0) {
        become_service(service, &record);
        _exit(127);
    }
    record_clear(&record);
    if (service->pid < 0) {
        service->pid = 0;
        service->due = operations->now() + service->delay;
    }
}

bool service_start(const char *container, const char *component)
{
    struct service *service = find_started(container, component);

    if (service) {
        service_stop(container, component);
        if ((service = find_started(container, component)) != NULL) {
            service->again = true;
            return true;
        }
    }
    service = calloc(1, sizeof *service);
    if (!service)
        return false;
    *service = (struct service){ .next = services,
                                 .container = strdup(container),
                                 .component = strdup(component),
                                 .delay = RESTART_FIRST };
    services = service;
    if (!service->container || !service->component) {
        forget_service(service);
        return false;
    }
    launch(service);
    return true;
}

void service_stop(const char *container, const char *component)
{
    struct service *service = find_started(container, component);

    if (!service)
        return;
    service->again = false;
    if (service->pid == 0) {
        forget_service(service);
    } else if (!service->stopping) {
        service->stopping = true;
        service->due = operations->now() + KILL_AFTER;
        signal_group(service->pid, SIGTERM);
    }
}

bool service_is_there(const char *container, const char *component)
{
    return find_started(container, component) != NULL;
}

void services_reaped(pid_t pid)
{
    struct service *service = services;

    while (service && service->pid != pid)
        service = service->next;
    if (!service)
        return;
    kill(-pid, SIGKILL); /* what it left behind in its group */
    service->pid = 0;
    if (service->stopping && !service->again) {
        forget_service(service);
        return;
    }
    if (service->stopping) {
        service->stopping = service->again = false;
        service->delay = RESTART_FIRST;
        launch(service);
        return;
    }
    service->due = operations->now() + service->delay;
    service->delay = 2 * service->delay < RESTART_MOST ? 2 * service->delay : RESTART_MOST;
}

int services_tick(void)
{
    int64_t now = operations->now(), next = -1;
    struct service *following;

    for (struct service *service = services; service; service = following) {
        following = service->next;
        if (service->due == 0)
            continue;
        if (service->due > now) {
            next = next < 0 || service->due - now < next ? service->due - now : next;
        } else if (service->stopping) {
            service->due = 0;
            signal_group(service->pid, SIGKILL);
        } else {
            launch(service);
        }
    }
    return (int)next;
}

/* A database's server starts with the machine, whatever Dysnomia has marked in it. */
static int start_recorded(void *closure, const char *container, const char *component)
{
    struct record record = { 0 };
    (void)closure;
    if (record_read(container, component, &record) == 0
        && (!record.garbage || nature_outlives(record.nature)))
        service_start(container, component);
    record_clear(&record);
    return 0;
}

void services_start_active(void)
{
    records_each(start_recorded, NULL);
}

static int describe_recorded(void *closure, const char *container, const char *component)
{
    json_t *list = closure;
    const struct service *service = find_started(container, component);
    bool running = service && service->pid > 0 && !service->stopping;
    struct record record = { 0 };

    if (record_read(container, component, &record) == 0 && !record.garbage)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:b}", "container", container,
                                              "component", component, "type", record.type, "package",
                                              record.package, "running", running));
    record_clear(&record);
    return 0;
}

json_t *services_describe(void)
{
    json_t *list = json_array();

    if (list)
        records_each(describe_recorded, list);
    return list;
}
