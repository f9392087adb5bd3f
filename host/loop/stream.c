/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/loop/stream.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lib/base/cleanup.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "lib/world/real.h"

static const size_t document_limit = (size_t)256 << 20;
static const int64_t term_patience = 2000; /* milliseconds, before a generator that is ended is killed */

struct text {
    char *data;
    size_t length, size;
    bool dropped; /* it was too long, the rest is skipped */
};

struct stream {
    const char *name; /* of the generator */
    char *file;
    int notice;
    struct real_process process;
    struct text document, message;
};

static void text_add(struct text *text, const char *data, size_t length, size_t limit)
{
    if (text->dropped || text->length + length > limit) {
        text->dropped = true;
        return;
    }
    if (text->length + length >= text->size) {
        size_t size = 2 * (text->length + length) + 1024;
        char *grown = realloc(text->data, size);
        if (!grown) {
            text->dropped = true;
            return;
        }
        text->data = grown;
        text->size = size;
    }
    memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

/* A big document is no reason to be big from then on. */
static void text_clear(struct text *text)
{
    free(text->data);
    *text = (struct text){ 0 };
}

static void document_end(struct stream *stream)
{
    const struct text *document = &stream->document;
    if (document->dropped)
        log_error(NULL, "%s: a model of more than %zu bytes is dropped", stream->name, document_limit);
    else if (document->length == 0 || strspn(document->data, " \t\r\n") == document->length)
        log_error(NULL, "%s: an empty model is dropped", stream->name);
    else if (operations->write(stream->file, document->data, document->length, 0600) != 0)
        log_error(NULL, "%s: %s", stream->file, strerror(errno));
    else
        (void)!write(stream->notice, "", 1); /* full: then the loop has enough to know */
    text_clear(&stream->document);
}

static void message_end(struct stream *stream)
{
    real_say(stream->name, stream->message.data ? stream->message.data : "");
    text_clear(&stream->message);
}

static void take(struct stream *stream, struct text *text, char end, size_t limit, const char *data,
                 size_t length)
{
    while (length > 0) {
        const char *found = memchr(data, end, length);
        size_t part = found ? (size_t)(found - data) : length;
        text_add(text, data, part, limit);
        if (!found)
            return;
        if (text == &stream->document)
            document_end(stream);
        else
            message_end(stream);
        data += part + 1;
        length -= part + 1;
    }
}

/* Reads what is there. False: nothing will come any more. */
static bool read_some(struct stream *stream, int fd)
{
    char chunk[65536];
    ssize_t size = read(fd, chunk, sizeof chunk);
    if (size < 0)
        return errno == EAGAIN || errno == EINTR;
    if (size > 0 && fd == stream->process.out)
        take(stream, &stream->document, '\0', document_limit, chunk, (size_t)size);
    else if (size > 0)
        take(stream, &stream->message, '\n', 4096, chunk, (size_t)size);
    return size > 0;
}

static void end_generator(struct stream *stream, int signal)
{
    kill(-stream->process.pid, signal);
    kill(stream->process.pid, signal);
}

static int watched_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Passes on what the generator says until it has exited; its wait status. */
static int follow(struct stream *stream, int signals)
{
    struct pollfd fds[] = { { .fd = signals, .events = POLLIN },
                            { .fd = stream->process.out, .events = POLLIN },
                            { .fd = stream->process.err, .events = POLLIN } };
    struct signalfd_siginfo information;
    int status = 0;
    int64_t killed_at = 0;
    while (waitpid(stream->process.pid, &status, WNOHANG) == 0) {
        int64_t left = killed_at - operations->now();
        if (poll(fds, 3, killed_at == 0 ? -1 : left > 0 ? (int)left : 0) == 0 && killed_at != 0) {
            end_generator(stream, SIGKILL);
            killed_at += term_patience;
        }
        for (int i = 1; i < 3; i++)
            if (fds[i].revents && !read_some(stream, fds[i].fd))
                fds[i].fd = -1;
        while (read(signals, &information, sizeof information) == (ssize_t)sizeof information)
            if (information.ssi_signo != SIGCHLD && killed_at == 0) {
                end_generator(stream, SIGTERM);
                killed_at = operations->now() + term_patience;
            }
    }
    for (int i = 1; i < 3; i++) /* what was in flight */
        for (int round = 0; round < 64 && fds[i].fd >= 0 && poll(&fds[i], 1, 0) > 0; round++)
            if (!read_some(stream, fds[i].fd))
                fds[i].fd = -1;
    return status;
}

static void tell_end(const struct stream *stream, int status)
{
    if (stream->document.length > 0 || stream->document.dropped)
        log_error(NULL, "%s: it ended within a model, which is dropped", stream->name);
    if (WIFSIGNALED(status))
        log_error(NULL, "%s: killed by signal %d", stream->name, WTERMSIG(status));
    else
        log_error(NULL, "%s: ended with status %d", stream->name, WEXITSTATUS(status));
}

int stream_run(const struct settings *settings, int notice, pid_t host)
{
    CLEANUP_FREE char *file = stream_file(settings);
    CLEANUP_FD int signals = watched_signals();
    struct stream stream = { .name = settings->stream[0], .file = file, .notice = notice };
    const struct dydisnix_program program = { .argv = (const char *const *)settings->stream };
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!file || signals < 0 || getppid() != host)
        return 1;
    int error = real_spawn(&program, &stream.process);
    if (error != 0) {
        log_error(NULL, "%s: not started: %s", stream.name, strerror(error));
        return 1;
    }
    int status = follow(&stream, signals);
    tell_end(&stream, status);
    text_clear(&stream.document);
    text_clear(&stream.message);
    end_generator(&stream, SIGKILL); /* its group, if it has left something behind */
    return status == 0 ? 0 : 1;
}
