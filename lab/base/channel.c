/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/base/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "lib/base/cleanup.h"
#include "lib/world/operations.h"

#define LINE_LIMIT (16u << 20)

/* The address of an open directory's entry, or of an open socket file; short, however long its path is. */
static void address_of(struct sockaddr_un *address, int fd, const char *name)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s%s", fd, *name ? "/" : "", name);
}

int channel_listen(const char *directory, const char *name)
{
    static const char beside[] = ".new-socket";
    CLEANUP_FD int parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;
    int result;

    if (parent < 0 || fd < 0 || (unlinkat(parent, beside, 0) != 0 && errno != ENOENT))
        return -1;
    address_of(&address, parent, beside);
    mode_t mask = umask(077);
    result = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    /* Listening before it gets its name: whoever sees the socket can connect. */
    if (result != 0 || listen(fd, SOMAXCONN) != 0 || renameat(parent, beside, parent, name) != 0)
        return -1;
    result = fd;
    fd = -1;
    return result;
}

int channel_connect(const char *path)
{
    CLEANUP_FD int file = open(path, O_PATH | O_CLOEXEC);
    CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address;
    int result;

    if (file < 0 || fd < 0)
        return -1;
    address_of(&address, file, "");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    result = fd;
    fd = -1;
    return result;
}

void channel_open(struct channel *channel, int fd)
{
    *channel = (struct channel){ .fd = fd };
}

void channel_close(struct channel *channel)
{
    for (size_t i = 0; i < channel->fd_count; i++)
        close(channel->fds[i]);
    if (channel->fd >= 0)
        close(channel->fd);
    free(channel->data);
    *channel = (struct channel){ .fd = -1 };
}

static void keep_files(struct channel *channel, struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (channel->fd_count < CHANNEL_FDS)
                channel->fds[channel->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

int channel_fill(struct channel *channel)
{
    char data[16384];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
    } control;
    struct iovec piece = { data, sizeof data };
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t got;

    while ((got = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        continue;
    if (got < 0)
        return -1;
    keep_files(channel, &message);
    if (got == 0)
        return 0;
    char *grown = channel->length + (size_t)got > LINE_LIMIT
                      ? NULL
                      : realloc(channel->data, channel->length + (size_t)got);
    if (!grown) {
        errno = ENOMEM;
        return -1;
    }
    channel->data = grown;
    memcpy(grown + channel->length, data, (size_t)got);
    channel->length += (size_t)got;
    return 1;
}

char *channel_line(struct channel *channel)
{
    char *end = channel->length > 0 ? memchr(channel->data, '\n', channel->length) : NULL;
    if (!end)
        return NULL;
    char *line = strndup(channel->data, (size_t)(end - channel->data));
    channel->length -= (size_t)(end + 1 - channel->data);
    memmove(channel->data, end + 1, channel->length);
    return line;
}

char *channel_wait(struct channel *channel, int milliseconds)
{
    int64_t deadline = operations->now() + milliseconds;
    char *line;

    while ((line = channel_line(channel)) == NULL) {
        int64_t left = milliseconds < 0 ? -1 : deadline - operations->now();
        struct pollfd event = { .fd = channel->fd, .events = POLLIN };
        if (milliseconds >= 0 && left < 0)
            return NULL;
        int ready = poll(&event, 1, (int)left);
        if (ready < 0 && errno != EINTR)
            return NULL;
        if (ready > 0 && channel_fill(channel) <= 0)
            return NULL;
    }
    return line;
}

static int send_bytes(int fd, const char *data, size_t length, const int *fds, size_t count)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
    } control = { 0 };

    while (length > 0) {
        struct iovec piece = { (char *)data, length };
        struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
        if (count > 0) {
            message.msg_control = &control;
            message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
            struct cmsghdr *part = CMSG_FIRSTHDR(&message);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(count * sizeof *fds);
            memcpy(CMSG_DATA(part), fds, count * sizeof *fds);
        }
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 1000);
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return -1;
        data += sent;
        length -= (size_t)sent;
        count = 0;
    }
    return 0;
}

int channel_send(int fd, const json_t *message, const int *fds, size_t count)
{
    CLEANUP_FREE char *text = json_dumps(message, JSON_COMPACT);
    size_t length = text ? strlen(text) : 0;

    if (!text)
        return -1;
    text[length] = '\n'; /* in the place of the NUL */
    return send_bytes(fd, text, length + 1, fds, count);
}

static int channel_send_text(int fd, const char *text)
{
    size_t length = strcspn(text, "\n");
    return send_bytes(fd, text, length, NULL, 0) == 0 ? send_bytes(fd, "\n", 1, NULL, 0) : -1;
}

json_t *channel_ask(const char *path, const char *question, int milliseconds)
{
    struct channel channel;
    json_t *answer = NULL;

    channel_open(&channel, channel_connect(path));
    if (channel.fd >= 0 && channel_send_text(channel.fd, question) == 0) {
        CLEANUP_FREE char *line = channel_wait(&channel, milliseconds);
        answer = line ? json_loads(line, 0, NULL) : NULL;
    }
    channel_close(&channel);
    if (!json_is_object(answer)) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}
