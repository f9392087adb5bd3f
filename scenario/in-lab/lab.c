/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/in-lab/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/find-program.h"
#include "lib/world/operations.h"
#include "scenario/format/event-kinds.h"

/* Functions of the lab find the network in the environment. */
static struct scenario_lab *enter(void *network)
{
    struct scenario_lab *lab = network;
    setenv("DYDISNIX_LAB", lab->directory, 1);
    return lab;
}

/* dydisnix-lab: beside this program, or on the PATH. malloc()ed. */
static char *find_lab(void)
{
    CLEANUP_FREE char *self = NULL;
    if (operations->read_link("/proc/self/exe", &self) == 0) {
        char *beside = string_format("%.*s/dydisnix-lab", (int)(strrchr(self, '/') - self), self);
        if (beside && access(beside, X_OK) == 0)
            return beside;
        free(beside);
    }
    return find_program("dydisnix-lab");
}

static bool has_member(const json_t *events, const char *member)
{
    const char *key;
    json_t *value;
    size_t index;
    bool found = json_object_get(events, "event") && json_object_get(events, member);
    if (json_is_object(events))
        json_object_foreach((json_t *)events, key, value)
            found = found || (strcmp(key, "at") == 0 && json_object_get(value, member));
    json_array_foreach((json_t *)events, index, value)
        found = found || has_member(value, member);
    return found;
}

/* A container that a service names and that is not its type. */
static bool names_container(const json_t *services)
{
    const char *name;
    json_t *service;
    json_object_foreach((json_t *)services, name, service)
        if (json_object_get(service, "container"))
            return true;
    return false;
}

bool lab_has_disnix(void)
{
    CLEANUP_FREE char *deploys = find_program("disnix-env"), *places = find_program("dydisnix-gendist");
    return deploys && places;
}

static const char *reason_for_disnix(const json_t *scenario, const json_t *timeline)
{
    const char *directory = getenv("TMPDIR");
    if (directory && strpbrk(directory, " \t"))
        return "the scripts of Disnix split paths at blanks, and $TMPDIR has some";
    if (!lab_has_disnix())
        return "disnix-env and dydisnix-gendist are not on the PATH";
    if (has_member(timeline, "phase") || scenario_has_event(timeline, "end"))
        return "Disnix does not tell the lab of its phases";
    if (names_container(json_object_get(scenario, "services")))
        return "dydisnix-gendist drops the containers that a distribution names";
    return NULL;
}

/* Whether one comes from a service to another by what it needs; those that were passed are seen. */
static bool leads_to(const json_t *services, const char *from, const char *to, json_t *seen)
{
    static const char *const lists[] = { "dependsOn", "connectsTo" };
    const json_t *service = json_object_get(services, from);
    size_t index;
    json_t *name;
    json_object_set_new(seen, from, json_true());
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        json_array_foreach(json_object_get(service, lists[i]), index, name) {
            const char *next = json_string_value(name);
            if (strcmp(next, to) == 0 || (!json_object_get(seen, next) && leads_to(services, next, to, seen)))
                return true;
        }
    return false;
}

static bool has_circle(const json_t *services)
{
    const char *name;
    json_t *service;
    json_object_foreach((json_t *)services, name, service) {
        CLEANUP_JSON json_t *seen = json_object();
        if (leads_to(services, name, name, seen))
            return true;
    }
    return false;
}

static char *lab_refuses(const struct scenario_setting *setting)
{
    const json_t *scenario = setting->scenario, *timeline = json_object_get(scenario, "timeline");
    const char *reason = NULL;
    if (scenario_has_event(timeline, "clock"))
        reason = "the clock of a real machine is not changed";
    else if (scenario_has_event(timeline, "close-profiles") || scenario_has_event(timeline, "distrust"))
        reason = "a machine's only user may write everywhere, and Nix trusts it";
    else if (has_member(timeline, "probability"))
        reason = "chance is not the same twice in a real network";
    else if (json_is_false(json_object_get(scenario, "discovery"))
             && scenario_has_event(timeline, "generator"))
        reason = "a fixed model is printed by no generator";
    else if (has_circle(json_object_get(scenario, "services")))
        reason = "services of the lab ask what they need, and would ask in a circle for ever";
    else if (json_object_get(scenario, "placement"))
        reason = "its services are placed by a program, which is asked in the simulation only";
    else if (setting->disnix)
        reason = reason_for_disnix(scenario, timeline);
    return reason ? strdup(reason) : NULL;
}

static void add_master(struct arguments *arguments, const struct scenario_lab *lab)
{
    const char *name;
    json_t *value;
    arguments_add(arguments, lab->program);
    if (lab->setting.disnix)
        arguments_add(arguments, "--engine=disnix");
    if (json_object_size(lab->targets) == 0)
        arguments_add(arguments, "--targets=0");
    json_object_foreach(lab->targets, name, value)
        arguments_format(arguments, "--target=%s", lab_key(lab, name));
    arguments_add(arguments, "--run");
    arguments_add(arguments, "--");
    /* It tells where the network is, and lives as long as somebody holds the other end of its input. */
    arguments_add(arguments, "sh");
    arguments_add(arguments, "-c");
    arguments_add(arguments, "echo \"$DYDISNIX_LAB\"; exec cat > /dev/null");
}

/* In the new process, in a group of its own: what the terminal sends is for this program alone. */
static void become_master(char **argv, int in, int out)
{
    unsetenv("DYDISNIX_LAB");
    unsetenv("DYDISNIX_LAB_MACHINE");
    setpgid(0, 0);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

/* The line that says where the network is; NULL: it could not be made. */
static char *read_directory(int fd)
{
    char data[PATH_MAX + 1];
    size_t length = 0;
    ssize_t got;
    while (length < sizeof data - 1 && (got = read(fd, data + length, sizeof data - 1 - length)) != 0) {
        if (got < 0 && errno != EINTR)
            return NULL;
        length += got > 0 ? (size_t)got : 0;
        char *newline = memchr(data, '\n', length);
        if (newline)
            return strndup(data, (size_t)(newline - data));
    }
    return NULL;
}

static int start_master(struct scenario_lab *lab)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    int in[2], out[2];
    add_master(&arguments, lab);
    if (!arguments_vector(&arguments) || pipe2(in, O_CLOEXEC) != 0)
        return -1;
    lab->life = in[1];
    if (pipe2(out, O_CLOEXEC) == 0) {
        lab->master = fork();
        if (lab->master == 0)
            become_master(arguments.items, in[0], out[1]);
        close(out[1]);
        lab->directory = lab->master > 0 ? read_directory(out[0]) : NULL;
        close(out[0]);
    }
    close(in[0]);
    return lab->directory ? 0 : -1;
}

static int make_directory(const char *name)
{
    CLEANUP_FREE char *path = network_path("scenario/%s", name);
    if (path && operations->make_directory(path, 0700) == 0)
        return 0;
    log_error(NULL, "%s: %s", path ? path : name, strerror(errno));
    return -1;
}

/* Only the coordinator sees it. */
static int mount_small_disk(struct scenario_lab *lab)
{
    CLEANUP_FREE char *path = network_path("scenario/disk");
    if (!scenario_has_event(json_object_get(lab->setting.scenario, "timeline"), "full-disk"))
        return 0;
    lab->small_disk = true;
    return lab_run(lab, "exec", COORDINATOR, "mount", "-t", "tmpfs", "-o", "size=32m", "lab", path, NULL);
}

/* The name by which the loop calls dydisnix-lab step as its plugin. */
static int make_stages(void)
{
    CLEANUP_FREE char *path = network_path("bin/dydisnix-lab-stages");
    static const char script[] = "#!/bin/sh\nexec dydisnix-lab step \"$@\"\n";
    return path && operations->write(path, script, strlen(script), 0755) == 0 ? 0 : -1;
}

static int furnish(struct scenario_lab *lab)
{
    static const char script[] = "mkdir -p \"$1/state\" \"$1/tmp\"";
    CLEANUP_FREE char *disk = NULL;
    if (make_directory("models") != 0 || make_directory("disk") != 0 || make_stages() != 0
        || mount_small_disk(lab) != 0)
        return -1;
    disk = network_path("scenario/disk");
    return lab_run(lab, "exec", COORDINATOR, "sh", "-c", script, "sh", disk, NULL) == 0
               ? lab_make_models(lab, "models")
               : -1;
}

static void lab_close(void *network)
{
    struct scenario_lab *lab = network;
    if (lab->life >= 0)
        close(lab->life);
    if (lab->loop > 0) {
        kill(lab->loop, SIGKILL);
        waitpid(lab->loop, NULL, 0);
    }
    if (lab->master > 0)
        waitpid(lab->master, NULL, 0);
    if (lab->ears >= 0)
        close(lab->ears);
    json_decref(lab->targets);
    json_decref(lab->services);
    json_decref(lab->distribution);
    json_decref(lab->words);
    json_decref(lab->traps);
    json_decref(lab->acknowledged);
    free(lab->program);
    free(lab->directory);
    free(lab);
}

static void *lab_open(const struct scenario_setting *setting)
{
    struct scenario_lab *lab = calloc(1, sizeof *lab);
    if (!lab)
        return NULL;
    *lab = (struct scenario_lab){ .setting = *setting,
                                  .happen = lab_happen,
                                  .program = find_lab(),
                                  .life = -1,
                                  .ears = -1,
                                  .targets = json_copy_at(setting->scenario, "targets"),
                                  .services = json_copy_at(setting->scenario, "services"),
                                  .distribution = json_copy_at(setting->scenario, "distribution"),
                                  .words = json_array(),
                                  .traps = json_array(),
                                  .acknowledged = json_array(),
                                  .opened = operations->now() };
    if (!lab->program)
        log_error(NULL, "dydisnix-lab is neither beside this program nor on the PATH");
    else if (start_master(lab) == 0 && furnish(enter(lab)) == 0)
        return lab;
    else
        log_error(NULL, "the network could not be made");
    lab_close(lab);
    return NULL;
}

static int happen(void *network, const json_t *event)
{
    struct scenario_lab *lab = enter(network);
    return lab->happen(lab, event);
}

/* What the loop has said since, for who wants to see it at once. */
static void show(struct scenario_lab *lab)
{
    CLEANUP_FREE char *path = network_path("scenario/messages"),
                      *text = path ? file_text(path, LAB_TEXT_LIMIT) : NULL;
    if (!text || strlen(text) < lab->shown)
        return;
    fputs(text + lab->shown, stderr);
    lab->shown = strlen(text);
}

static int adapt(void *network, bool again)
{
    struct scenario_lab *lab = enter(network);
    int status = lab_loop_adapt(lab, again);
    if (lab->setting.verbose || status != 0)
        show(lab);
    return status;
}

/* That the loop was asked is what the scenario says, and a line that a kill has torn says nothing. */
static int take_line(void *closure, char *line)
{
    CLEANUP_JSON json_t *document = json_loads(line, 0, NULL);
    const char *kind = json_string_value(json_object_get(document, "kind"));
    if (kind && strcmp(kind, "asked") != 0)
        json_array_append(closure, document);
    return 0;
}

static json_t *journal(void *network)
{
    struct scenario_lab *lab = enter(network);
    size_t length = 0;
    CLEANUP_FREE char *text = lab_disk_text(lab, "state/default/events.jsonl", lab->journal_at, &length);
    json_t *documents = json_array();
    lab->journal_at += length;
    if (text)
        string_lines(text, take_line, documents);
    return documents;
}

static char *messages(void *network)
{
    struct scenario_lab *lab = enter(network);
    CLEANUP_FREE char *path = network_path("scenario/messages"),
                      *text = path ? file_text(path, LAB_TEXT_LIMIT) : NULL;
    size_t length = text ? strlen(text) : 0, begin = lab->messages_at < length ? lab->messages_at : length;
    lab->messages_at = length;
    return strdup(text ? text + begin : "");
}

static json_t *observe(void *network)
{
    return lab_observe(enter(network));
}

static int64_t elapsed(void *network)
{
    const struct scenario_lab *lab = network;
    return (operations->now() - lab->opened) / 1000;
}

const struct scenario_network scenario_lab = { .name = "lab",
                                               .refuses = lab_refuses,
                                               .open = lab_open,
                                               .happen = happen,
                                               .adapt = adapt,
                                               .journal = journal,
                                               .messages = messages,
                                               .observe = observe,
                                               .elapsed = elapsed,
                                               .close = lab_close };
