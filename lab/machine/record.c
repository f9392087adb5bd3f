/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/machine/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define RECORD_LIMIT (1u << 20)

static char *component_path(const char *directory, const char *container, const char *component)
{
    const char *machine = getenv("DYDISNIX_LAB_MACHINE");
    CLEANUP_FREE char *name = string_format("%s/%s/%s", directory, container, component);
    return machine && name ? machine_path(machine, name) : NULL;
}

char *component_state(const char *container, const char *component)
{
    return component_path("var/lib/lab/state", container, component);
}

char *component_socket(const char *container, const char *component)
{
    return component_path("run/services", container, component);
}

#define ACTIVE "var/lib/lab/active"
#define GARBAGE "var/lib/lab/garbage"

/* malloc()ed; NULL: it cannot be read, errno says why. *path: of the file. */
static char *read_record_file(const char *directory, const char *container, const char *component,
                              char **path)
{
    *path = component_path(directory, container, component);
    return *path ? file_text(*path, RECORD_LIMIT) : NULL;
}

int record_read(const char *container, const char *component, struct record *record)
{
    CLEANUP_FREE char *path = NULL, *text = read_record_file(ACTIVE, container, component, &path);
    const char *nature = NULL;

    *record = (struct record){ .garbage = !text };
    if (!text && errno == ENOENT) {
        free(path);
        text = read_record_file(GARBAGE, container, component, &path);
    }
    if (!text) {
        if (errno != ENOENT)
            log_error(NULL, "%s: %s", path, strerror(errno));
        return -1;
    }
    record->document = json_loads(text, 0, NULL);
    if (json_unpack(record->document, "{s:s, s:s, s:o, s?s}", "type", &record->type, "package",
                    &record->package, "arguments", &record->arguments, "nature", &nature)
        != 0) {
        log_error(NULL, "%s: not a record of what is active", path);
        record_clear(record);
        return -1;
    }
    record->nature = nature_of_word(nature);
    return 0;
}

void record_clear(struct record *record)
{
    json_decref(record->document);
    *record = (struct record){ 0 };
}

static int make_directory_of(const char *path)
{
    CLEANUP_FREE char *directory = strndup(path, (size_t)(strrchr(path, '/') - path));
    return directory ? operations->make_directory(directory, 0755) : -1;
}

static int record_failed(const char *component, const char *what)
{
    log_error(NULL, "%s: cannot be recorded as %s: %s", component, what, strerror(errno));
    return -1;
}

static int remove_record(const char *directory, const char *container, const char *component)
{
    CLEANUP_FREE char *path = component_path(directory, container, component);
    return path ? operations->remove(path) : -1;
}

int record_write(const char *container, const char *component, const struct record *record,
                 const char *const *arguments)
{
    CLEANUP_FREE char *path = component_path(ACTIVE, container, component);
    CLEANUP_JSON json_t *list = json_array();

    for (size_t i = 0; arguments && arguments[i]; i++)
        json_array_append_new(list, json_string(arguments[i]));
    CLEANUP_JSON json_t *document =
        json_pack("{s:s, s:s, s:s, s:O}", "type", record->type, "package", record->package, "nature",
                  nature_words[record->nature], "arguments", list);
    CLEANUP_FREE char *text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
    if (!text || !path || make_directory_of(path) != 0
        || operations->write(path, text, strlen(text), 0644) != 0)
        return record_failed(component, "active");
    return remove_record(GARBAGE, container, component);
}

int record_retire(const char *container, const char *component)
{
    CLEANUP_FREE char *from = component_path(ACTIVE, container, component);
    CLEANUP_FREE char *to = component_path(GARBAGE, container, component);
    return from && to && make_directory_of(to) == 0 && rename(from, to) == 0
               ? 0
               : record_failed(component, "garbage");
}

int record_remove(const char *container, const char *component)
{
    if (remove_record(ACTIVE, container, component) == 0 && remove_record(GARBAGE, container, component) == 0)
        return 0;
    log_error(NULL, "%s: %s", component, strerror(errno));
    return -1;
}

bool record_has_program(const struct record *record)
{
    CLEANUP_FREE char *program = string_format("%s/bin/run", record->package);
    return program && access(program, X_OK) == 0;
}

static int set_argument(const char *argument)
{
    const char *equals = strchr(argument, '=');
    CLEANUP_FREE char *key = NULL;

    if (equals && equals > argument)
        key = strndup(argument, (size_t)(equals - argument));
    return key ? setenv(key, equals + 1, 1) : 0;
}

int record_environment(const struct record *record, const char *container, const char *component)
{
    size_t index;
    json_t *argument;

    json_array_foreach(record->arguments, index, argument) {
        if (json_is_string(argument) && set_argument(json_string_value(argument)) != 0)
            return -1;
    }
    return setenv("COMPONENT", component, 1) || setenv("CONTAINER", container, 1)
                   || environment_set_path("STATE", component_state(container, component))
                   || environment_set_path("SOCKET", component_socket(container, component))
               ? -1
               : 0;
}

struct walk {
    int (*each)(void *closure, const char *container, const char *component);
    void *closure;
    const char *directory, *container;
};

/* A crash may leave both: then it is active. */
static int walk_component(void *closure, const char *component)
{
    const struct walk *walk = closure;
    CLEANUP_FREE char *active = component_path(ACTIVE, walk->container, component);
    if (strcmp(walk->directory, ACTIVE) != 0 && active && access(active, F_OK) == 0)
        return 0;
    return walk->each(walk->closure, walk->container, component);
}

static int walk_recorded_container(void *closure, const char *container)
{
    struct walk *walk = closure;
    CLEANUP_FREE char *path = component_path(walk->directory, container, "");

    walk->container = container;
    return path ? directory_each(path, walk_component, walk) : -1;
}

static int walk_records(const char *directory, struct walk *walk)
{
    const char *machine = getenv("DYDISNIX_LAB_MACHINE");
    CLEANUP_FREE char *path = machine ? machine_path(machine, directory) : NULL;
    walk->directory = directory;
    return path ? directory_each(path, walk_recorded_container, walk) : -1;
}

int records_each(int (*each)(void *closure, const char *container, const char *component), void *closure)
{
    struct walk walk = { each, closure, NULL, NULL };
    int active = walk_records(ACTIVE, &walk), garbage = walk_records(GARBAGE, &walk);
    return active != 0 ? active : garbage;
}
