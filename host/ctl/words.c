/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ctl/words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/characters.h"
#include "lib/base/cleanup.h"
#include "lib/base/strings.h"

int complain(const char *about, const char *reason)
{
    fprintf(stderr, "dydisnix-self-adaptctl: %s%s%s\n", about, *about ? ": " : "", reason);
    return -1;
}

size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

void print_padded(const char *text, size_t width)
{
    size_t columns = columns_of(text);
    CLEANUP_FREE char *shown = strdup(text);
    if (shown) {
        text_one_line(shown);
        fputs(shown, stdout);
    }
    for (; columns < width; columns++)
        putchar(' ');
}

char *words_of_time(int64_t seconds)
{
    const long long time = seconds < 0 ? 0 : (long long)seconds;
    if (time < 120)
        return string_format("%lld s", time);
    if (time < 7200)
        return string_format("%lld min", time / 60);
    return time < 172800 ? string_format("%lld h", time / 3600) : string_format("%lld days", time / 86400);
}

static char *words_of_local(int64_t moment)
{
    const time_t time = (time_t)moment;
    char text[64];
    struct tm parts;
    if (!localtime_r(&time, &parts) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return NULL;
    return strdup(text);
}

char *words_of_moment(int64_t moment, int64_t now)
{
    CLEANUP_FREE char *local = words_of_local(moment);
    CLEANUP_FREE char *apart = words_of_time(moment > now ? moment - now : now - moment);
    if (!local || !apart)
        return NULL;
    return string_format(moment > now ? "%s, in %s" : "%s, %s ago", local, apart);
}

int64_t moment_read(const char *text)
{
    struct tm parts = { 0 };
    return strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts) ? timegm(&parts) : 0;
}

char *words_of_utc(const char *text)
{
    const int64_t moment = moment_read(text);
    return moment > 0 ? words_of_local(moment) : string_format("%s", text);
}

const char *words_of_life(const json_t *copy)
{
    const json_t *live = json_object_get(copy, "live");
    return json_is_true(live) ? "lives" : json_is_null(live) ? "may live" : "does not live";
}
