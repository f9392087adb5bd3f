/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/nearest.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

enum { LONGEST = 63 }; /* of what is compared */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One row of the table of distances, from the two before it. */
static void fill_row(const char *word, const char *other, size_t at, const size_t *before_last,
                     const size_t *last, size_t *row)
{
    row[0] = at + 1;
    for (size_t i = 0; word[i]; i++) {
        row[i + 1] = least(least(row[i], last[i + 1]) + 1, last[i] + (word[i] != other[at]));
        if (i > 0 && at > 0 && word[i] == other[at - 1] && word[i - 1] == other[at])
            row[i + 1] = least(row[i + 1], before_last[i - 1] + 1);
    }
}

static size_t distance(const char *word, const char *other)
{
    size_t rows[3][LONGEST + 1], length = strlen(word);
    for (size_t i = 0; i <= length; i++)
        rows[0][i] = rows[2][i] = i;
    for (size_t at = 0; other[at]; at++)
        fill_row(word, other, at, rows[(at + 2) % 3], rows[at % 3], rows[(at + 1) % 3]);
    return rows[strlen(other) % 3][length];
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    size_t length = strlen(nearest->word);
    if (length > LONGEST || strlen(candidate) > LONGEST)
        return;
    size_t found = distance(nearest->word, candidate);
    if (found > 1 + length / 4 || found >= length || (nearest->found && found >= nearest->distance))
        return;
    nearest->found = candidate;
    nearest->distance = found;
}

void nearest_try_names(struct nearest *nearest, const json_t *names)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)names, name, value)
        nearest_try(nearest, name);
}

char *nearest_question(const struct nearest *nearest)
{
    return nearest->found ? string_format("; did you mean %s?", nearest->found) : strdup("");
}

/* A short form of an option that stands before it. */
static bool is_short(const struct option *options, const struct option *option)
{
    for (const struct option *before = options; before < option; before++)
        if (before->val == option->val && strncmp(before->name, option->name, strlen(option->name)) == 0)
            return true;
    return false;
}

/* What is short for several options has been told with all of them. */
static void tell_option(const char *program, const char *given, const struct option *options)
{
    CLEANUP_FREE char *word = strndup(given, strcspn(given, "="));
    struct nearest nearest = { .word = word };
    for (const struct option *option = options; word && option->name; option++) {
        if (strncmp(option->name, word, strlen(word)) == 0)
            return;
        if (!is_short(options, option))
            nearest_try(&nearest, option->name);
    }
    if (nearest.found)
        fprintf(stderr, "%s: did you mean --%s?\n", program, nearest.found);
}

int option_next(int argc, char *const *argv, const char *letters, const struct option *options, int *index)
{
    const int option = getopt_long(argc, argv, letters, options, index);
    const char *word = option == '?' && optopt == 0 && optind > 0 ? argv[optind - 1] : "";
    if (strncmp(word, "--", 2) == 0)
        tell_option(argv[0], word + 2, options);
    return option;
}
