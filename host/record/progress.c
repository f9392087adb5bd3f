/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"

enum { LINE_LIMIT = 64 * 1024, ROUNDS = 64 };

struct progress progress_to(int fd)
{
    struct stat status = { 0 };
    struct progress progress = { .fd = fd };
    if (fd < 0 || fstat(fd, &status) != 0)
        progress.fd = -1;
    progress.device = status.st_dev;
    progress.inode = status.st_ino;
    return progress;
}

static bool is_ours(const struct progress *progress)
{
    struct stat status;
    return fstat(progress->fd, &status) == 0 && status.st_dev == progress->device
           && status.st_ino == progress->inode;
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR)
            return -1;
        text += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

int progress_tell(const struct progress *progress, json_t *document)
{
    CLEANUP_JSON json_t *owned = document;
    CLEANUP_FREE char *text = json_dumps(owned, JSON_COMPACT);
    if (progress->fd < 0)
        return 0;
    if (!text || !is_ours(progress))
        return -1;
    size_t length = strlen(text);
    text[length] = '\n'; /* in place of the end of the string */
    return write_all(progress->fd, text, length + 1);
}

int progress_open(struct progress_reader *reader, int *fd)
{
    int ends[2];
    *reader = (struct progress_reader){ .fd = -1 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    reader->fd = ends[0];
    *fd = ends[1];
    return 0;
}

static void end_line(struct progress_reader *reader, void (*each)(void *, const json_t *), void *closure)
{
    CLEANUP_JSON json_t *document = reader->skips ? NULL : json_loadb(reader->line, reader->length, 0, NULL);
    if (json_is_object(document))
        each(closure, document);
    reader->length = 0;
    reader->skips = false;
}

static void add(struct progress_reader *reader, const char *text, size_t length)
{
    if (reader->skips || reader->length + length > LINE_LIMIT) {
        reader->skips = true;
        return;
    }
    char *grown = realloc(reader->line, reader->length + length + 1);
    if (!grown) {
        reader->skips = true;
        return;
    }
    memcpy(grown + reader->length, text, length);
    reader->line = grown;
    reader->length += length;
}

void progress_take(struct progress_reader *reader, void (*each)(void *closure, const json_t *document),
                   void *closure)
{
    char chunk[4096];
    ssize_t size;
    /* No more than that at once: a plugin that writes into the pipe for ever does not keep the loop busy. */
    for (int round = 0; round < ROUNDS && reader->fd >= 0; round++) {
        size = read(reader->fd, chunk, sizeof chunk);
        if (size <= 0 && !(size < 0 && (errno == EAGAIN || errno == EINTR)))
            progress_close(reader);
        if (size <= 0)
            return;
        for (char *at = chunk; at < chunk + size;) {
            char *newline = memchr(at, '\n', (size_t)(chunk + size - at));
            add(reader, at, (size_t)((newline ? newline : chunk + size) - at));
            if (newline)
                end_line(reader, each, closure);
            at = newline ? newline + 1 : chunk + size;
        }
    }
}

void progress_close(struct progress_reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->line);
    *reader = (struct progress_reader){ .fd = -1 };
}
