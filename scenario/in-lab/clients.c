/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/in-lab/lab.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/network.h"
#include "lab/base/questions.h"
#include "lab/base/tree.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

struct active_search {
    const char *directory, *service;
    bool found;
};

static int note_active(void *closure, const char *component)
{
    struct active_search *search = closure;
    size_t length = strlen(search->service);
    search->found =
        search->found || (strncmp(component, search->service, length) == 0 && component[length] == '-');
    return 0;
}

static int look_for_active(void *closure, const char *container)
{
    struct active_search *search = closure;
    CLEANUP_FREE char *path = string_format("%s/%s", search->directory, container);
    if (path)
        directory_each(path, note_active, search);
    return 0;
}

/* Whether the service is active there: what was so and goes on is no place that clients are sent to. */
static bool is_active(const char *key, const char *service)
{
    CLEANUP_FREE char *directory = machine_path(key, "var/lib/lab/active");
    struct active_search search = { .directory = directory, .service = service };
    if (directory)
        directory_each(directory, look_for_active, &search);
    return search.found;
}

/* It is in the state of the service once it is acknowledged. */
static bool write_to(const char *key, const char *service, const char *line, bool anyhow)
{
    CLEANUP_FREE char *question = string_format("write %s", line);
    CLEANUP_JSON json_t *answer = question && (anyhow || is_active(key, service)) && !machine_is(key, "hung")
                                      ? question_ask(key, service, question)
                                      : NULL;
    return json_is_true(json_object_get(answer, "ok"));
}

bool lab_write(struct scenario_lab *lab, const char *service, const char *target, const char *line)
{
    CLEANUP_FREE const char **names = calloc(json_object_size(lab->targets) + 1, sizeof *names);
    const char *name;
    size_t count = 0;
    json_t *value;
    json_object_foreach(lab->targets, name, value)
        if (names && (!target || strcmp(target, name) == 0))
            names[count++] = name;
    if (names)
        qsort(names, count, sizeof *names, string_compare);
    for (size_t i = 0; i < count; i++)
        if (write_to(lab_key(lab, names[i]), service, line, target != NULL))
            return json_array_append_new(lab->acknowledged,
                                         json_pack("{ss ss}", "service", service, "text", line))
                   == 0;
    return false;
}
