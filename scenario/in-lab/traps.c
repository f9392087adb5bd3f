/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens within a cycle: programs of the coordinator ask at their steps what becomes of them.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/base/channel.h"
#include "lab/base/network.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/format/event-checks.h"
#include "scenario/in-lab/lab.h"

/* A program that is not the lab's own: our name for it comes first on the PATH. */
static int stand_in_for(const char *program)
{
    CLEANUP_FREE char *link = network_path("bin/%s", program), *self = NULL;
    CLEANUP_FREE char *ours = network_path("bin/dydisnix-lab");
    if (link && ours && access(link, F_OK) == 0)
        return 0;
    if (link && ours && operations->read_link(ours, &self) == 0 && symlink(self, link) == 0)
        return 0;
    log_error(NULL, "%s: %s", program, strerror(errno));
    return -1;
}

int lab_await(struct scenario_lab *lab, const json_t *event)
{
    const json_t *times = json_object_get(event, "times");
    const char *program = json_string_value(json_object_get(event, "program"));
    if (program && stand_in_for(program) != 0)
        return -1;
    json_int_t usual = string_equal(text_at(event, "event"), "client") ? 10 : 1;
    return json_array_append_new(lab->traps, json_pack("{sO sI sI}", "event", event, "seen", (json_int_t)0,
                                                       "times", times ? json_integer_value(times) : usual));
}

int lab_fill_target(struct scenario_lab *lab, const json_t *event)
{
    const bool full = text_at_is(event, "event", "full-disk");
    for (size_t i = json_array_size(lab->traps); i-- > 0;) {
        const json_t *before = json_object_get(json_array_get(lab->traps, i), "event");
        if (text_at_is(before, "event", "full-disk")
            && string_equal(text_at(before, "target"), text_at(event, "target")))
            json_array_remove(lab->traps, i);
    }
    return full ? json_array_append_new(lab->traps, json_pack("{sO si}", "event", event, "seen", 0)) : 0;
}

static void stop_listening(struct scenario_lab *lab)
{
    CLEANUP_FREE char *path = network_path("traps");
    if (lab->ears < 0)
        return;
    close(lab->ears);
    lab->ears = -1;
    if (path)
        unlink(path);
}

void lab_arm(struct scenario_lab *lab)
{
    if (json_array_size(lab->traps) == 0)
        stop_listening(lab);
    else if (lab->ears < 0 && (lab->ears = channel_listen(lab->directory, "traps")) < 0)
        log_error(NULL, "%s/traps: %s", lab->directory, strerror(errno));
}

/* Whether value of key is wanted there: also if nothing is said of it. */
static bool agrees(const json_t *wanted, const char *key, const char *value)
{
    const char *name = json_string_value(json_object_get(wanted, key));
    return !name || (value && string_equal(name, value));
}

static bool names(const json_t *wanted, const char *key, const json_t *question)
{
    const char *name = json_string_value(json_object_get(wanted, key));
    return name && string_equal(name, text_at(question, "name"));
}

/* The target whose key that is. */
static const char *target_of(const struct scenario_lab *lab, const char *key)
{
    const char *name;
    json_t *target;
    json_object_foreach(lab->targets, name, target)
        if (string_equal(lab_key(lab, name), key))
            return name;
    return key;
}

static bool is_moment(const struct scenario_lab *lab, const json_t *at, const json_t *question)
{
    const char *step = text_at(question, "step");
    if (string_equal(step, "call")
        && json_object_get(at, "phase")) /* no program of its own tells of these phases */
        return string_equal(text_at(at, "phase"),
                            string_equal(text_at(question, "name"), "--lock")     ? "locking"
                            : string_equal(text_at(question, "name"), "--unlock") ? "releasing"
                                                                                  : "");
    if (string_equal(step, "call"))
        return names(at, "call", question)
               && agrees(at, "target", target_of(lab, text_at(question, "target")));
    return (string_equal(step, "stage") && names(at, "stage", question))
           || (string_equal(step, "phase") && names(at, "phase", question));
}

static void happen_within(struct scenario_lab *lab, const json_t *event)
{
    CLEANUP_JSON json_t *now = json_copy((json_t *)event); /* shallow: it is not changed */
    json_object_del(now, "at");
    lab->changed = true;
    if (lab->happen(lab, now) != 0)
        lab->broken = true;
}

/* Those that wait for this happen. */
static void spring(struct scenario_lab *lab, const json_t *question)
{
    size_t index = 0;
    while (index < json_array_size(lab->traps)) {
        json_t *trap = json_array_get(lab->traps, index);
        CLEANUP_JSON json_t *event = json_incref(json_object_get(trap, "event"));
        const json_t *at = json_object_get(event, "at"), *number = json_object_get(at, "number");
        bool meant = at && is_moment(lab, at, question);
        json_int_t seen = json_integer_value(json_object_get(trap, "seen")) + meant;
        json_object_set_new(trap, "seen", json_integer(seen));
        if (meant && seen >= (number ? json_integer_value(number) : 1)) {
            json_array_remove(lab->traps, index);
            happen_within(lab, event);
        } else {
            index++;
        }
    }
}

/* Clients that write before each call, until they have done so often enough. */
static void clients_write(struct scenario_lab *lab)
{
    for (size_t i = json_array_size(lab->traps); i-- > 0;) {
        json_t *trap = json_array_get(lab->traps, i);
        const json_t *event = json_object_get(trap, "event");
        json_int_t times = json_integer_value(json_object_get(trap, "times")) - 1;
        CLEANUP_FREE char *line = string_format("c%u", lab->client_writes + 1);
        if (!string_equal(text_at(event, "event"), "client") || json_object_get(event, "at") || !line
            || !lab_write(lab, text_at(event, "service"), json_string_value(json_object_get(event, "target")),
                          line))
            continue;
        lab->client_writes++;
        json_object_set_new(trap, "times", json_integer(times));
        if (times <= 0)
            json_array_remove(lab->traps, i);
    }
}

static int signal_number(const char *name)
{
    return string_equal(name, "SEGV")   ? SIGSEGV
           : string_equal(name, "TERM") ? SIGTERM
           : string_equal(name, "INT")  ? SIGINT
                                        : SIGKILL;
}

/* What such an event makes of this step, a new reference; NULL: nothing. */
static json_t *verdict_of(const struct scenario_lab *lab, const json_t *event, const json_t *question)
{
    const char *step = text_at(question, "step"), *word = text_at(event, "event");
    const char *how = text_at(event, "how");
    const char *fails = string_equal(how, "hangs")     ? "hang"
                        : string_equal(how, "lies")    ? "lie"
                        : string_equal(how, "empties") ? "empty"
                        : string_equal(how, "lingers") ? "linger"
                        : string_equal(how, "breaks")  ? "break"
                        : string_equal(how, "misses")  ? "lose"
                                                       : "fail";
    if (json_object_get(event, "at"))
        return NULL;
    if (string_equal(word, "generator") && string_equal(step, "generator")) {
        const char *prints = text_at(event, "prints");
        return json_pack("{ss}", "do",
                         string_equal(prints, "fails")   ? "fail"
                         : string_equal(prints, "hangs") ? "hang"
                                                         : prints);
    }
    if (string_equal(word, "end") && string_equal(step, "phase") && names(event, "phase", question)) {
        const json_t *signal = json_object_get(event, "signal");
        return signal ? json_pack("{ss si}", "do", "kill", "signal", signal_number(text_at(event, "signal")))
                      : json_pack("{ss sO*}", "do", "exit", "status", json_object_get(event, "status"));
    }
    if (string_equal(word, "full-disk") && string_equal(step, "call")
        && operation_needs_room(text_at(question, "name"))
        && agrees(event, "target", target_of(lab, text_at(question, "target"))))
        return json_pack("{ss}", "do", "fail");
    bool meant = string_equal(word, "fail")
                 && ((string_equal(step, "call") && names(event, "operation", question)
                      && agrees(event, "target", target_of(lab, text_at(question, "target"))))
                     || (string_equal(step, "stage") && names(event, "stage", question))
                     || (string_equal(step, "program") && names(event, "program", question)));
    return meant ? json_pack("{ss}", "do", fails) : NULL;
}

static json_t *judge(struct scenario_lab *lab, const json_t *question)
{
    size_t index;
    json_t *trap;
    json_array_foreach(lab->traps, index, trap) {
        json_t *verdict = verdict_of(lab, json_object_get(trap, "event"), question);
        json_int_t times = json_integer_value(json_object_get(trap, "times")) - 1;
        if (!verdict)
            continue;
        if (!json_object_get(trap, "times"))
            return verdict; /* until it is mended */
        json_object_set_new(trap, "times", json_integer(times));
        if (times <= 0)
            json_array_remove(lab->traps, index);
        return verdict;
    }
    return json_pack("{ss}", "do", "go");
}

static void serve(struct scenario_lab *lab, int fd)
{
    struct channel channel;
    channel_open(&channel, fd);
    CLEANUP_FREE char *line = channel_wait(&channel, 2000);
    CLEANUP_JSON json_t *question = line ? json_loads(line, 0, NULL) : NULL;
    if (question) {
        if (string_equal(text_at(question, "step"), "call"))
            clients_write(lab);
        spring(lab, question);
        CLEANUP_JSON json_t *verdict = judge(lab, question);
        channel_send(fd, verdict, NULL, 0);
    }
    channel_close(&channel);
}

void lab_hear(struct scenario_lab *lab, int milliseconds)
{
    struct pollfd event = { .fd = lab->ears, .events = POLLIN };
    if (lab->ears < 0) {
        operations->sleep(milliseconds);
        return;
    }
    if (poll(&event, 1, milliseconds) <= 0)
        return;
    int fd = accept4(lab->ears, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        serve(lab, fd);
}
