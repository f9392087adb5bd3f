/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/survive/table.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/model/words.h"

static size_t count_outcome(const json_t *part, const char *outcome)
{
    size_t count = 0;
    const char *name;
    json_t *change;
    json_object_foreach(json_object_get(part, "services"), name, change)
        count += strcmp(text_at(change, "outcome"), outcome) == 0;
    return count;
}

static bool has_state(const json_t *part, const char *word)
{
    const char *name;
    json_t *state;
    json_object_foreach(json_object_get(part, "state"), name, state)
        if (strcmp(json_string_value(state), word) == 0)
            return true;
    return false;
}

const char *survive_word(const json_t *part)
{
    if (json_array_size(json_object_get(part, "broken")) > 0)
        return "wrong";
    return count_outcome(part, "dies") > 0 ? "dies"
           : has_state(part, "lost")       ? "loses"
           : has_state(part, "disputed")   ? "disputed"
           : has_state(part, "away")       ? "behind"
                                           : "well";
}

static void tell_service(FILE *stream, const char *before, const char *name, const json_t *change)
{
    CLEANUP_FREE char *from = text_list(json_object_get(change, "from")),
                      *to = text_list(json_object_get(change, "to"));
    const char *outcome = text_at(change, "outcome"), *why = text_at(change, "why");
    if (strcmp(outcome, "dies") == 0)
        fprintf(stream, "%s%s dies: %s\n", before, name, why);
    else if (strcmp(outcome, "moves") == 0)
        fprintf(stream, "%s%s moves from %s to %s\n", before, name, from, to);
    else if (strcmp(outcome, "fewer") == 0)
        fprintf(stream, "%s%s is only on %s, and was on %s\n", before, name, to, from);
    else if (*why)
        fprintf(stream, "%s%s is interrupted: it depends on %s\n", before, name, why);
    else
        fprintf(stream, "%s%s is interrupted\n", before, name);
}

static void tell_state(FILE *stream, const char *before, const char *service, const char *word)
{
    static const struct {
        const char *word, *text;
    } texts[] = {
        { "lost", "the newest state of %s is lost: no snapshot has it" },
        { "disputed", "the newest state of %s does not live: an operator has to choose among copies" },
        { "away", "the newest state of %s does not live, and is on a disk or in a snapshot" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(word, texts[i].word) == 0) {
            const char *place = strstr(texts[i].text, "%s");
            fprintf(stream, "%s%.*s%s%s\n", before, (int)(place - texts[i].text), texts[i].text, service,
                    place + 2);
        }
}

void survive_tell(FILE *stream, const char *before, const json_t *part)
{
    const char *name;
    json_t *value;
    size_t index;
    json_object_foreach(json_object_get(part, "services"), name, value)
        tell_service(stream, before, name, value);
    json_object_foreach(json_object_get(part, "state"), name, value)
        tell_state(stream, before, name, json_string_value(value));
    json_array_foreach(json_object_get(part, "broken"), index, value)
        fprintf(stream, "%s%s\n", before, json_string_value(value));
}

static int widest_name(const json_t *document)
{
    size_t width = strlen("LOST"), index;
    json_t *loss;
    json_array_foreach(json_object_get(document, "losses"), index, loss)
        if (strlen(text_at(loss, "name")) > width)
            width = strlen(text_at(loss, "name"));
    return (int)width;
}

static void print_row(const json_t *document, const json_t *loss, int width)
{
    size_t index;
    json_t *word;
    printf("%-*s  %-8s %5zu %5zu %6zu %8zu %7lld %8lld", width, text_at(loss, "name"), survive_word(loss),
           count_outcome(loss, "dies"), count_outcome(loss, "moves"), count_outcome(loss, "fewer"),
           count_outcome(loss, "interrupted"), (long long)json_integer_value(json_object_get(loss, "cycles")),
           (long long)json_integer_value(json_object_get(loss, "seconds")));
    json_array_foreach(json_object_get(document, "returns"), index, word)
        printf("  %-8s",
               survive_word(json_object_get(json_object_get(loss, "returns"), json_string_value(word))));
    putchar('\n');
}

/* Nothing is to be told of it. */
static bool is_as_it_was(const json_t *document, const json_t *loss)
{
    size_t index;
    json_t *word;
    json_array_foreach(json_object_get(document, "returns"), index, word)
        if (strcmp(survive_word(json_object_get(json_object_get(loss, "returns"), json_string_value(word))),
                   "well")
            != 0)
            return false;
    return json_object_size(json_object_get(loss, "services")) == 0
           && strcmp(survive_word(loss), "well") == 0;
}

static void print_details(const json_t *document, const json_t *loss)
{
    size_t index;
    json_t *word;
    if (is_as_it_was(document, loss))
        return;
    printf("\nWithout %s:\n", text_at(loss, "name"));
    survive_tell(stdout, "  ", loss);
    json_array_foreach(json_object_get(document, "returns"), index, word) {
        const json_t *back = json_object_get(json_object_get(loss, "returns"), json_string_value(word));
        if (strcmp(survive_word(back), "well") == 0)
            continue;
        printf("  When it comes back with its disk %s:\n", json_string_value(word));
        survive_tell(stdout, "    ", back);
    }
}

void survive_print_table(const json_t *document)
{
    const int width = widest_name(document);
    size_t index;
    json_t *value;
    printf("%-*s  %-8s %5s %5s %6s %8s %7s %8s", width, "LOST", "GOES", "DIE", "MOVE", "FEWER", "STOPPED",
           "CYCLES", "SECONDS");
    json_array_foreach(json_object_get(document, "returns"), index, value)
        printf("  %-8s", json_string_value(value));
    putchar('\n');
    json_array_foreach(json_object_get(document, "losses"), index, value)
        print_row(document, value, width);
    json_array_foreach(json_object_get(document, "losses"), index, value)
        print_details(document, value);
    if (json_object_get(document, "assumed"))
        printf("\n%s\n", text_at(document, "assumed"));
    puts(json_is_true(json_object_get(document, "survives")) ? "\nThe system survives."
                                                             : "\nThe system does not survive.");
}

static void print_point(size_t number, const char *what, const char *name, const json_t *part)
{
    survive_tell(stdout, "# ", part);
    printf("%sok %zu - %s%s: %s\n", json_is_true(json_object_get(part, "survives")) ? "" : "not ", number,
           what, name, survive_word(part));
}

void survive_print_tap(const json_t *document)
{
    const json_t *losses = json_object_get(document, "losses"),
                 *returns = json_object_get(document, "returns");
    size_t index, inner, number = 0;
    json_t *loss, *word;
    printf("1..%zu\n", json_array_size(losses) * (1 + json_array_size(returns)));
    if (json_object_get(document, "assumed"))
        printf("# %s\n", text_at(document, "assumed"));
    json_array_foreach((json_t *)losses, index, loss) {
        print_point(++number, "without ", text_at(loss, "name"), loss);
        json_array_foreach((json_t *)returns, inner, word) {
            const char *text = json_string_value(word);
            const char *what = strcmp(text, "kept") == 0   ? "with its disk comes back "
                               : strcmp(text, "lost") == 0 ? "with an empty disk comes back "
                                                           : "with an older disk comes back ";
            print_point(++number, what, text_at(loss, "name"),
                        json_object_get(json_object_get(loss, "returns"), text));
        }
    }
}
