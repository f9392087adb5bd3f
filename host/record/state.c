/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/record/dispute.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/base/switch.h"
#include "lib/world/operations.h"

static const size_t state_limit = (size_t)1 << 30;

static int tell_holder(const char *file, int lock, const char *directory)
{
    char text[32] = "";
    ssize_t length = errno == EWOULDBLOCK ? pread(lock, text, sizeof text - 1, 0) : 0;
    if (length > 0)
        log_error(NULL, "process %ld runs this profile already, or has left a cycle behind that does: %s",
                  strtol(text, NULL, 10), directory);
    else
        log_error(NULL, "%s: %s", file, strerror(errno));
    return -1;
}

static int remove_half_written(void *closure, const char *name)
{
    CLEANUP_FREE char *file = string_format("%s/%s", (const char *)closure, name);
    if (file && strncmp(name, ".new-", strlen(".new-")) == 0)
        operations->remove(file);
    return 0;
}

/* flock() and not fcntl(): a cycle inherits it. One whose host was killed may still be deploying, and the
 * next host must not begin another deployment beside it. Programs do not get it: it is closed when they
 * start. */
int state_lock(const char *directory, int *lock)
{
    CLEANUP_FREE char *file = string_format("%s/lock", directory);
    CLEANUP_FD int fd = -1;
    if (!file || operations->make_directory(directory, 0700) != 0) {
        log_error(NULL, "%s: %s", directory, strerror(errno));
        return -1;
    }
    fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return tell_holder(file, fd, directory);
    if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
        log_error(NULL, "%s: %s", file, strerror(errno));
        return -1;
    }
    operations->list(directory, remove_half_written, (void *)directory);
    *lock = fd;
    fd = -1;
    return 0;
}

long state_holder(const char *directory)
{
    CLEANUP_FREE char *file = string_format("%s/lock", directory);
    CLEANUP_FD int fd = file ? open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    char text[32] = "";
    if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK
        || pread(fd, text, sizeof text - 1, 0) <= 0)
        return 0;
    return strtol(text, NULL, 10);
}

bool state_transcript_is_open(const char *file)
{
    CLEANUP_FD int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void state_transcript_empty(const char *file)
{
    CLEANUP_FD int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0
        && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, status.st_size) != 0)
        (void)!ftruncate(fd, 0);
}

static json_t *fresh_state(void)
{
    return json_pack("{si si s{} s{}}", "version", 1, "cycle", 0, "targets", "snapshots");
}

/* The object under key, made if it is not there. */
/* What every reader of the state may rely on. */
static const struct {
    const char *name;
    json_type type;
} members[] = {
    { "cycle", JSON_INTEGER },     { "targets", JSON_OBJECT },    { "effective", JSON_ARRAY },
    { "paused", JSON_OBJECT },     { "resumed", JSON_ARRAY },     { "settling", JSON_INTEGER },
    { "snapshots", JSON_OBJECT },  { "silent", JSON_ARRAY },      { "deployed", JSON_STRING },
    { "deployment", JSON_OBJECT }, { "survivors", JSON_OBJECT },  { "leftovers", JSON_ARRAY },
    { "unreadable", JSON_STRING }, { "pinned", JSON_OBJECT },     { "again", JSON_OBJECT },
    { "restores", JSON_ARRAY },    { "uncaptured", JSON_OBJECT }, { "clock", JSON_OBJECT },
    { "newest", JSON_OBJECT },     { "missing", JSON_ARRAY },     { "failures", JSON_ARRAY },
    { "before", JSON_STRING },     { "tried", JSON_INTEGER },     { "services", JSON_OBJECT },
    { "foreign", JSON_OBJECT },    { "unsaved", JSON_OBJECT },    { "older", JSON_OBJECT },
};

/* The first member that is not what it should be; NULL: none. */
static const char *wrong_member(const json_t *root)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *member = json_object_get(root, members[i].name);
        if (member && json_typeof(member) != members[i].type)
            return members[i].name;
    }
    return survivors_wrong(root);
}

/* What is damaged stays where it is, for nothing tells what it held; a copy shows it to whoever mends it. */
static void tell_damage(const char *file, const char *text, size_t length, const char *damage)
{
    CLEANUP_FREE char *copy = string_format("%s.damaged", file);
    bool kept = copy && operations->write(copy, text, length, 0600) == 0;
    log_error(NULL, "%s is damaged: %s; put it right, or remove it to forget all that it holds%s%s", file,
              damage, kept ? "; a copy is in " : "", kept ? copy : "");
}

static json_t *parse_state(const char *file, const char *text, size_t length)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    const json_t *version = json_object_get(root, "version");
    const char *wrong = wrong_member(root);
    if (json_is_integer(version) && json_integer_value(version) > 1)
        log_error(NULL,
                  "%s is of version %" JSON_INTEGER_FORMAT ", from a newer release; this one knows version 1",
                  file, json_integer_value(version));
    else if (json_integer_value(version) != 1 || wrong) {
        CLEANUP_FREE char *damage = !root   ? string_format("line %d: %s", error.line, error.text)
                                    : wrong ? string_format("its member %s is none", wrong)
                                            : strdup("it has no version");
        tell_damage(file, text, length, damage ? damage : "out of memory");
    } else {
        return root;
    }
    json_decref(root);
    return NULL;
}

int state_load(const char *directory, struct state *state)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    *state = (struct state){ .file = string_format("%s/state.json", directory) };
    if (!state->file)
        return -1;
    if (operations->read(state->file, state_limit, &text, &length) == 0)
        state->root = parse_state(state->file, text, length);
    else if (errno != ENOENT)
        log_error(NULL, "%s: %s", state->file, strerror(errno));
    else if (operations->inspect(state->file, NULL) == DYDISNIX_LINK)
        log_error(NULL, "%s: a link that leads nowhere", state->file);
    else
        state->root = fresh_state();
    if (!state->root && !SWITCH(KEPT_STATE))
        state->root = fresh_state();
    return state->root ? 0 : -1;
}

int state_save(const struct state *state)
{
    CLEANUP_FREE char *text = json_dumps(state->root, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (text && operations->write(state->file, text, strlen(text), 0600) == 0)
        return 0;
    log_error(NULL, "%s: %s", state->file, strerror(errno));
    return -1;
}

void state_clear(struct state *state)
{
    free(state->file);
    json_decref(state->root);
    *state = (struct state){ 0 };
}

void state_probed(struct state *state, const json_t *record)
{
    json_t *targets = json_object_at(state->root, "targets"), *asked;
    const json_t *silent = json_object_get(record, "silent");
    size_t index;
    json_array_foreach(json_object_get(record, "asked"), index, asked) {
        json_t *target = json_object_get(targets, json_string_value(asked));
        const json_t *last = json_object_get(silent, json_string_value(asked));
        if (!last)
            last = json_object_get(record, "at");
        if (json_is_integer(json_object_get(target, "seen"))
            && json_integer_value(last) > json_integer_value(json_object_get(target, "seen")))
            json_object_set_new(target, "seen", json_integer(json_integer_value(last)));
    }
}

void state_see(struct state *state, const struct infrastructure *infrastructure, const json_t *silent,
               int64_t now)
{
    json_t *targets = json_object_at(state->root, "targets"), *target;
    const char *name;
    json_object_foreach(targets, name, target) {
        json_t *seen = json_object_get(target, "seen");
        bool here = infrastructure_find(infrastructure, name) && !json_object_get(silent, name);
        if (!here && seen && !json_object_get(target, "away"))
            json_object_update_new(target, json_pack("{sO sI}", "away", seen, "missed", (json_int_t)now));
    }
    for (size_t i = 0; i < infrastructure->count; i++) {
        target = json_object_at(targets, infrastructure->targets[i].name);
        json_object_set_new(target, "key", json_string(target_connection_key(&infrastructure->targets[i])));
        if (!json_object_get(silent, infrastructure->targets[i].name))
            json_object_set_new(target, "seen", json_integer(now));
    }
}

/* Of a target that was away only snapshots from before its absence count: they tell how much of what it held
 * then can have reached its homes. */
static void note_snapshot(struct state *state, const char *target, const char *container,
                          const char *component, int64_t now)
{
    if (json_object_get(json_object_get(json_object_get(state->root, "targets"), target), "away"))
        return;
    json_t *containers = json_object_at(json_object_at(state->root, "snapshots"), target);
    json_object_set_new(json_object_at(containers, container), component, json_integer(now));
}

void state_snapshotted(struct state *state, const struct manifest *manifest, int64_t now)
{
    for (size_t i = 0; i < manifest->snapshot_mapping_count; i++)
        note_snapshot(state, manifest->snapshot_mappings[i].target, manifest->snapshot_mappings[i].container,
                      manifest->snapshot_mappings[i].component, now);
}

void state_rescued(struct state *state, const json_t *report, int64_t now)
{
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(report, "rescued"), index, entry) {
        const char *target = NULL, *container = NULL, *component = NULL;
        if (json_unpack(entry, "{ss ss ss}", "target", &target, "container", &container, "component",
                        &component)
            == 0)
            note_snapshot(state, target, container, component, now);
    }
}

void state_heard(struct state *state, const json_t *report)
{
    json_t *silent = json_array(), *target;
    const char *name;
    json_object_foreach(json_object_get(report, "targets"), name, target) {
        const char *status = json_string_value(json_object_get(target, "status"));
        if (status && (strcmp(status, "silent") == 0 || strcmp(status, "invalid") == 0))
            json_array_append_new(silent, json_string(name));
    }
    json_object_set_new(state->root, "silent", silent);
}

bool state_is_silent(const struct state *state, const char *target)
{
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(state->root, "silent"), index, name)
        if (json_is_string(name) && strcmp(json_string_value(name), target) == 0)
            return true;
    return false;
}

bool state_is_deploying(const struct state *state)
{
    return json_object_get(state->root, "deployment") != NULL;
}

void state_deploying(struct state *state, const char *previous, const char *new)
{
    if (new)
        json_object_set_new(state->root, "deployment",
                            json_pack("{ss* ss ss}", "previous", previous, "new", new, "phase", "started"));
    else
        json_object_del(state->root, "deployment");
}

void state_phase(struct state *state, const char *phase)
{
    json_object_set_new(json_object_at(state->root, "deployment"), "phase", json_string(phase));
}

void state_ended(struct state *state, const char *phase, int status)
{
    json_object_set_new(json_object_at(json_object_at(state->root, "deployment"), "ended"), phase,
                        json_integer(status));
}

json_t *state_locks(struct state *state)
{
    json_t *deployment = json_object_at(state->root, "deployment");
    if (!json_is_array(json_object_get(deployment, "locks")))
        json_object_set_new(deployment, "locks", json_array());
    return json_object_get(deployment, "locks");
}

void state_hung(struct state *state, const char *target, int64_t seconds)
{
    json_object_set_new(json_object_at(json_object_at(state->root, "deployment"), "hung"), target,
                        json_integer((json_int_t)seconds));
}

bool state_knows_deployment(const struct state *state)
{
    return state_is_deploying(state) || json_object_get(state->root, "deployed");
}

void state_deployed(struct state *state, const char *manifest, const struct infrastructure *infrastructure)
{
    json_t *targets = json_object_at(state->root, "targets");
    json_object_set_new(state->root, "deployed", json_string(manifest));
    json_object_del(state->root, "before");
    json_object_del(state->root, "foreign");
    for (size_t i = 0; i < infrastructure->count; i++) {
        json_t *target = json_object_at(targets, infrastructure->targets[i].name);
        json_object_del(target, "away");
        json_object_del(target, "missed");
    }
}

const char *state_target_word(const json_t *target)
{
    const char *status = text_at(target, "status");
    return json_object_get(target, "held") && strcmp(status, "flapping") != 0 ? "held" : status;
}
