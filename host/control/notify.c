/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

/* A path, or "@NAME" in the abstract namespace. */
static int set_address(struct notify *notify, const char *name)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof notify->address.sun_path) {
        errno = EINVAL;
        return -1;
    }
    notify->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(notify->address.sun_path, name, length);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return 0;
}

/* Half of what is waited for, as sd_watchdog_enabled(3) advises. */
static int64_t watchdog_interval(void)
{
    const char *process = getenv("WATCHDOG_PID"), *limit = getenv("WATCHDOG_USEC");
    if (!limit || (process && strtol(process, NULL, 10) != (long)getpid()))
        return 0;
    int64_t milliseconds = strtoll(limit, NULL, 10) / 1000 / 2;
    return milliseconds > 0 ? milliseconds : 0;
}

void notify_open(struct notify *notify, int64_t now)
{
    const char *name = getenv("NOTIFY_SOCKET");
    *notify = (struct notify){ .fd = -1 };
    if (name && *name) {
        if (set_address(notify, name) == 0)
            notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (notify->fd < 0)
            log_warning(NULL, "NOTIFY_SOCKET=%s: %s", name, strerror(errno));
        else
            notify->interval = watchdog_interval();
        notify->due = now;
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_tell(const struct notify *notify, const char *format, ...)
{
    CLEANUP_FREE char *text = NULL;
    va_list arguments;
    if (notify->fd < 0)
        return;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        text = NULL;
    else
        (void)sendto(notify->fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL,
                     (const struct sockaddr *)&notify->address, notify->length);
}

void notify_alive(struct notify *notify, int64_t now)
{
    if (notify->interval == 0 || now < notify->due)
        return;
    notify_tell(notify, "WATCHDOG=1");
    notify->due = now + notify->interval;
}

int64_t notify_due(const struct notify *notify)
{
    return notify->interval > 0 ? notify->due : -1;
}
