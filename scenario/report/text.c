/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario/report/parts.h"

#include <string.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

/* The character at *text, which goes on behind it. */
static long next_character(const char **text)
{
    size_t length;
    long character = character_at(*text, strnlen(*text, 4), &length);
    *text += length;
    return character;
}

static bool is_shown(long character)
{
    return character == '\n'
           || (character >= 0 && !is_control_character(character) && (character & 0xfffe) != 0xfffe);
}

void put_text(FILE *page, const char *text)
{
    while (*text != '\0') {
        const char *from = text;
        long character = next_character(&text);
        if (character == '&')
            fputs("&amp;", page);
        else if (character == '<')
            fputs("&lt;", page);
        else if (character == '>')
            fputs("&gt;", page);
        else if (character == '"')
            fputs("&quot;", page);
        else if (character == '\'')
            fputs("&#39;", page);
        else if (is_shown(character))
            fwrite(from, 1, (size_t)(text - from), page);
        else
            fputs("\xef\xbf\xbd", page);
    }
}

/* A guess that is on the safe side. */
static double letter_width(long character, double letter)
{
    return character >= 0x1100 ? 1.8 * letter : letter;
}

static double text_width(const char *text, double letter)
{
    double width = 0;
    while (*text != '\0')
        width += letter_width(next_character(&text), letter);
    return width;
}

bool text_fits(const char *text, double width, double letter)
{
    return text_width(text, letter) <= width;
}

void put_fitting(FILE *page, const char *text, double width, double letter)
{
    char part[256];
    const char *end = text;
    double used = letter; /* of the ellipsis */
    if (text_fits(text, width, letter)) {
        put_text(page, text);
        return;
    }
    while (*end != '\0') {
        const char *next = end;
        used += letter_width(next_character(&next), letter);
        if (used > width || next - text >= (ptrdiff_t)sizeof part)
            break;
        end = next;
    }
    memcpy(part, text, (size_t)(end - text));
    part[end - text] = '\0';
    put_text(page, part);
    fputs("\xe2\x80\xa6", page);
}

void put_shortened(FILE *page, const char *text, double width, double letter)
{
    const char *end = text + strlen(text), *begin = text;
    double used = 0;
    if (text_fits(text, width, letter)) {
        put_text(page, text);
        return;
    }
    while (end > text) {
        const char *before = end - 1;
        while (before > text && ((unsigned char)*before & 0xc0) == 0x80)
            before--;
        const char *next = before;
        const double more = letter_width(next_character(&next), letter);
        if (used + more > (width - letter) / 3)
            break;
        used += more;
        end = before;
    }
    for (double first = letter; begin < end;) {
        const char *next = begin;
        first += letter_width(next_character(&next), letter);
        if (first > width - used)
            break;
        begin = next;
    }
    CLEANUP_FREE char *part = strndup(text, (size_t)(begin - text));
    put_text(page, part ? part : "");
    fputs("\xe2\x80\xa6", page);
    put_text(page, end);
}

void put_duration(FILE *page, int64_t milliseconds)
{
    const long long seconds = milliseconds / 1000, minutes = seconds / 60, hours = minutes / 60;
    if (milliseconds < 1000)
        fprintf(page, "%lld ms", (long long)milliseconds);
    else if (seconds < 60 && milliseconds % 1000 != 0)
        fprintf(page, "%.1f s", (double)milliseconds / 1000);
    else if (seconds < 60)
        fprintf(page, "%lld s", seconds);
    else if (minutes < 60)
        fprintf(page, "%lld min %lld s", minutes, seconds % 60);
    else if (hours < 48)
        fprintf(page, "%lld h %lld min", hours, minutes % 60);
    else
        fprintf(page, "%lld d %lld h", hours / 24, hours % 24);
}

void put_time(FILE *page, int64_t seconds)
{
    struct moment moment = moment_of(seconds);
    char *letter = strchr(moment.text, 'T');
    if (letter == NULL || seconds < 0) {
        fputs("at no known time", page);
        return;
    }
    *letter = ' ';
    moment.text[strcspn(moment.text, "Z")] = '\0';
    fputs(moment.text, page);
}

void put_clock(FILE *page, int64_t seconds)
{
    const struct moment moment = moment_of(seconds);
    const char *letter = strchr(moment.text, 'T');
    fprintf(page, "%.8s", letter && seconds >= 0 ? letter + 1 : "--:--:--");
}

const char *report_text(struct report *report, const char *text)
{
    const char *interned = strings_intern(report->strings, text);
    report->failed = report->failed || (text && !interned);
    return interned;
}
