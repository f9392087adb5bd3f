/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/survive/page.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json-members.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/report/report.h"
#include "scenario/report/text.h"
#include "scenario/survive/table.h"

static const char style_text[] =
#include "scenario/survive/style.css.inc"
    ;

/* The browser takes this style, that of reports, and no other. A test knows what it has to be. */
static const char style_hash[] = "pf6ImlVaNyLArQ13WASzJhZrTdVY03XwQj2VnYdyvzQ=";

enum { WIDE = 24 }; /* more losses than fit beside each other on paper in the size of the text */

/* What stands in a cell, so that it differs without colour too. */
static const struct {
    const char *word, *sign, *text;
} signs[] = {
    { "stays", "·", "stays as it is" },
    { "moves", "→", "moves" },
    { "interrupted", "‖", "is stopped and started again" },
    { "fewer", "▽", "has fewer copies" },
    { "well", "✓", "all services run, with their newest state" },
    { "behind", "◷", "an older state lives; the newest is on a disk or in a snapshot" },
    { "disputed", "?", "an operator has to choose among copies of the state" },
    { "loses", "∅", "the newest state is lost: no snapshot has it" },
    { "dies", "✕", "nobody runs it" },
    { "wrong", "!", "something that must always hold does not" },
};

static const char *sign_of(const char *word)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strcmp(signs[i].word, word) == 0)
            return signs[i].sign;
    return "";
}

static void put_legend(FILE *page)
{
    fputs("<ul class=\"legend\">", page);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        fprintf(page, "<li><span class=\"key %s\">%s</span> %s</li>", signs[i].word, signs[i].sign,
                signs[i].text);
    fputs("</ul>\n", page);
}

static void put_cell(FILE *page, const char *word, size_t loss)
{
    if (strcmp(word, "stays") == 0)
        fprintf(page, "<td class=\"stays\">%s</td>", sign_of(word));
    else
        fprintf(page, "<td class=\"%s\"><a href=\"#loss-%zu\">%s</a></td>", word, loss, sign_of(word));
}

/* How a service goes with a loss: its state tells more than that it moves. */
static const char *word_of(const json_t *loss, const char *service)
{
    static const char *const states[][2] = { { "lost", "loses" },
                                             { "disputed", "disputed" },
                                             { "away", "behind" } };
    const char *outcome = text_at(json_object_get(json_object_get(loss, "services"), service), "outcome");
    const char *state = text_at(json_object_get(loss, "state"), service);
    if (strcmp(outcome, "dies") == 0)
        return "dies";
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(state, states[i][0]) == 0)
            return states[i][1];
    return *outcome ? outcome : "stays";
}

static void put_head(FILE *page, const json_t *losses)
{
    size_t index;
    json_t *loss;
    fputs("<thead><tr><th scope=\"col\">without</th>", page);
    json_array_foreach((json_t *)losses, index, loss) {
        fputs("<th scope=\"col\"><span>", page);
        put_text(page, text_at(loss, "name"));
        fputs("</span></th>", page);
    }
    fputs("</tr></thead>\n", page);
}

static const char *words_of_return(const char *word)
{
    return strcmp(word, "kept") == 0   ? "back with its disk"
           : strcmp(word, "lost") == 0 ? "back with an empty disk"
                                       : "back with an older disk";
}

static void put_service(FILE *page, const json_t *losses, const char *service)
{
    size_t index;
    json_t *loss;
    fputs("<tr><th scope=\"row\">", page);
    put_text(page, service);
    fputs("</th>", page);
    json_array_foreach((json_t *)losses, index, loss)
        put_cell(page, word_of(loss, service), index);
    fputs("</tr>\n", page);
}

/* word NULL: the loss itself. */
static void put_whole(FILE *page, const json_t *losses, const char *word)
{
    size_t index;
    json_t *loss;
    fprintf(page, "<tr><th scope=\"row\">%s</th>", word ? words_of_return(word) : "all in all");
    json_array_foreach((json_t *)losses, index, loss)
        put_cell(page, survive_word(word ? json_object_get(json_object_get(loss, "returns"), word) : loss),
                 index);
    fputs("</tr>\n", page);
}

static void put_glance(FILE *page, const json_t *document)
{
    const json_t *losses = json_object_get(document, "losses");
    size_t index;
    json_t *value;
    /* Paper is not as wide as a screen that scrolls. */
    fprintf(page, "<figure class=\"glance%s\" tabindex=\"0\" aria-label=\"Services and losses\"><table>\n",
            json_array_size(losses) > WIDE ? " wide" : "");
    put_head(page, losses);
    fputs("<tbody>\n", page);
    json_array_foreach(json_object_get(document, "services"), index, value)
        put_service(page, losses, json_string_value(value));
    fputs("</tbody>\n<tbody>\n", page);
    put_whole(page, losses, NULL);
    json_array_foreach(json_object_get(document, "returns"), index, value)
        put_whole(page, losses, json_string_value(value));
    fputs("</tbody>\n</table></figure>\n", page);
}

static int put_line(void *closure, char *line)
{
    fputs("<li>", closure);
    put_text(closure, line);
    fputs("</li>\n", closure);
    return 0;
}

/* What is not as it was, and the story. */
static void put_part(FILE *page, const json_t *part)
{
    CLEANUP_FREE char *lines = NULL;
    size_t length;
    FILE *stream = open_memstream(&lines, &length);
    const long long cycles = json_integer_value(json_object_get(part, "cycles")),
                    failed = json_integer_value(json_object_get(part, "failed"));
    if (stream)
        survive_tell(stream, "", part);
    if (stream && fclose(stream) == 0 && length > 0) {
        fputs("<ul>\n", page);
        string_lines(lines, put_line, page);
        fputs("</ul>\n", page);
    } else
        fputs("<p>All is as it was.</p>\n", page);
    fprintf(page, "<details><summary>%lld cycle%s", cycles, cycles == 1 ? "" : "s");
    if (failed > 0)
        fprintf(page, ", %lld of which failed", failed);
    fprintf(page, ", %lld s: the story</summary>\n<pre>",
            (long long)json_integer_value(json_object_get(part, "seconds")));
    put_text(page, text_at(part, "story"));
    fputs("</pre></details>\n", page);
}

static bool survives(const json_t *loss)
{
    bool all = json_is_true(json_object_get(loss, "survives"));
    const char *word;
    json_t *back;
    json_object_foreach(json_object_get(loss, "returns"), word, back)
        all = all && json_is_true(json_object_get(back, "survives"));
    return all;
}

static void put_loss(FILE *page, const json_t *document, const json_t *loss, size_t number)
{
    size_t index;
    json_t *value;
    fprintf(page, "<section class=\"loss%s\" id=\"loss-%zu\">\n<h3>Without ", survives(loss) ? "" : " not",
            number);
    put_text(page, text_at(loss, "name"));
    fputs("</h3>\n", page);
    put_part(page, loss);
    json_array_foreach(json_object_get(document, "returns"), index, value) {
        const char *word = json_string_value(value);
        fprintf(page, "<h4>%s</h4>\n", words_of_return(word));
        put_part(page, json_object_get(json_object_get(loss, "returns"), word));
    }
    fputs("</section>\n", page);
}

static void put_figure(FILE *page, const char *name, size_t number, bool bad)
{
    fprintf(page, "<div%s><dt>%s</dt><dd>%zu</dd></div>", bad && number > 0 ? " class=\"bad\"" : "", name,
            number);
}

static void put_figures(FILE *page, const json_t *document)
{
    CLEANUP_JSON json_t *die = json_object(), *stake = json_object();
    size_t index, without = 0;
    json_t *loss, *value;
    const char *name;
    json_array_foreach(json_object_get(document, "losses"), index, loss) {
        without += !survives(loss);
        json_object_foreach(json_object_get(loss, "services"), name, value)
            if (strcmp(text_at(value, "outcome"), "dies") == 0)
                json_object_set_new(die, name, json_true());
        json_object_update(stake, json_object_get(loss, "state"));
    }
    fputs("<dl class=\"figures\">", page);
    put_figure(page, "losses tried", json_array_size(json_object_get(document, "losses")), false);
    put_figure(page, "not survived", without, true);
    put_figure(page, "services", json_array_size(json_object_get(document, "services")), false);
    put_figure(page, "that die with a loss", json_object_size(die), true);
    put_figure(page, "whose newest state is at stake", json_object_size(stake), false);
    fputs("</dl>\n", page);
}

static void put_page(FILE *page, const json_t *document)
{
    size_t index;
    json_t *loss;
    fprintf(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s' "
        "'sha256-%s'; base-uri 'none'; form-action 'none'\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>What survives: ",
        report_style_hash, style_hash);
    put_text(page, text_at(document, "system"));
    fprintf(page,
            "</title>\n<style>%s</style>\n<style>%s</style>\n</head>\n<body>\n<header>\n<h1>What survives: ",
            report_style, style_text);
    put_text(page, text_at(document, "system"));
    fprintf(page, "</h1>\n<p class=\"period\">%s</p>\n",
            json_is_true(json_object_get(document, "survives"))
                ? "Every service survives each of these losses."
                : "Not every service survives each of these losses.");
    if (json_object_get(document, "assumed")) {
        fputs("<p class=\"note\">", page);
        put_text(page, text_at(document, "assumed"));
        fputs("</p>\n", page);
    }
    put_figures(page, document);
    fputs("</header>\n<main>\n<h2>Services and losses</h2>\n", page);
    put_legend(page);
    fputs(
        "<p class=\"note\">Each service with state had a line that a snapshot has, and one that none has. Each cell "
        "leads to its story.</p>\n",
        page);
    put_glance(page, document);
    fputs("<h2>What happens</h2>\n", page);
    json_array_foreach(json_object_get(document, "losses"), index, loss)
        put_loss(page, document, loss, index);
    fputs("</main>\n</body>\n</html>\n", page);
}

int survive_write_page(const json_t *document, const char *file)
{
    CLEANUP_FREE char *text = NULL;
    size_t length = 0;
    FILE *page = open_memstream(&text, &length);
    if (page)
        put_page(page, document);
    const bool failed = !page || ferror(page);
    if ((page && fclose(page) != 0) || failed) {
        log_error(NULL, "%s: out of memory", file);
        return -1;
    }
    return report_write_page(file, text, length);
}
