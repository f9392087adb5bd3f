/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/in-lab/lab.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/network.h"
#include "lab/base/tree.h"
#include "lib/base/arguments.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

static int run_words(const struct scenario_lab *lab, const char *word, va_list rest, char **output)
{
    CLEANUP_ARGUMENTS struct arguments arguments = { 0 };
    struct dydisnix_result result = { 0 };
    arguments_add(&arguments, lab->program);
    for (; word; word = va_arg(rest, const char *))
        arguments_add(&arguments, word);
    const struct dydisnix_program program = { .argv = arguments_vector(&arguments) };
    int status = program.argv ? run_program(&program, &result) : -1;
    if (status != 0)
        log_error(NULL, "dydisnix-lab %s %s failed", arguments.items[1],
                  arguments.count > 2 ? arguments.items[2] : "");
    if (status == 0 && output)
        *output = result.output;
    else
        free(result.output);
    return status;
}

int lab_run(const struct scenario_lab *lab, const char *word, ...)
{
    va_list rest;
    va_start(rest, word);
    int status = run_words(lab, word, rest, NULL);
    va_end(rest);
    return status;
}

char *lab_output(const struct scenario_lab *lab, const char *word, ...)
{
    char *output = NULL;
    va_list rest;
    va_start(rest, word);
    run_words(lab, word, rest, &output);
    va_end(rest);
    return output;
}

const char *lab_key(const struct scenario_lab *lab, const char *target)
{
    const char *key = json_string_value(json_object_get(json_object_get(lab->targets, target), "key"));
    return key ? key : target;
}

char *lab_disk_text(const struct scenario_lab *lab, const char *name, size_t offset, size_t *length)
{
    CLEANUP_FREE char *path = network_path("scenario/disk/%s", name);
    char *text = NULL;
    if (lab->small_disk)
        text = lab_output(lab, "exec", COORDINATOR, "cat", path, NULL);
    else if (path)
        text = file_text(path, LAB_TEXT_LIMIT);
    *length = text ? strlen(text) : 0;
    if (!text || offset == 0)
        return text;
    offset = offset < *length ? offset : *length;
    *length -= offset;
    memmove(text, text + offset, *length + 1);
    return text;
}
