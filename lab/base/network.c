/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/base/network.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/tree.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/model/paths.h"
#include "lib/world/operations.h"

const char *network_directory(void)
{
    const char *directory = getenv("DYDISNIX_LAB");
    if (!directory || *directory != '/') {
        log_error(NULL, "DYDISNIX_LAB does not name a network; this runs within dydisnix-lab --run");
        return NULL;
    }
    return directory;
}

char *network_path(const char *format, ...)
{
    const char *directory = network_directory();
    CLEANUP_FREE char *name = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&name, format, arguments) < 0)
        name = NULL;
    va_end(arguments);
    return directory && name ? string_format("%s/%s", directory, name) : NULL;
}

bool is_machine_name(const char *name)
{
    return is_profile_name(name) && strlen(name) <= 211;
}

char *machine_path(const char *machine, const char *name)
{
    if (!is_machine_name(machine)) {
        log_error(NULL, "%s: not a machine's name", machine);
        return NULL;
    }
    return *name ? network_path("machines/%s/%s", machine, name) : network_path("machines/%s", machine);
}

bool machine_exists(const char *machine)
{
    CLEANUP_FREE char *path = is_machine_name(machine) ? machine_path(machine, "") : NULL;
    return path && operations->inspect(path, NULL) == DYDISNIX_DIRECTORY;
}

const char *machine_here(void)
{
    const char *machine = getenv("DYDISNIX_LAB_MACHINE");
    return machine ? machine : "";
}

int environment_set_path(const char *variable, char *path)
{
    CLEANUP_FREE char *value = path;
    return value ? setenv(variable, value, 1) : -1;
}

bool machine_is(const char *machine, const char *mark)
{
    CLEANUP_FREE char *path = machine_path(machine, mark);
    return path && operations->inspect(path, NULL) != DYDISNIX_ABSENT;
}

int machine_mark(const char *machine, const char *mark, const char *text)
{
    CLEANUP_FREE char *path = machine_path(machine, mark);
    if (!path)
        return -1;
    if ((text ? operations->write(path, text, strlen(text), 0644) : operations->remove(path)) != 0) {
        log_error(machine, "%s: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

int network_machines(int (*each)(void *closure, const char *machine), void *closure)
{
    CLEANUP_FREE char *path = network_path("machines");
    return path ? directory_each(path, each, closure) : -1;
}
