/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/settings/default-paths.h"
#include "lib/base/cleanup.h"
#include "lib/base/json-text.h"
#include "lib/base/strings.h"
#include "lib/world/operations.h"

static const int64_t client_deadline = 5 * 1000; /* milliseconds */

const struct control_socket control_socket_closed = { .fd = -1, .listener = -1, .lock = -1 };

static int tell(const char *path)
{
    log_error(NULL, "%s: %s", path, strerror(errno));
    return -1;
}

static int make_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    CLEANUP_FREE char *directory = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
    return directory ? operations->make_directory(directory, 0700) : 0;
}

/* 0, -1, or 1: somebody else holds it. */
static int take_lock(struct control_socket *control)
{
    char holder[32] = "";
    CLEANUP_FREE char *file = string_format("%s.lock", control->path);
    if (!file || make_parent(control->path) != 0)
        return tell(control->path);
    control->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (control->lock < 0)
        return tell(file);
    if (flock(control->lock, LOCK_EX | LOCK_NB) == 0)
        return ftruncate(control->lock, 0) != 0 || dprintf(control->lock, "%ld\n", (long)getpid()) < 0
                   ? tell(file)
                   : 0;
    if (errno != EWOULDBLOCK || pread(control->lock, holder, sizeof holder - 1, 0) < 0)
        return tell(file);
    log_error(NULL,
              "process %ld runs this profile already, or has left a cycle behind that does: it has %s. For "
              "another network with a profile of the same name, say --socket.",
              strtol(holder, NULL, 10), control->path);
    return 1;
}

static int watch_listener(const struct control_socket *control, int operation)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    return epoll_ctl(control->fd, operation, control->listener, &event);
}

/* The lock is held: what is at path is left over. */
static int make_socket(struct control_socket *control)
{
    struct sockaddr_un address;
    CLEANUP_FD int directory = -1;
    if (socket_address(control->path, &address, &directory) != 0)
        return -1;
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->listener < 0)
        return -1;
    unlink(control->path);
    mode_t mask = umask(0177);
    int status = bind(control->listener, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (status != 0 || listen(control->listener, CONTROL_SOCKET_CLIENTS) != 0)
        return -1;
    control->fd = epoll_create1(EPOLL_CLOEXEC);
    return control->fd < 0 ? -1 : watch_listener(control, EPOLL_CTL_ADD);
}

int control_socket_open(struct control_socket *control, const char *path)
{
    *control = control_socket_closed;
    for (int i = 0; i < CONTROL_SOCKET_CLIENTS; i++)
        control->clients[i].fd = -1;
    control->path = string_format("%s", path);
    int status = control->path ? take_lock(control) : -1;
    if (status != 0) {
        control_socket_close(control);
        return status;
    }
    if (make_socket(control) == 0)
        return 0;
    tell(control->path);
    control_socket_close(control);
    return -1;
}

static void hang_up(struct control_socket *control, struct control_socket_client *client)
{
    bool was_full = true;
    for (int i = 0; i < CONTROL_SOCKET_CLIENTS; i++)
        was_full = was_full && control->clients[i].fd >= 0;
    /* A child that has just been forked may still have the descriptor, so closing it is not enough. */
    epoll_ctl(control->fd, EPOLL_CTL_DEL, client->fd, NULL);
    close(client->fd);
    free(client->text);
    *client = (struct control_socket_client){ .fd = -1 };
    if (was_full)
        watch_listener(control, EPOLL_CTL_ADD);
}

static bool is_welcome(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return false;
    if (peer.uid == geteuid() || peer.uid == 0)
        return true;
    log_warning(NULL, "user %lu was refused at the control socket", (unsigned long)peer.uid);
    return false;
}

/* Takes one client; when there is no room for more, nobody listens until one has gone. */
static void welcome(struct control_socket *control, int64_t now)
{
    struct control_socket_client *client = NULL;
    size_t free_places = 0;
    for (int i = 0; i < CONTROL_SOCKET_CLIENTS; i++)
        if (control->clients[i].fd < 0 && free_places++ == 0)
            client = &control->clients[i];
    int fd = client ? accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    if (fd < 0)
        return;
    char *text = is_welcome(fd) ? malloc(CONTROL_SOCKET_REQUEST_LIMIT) : NULL;
    if (!text || epoll_ctl(control->fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(text);
        close(fd);
        return;
    }
    *client = (struct control_socket_client){ .fd = fd, .text = text, .deadline = now + client_deadline };
    if (free_places == 1)
        watch_listener(control, EPOLL_CTL_DEL);
}

static json_t *error_document(const char *reason)
{
    return json_pack("{si ss}", "version", 1, "error", reason);
}

static void set_answer(struct control_socket *control, struct control_socket_client *client, json_t *document)
{
    struct epoll_event event = { .events = EPOLLOUT, .data.ptr = client };
    CLEANUP_JSON json_t *owned = document;
    CLEANUP_FREE char *text = json_text(owned, JSON_COMPACT);
    free(client->text);
    client->text = text ? string_format("%s\n", text) : NULL;
    client->length = client->text ? strlen(client->text) : 0;
    client->answers = true;
    epoll_ctl(control->fd, EPOLL_CTL_MOD, client->fd, &event);
}

/* Reads what there is; with the end of the line comes the answer. */
static void hear(struct control_socket *control, struct control_socket_client *client,
                 json_t *(*answer)(void *closure, const json_t *request), void *closure)
{
    ssize_t got =
        read(client->fd, client->text + client->length, CONTROL_SOCKET_REQUEST_LIMIT - client->length);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hang_up(control, client);
        return;
    }
    char *newline = memchr(client->text + client->length, '\n', (size_t)got);
    client->length += (size_t)got;
    if (newline) {
        CLEANUP_JSON json_t *request =
            json_loadb(client->text, (size_t)(newline - client->text), JSON_REJECT_DUPLICATES, NULL);
        set_answer(control, client,
                   json_is_object(request) ? answer(closure, request) : error_document("this is no request"));
    } else if (client->length == CONTROL_SOCKET_REQUEST_LIMIT) {
        set_answer(control, client, error_document("the request is too long"));
    }
}

static void speak(struct control_socket *control, struct control_socket_client *client)
{
    ssize_t sent = send(client->fd, client->text + client->sent, client->length - client->sent, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    client->sent += sent > 0 ? (size_t)sent : 0;
    if (sent <= 0 || client->sent == client->length)
        hang_up(control, client);
}

void control_socket_serve(struct control_socket *control, int64_t now,
                          json_t *(*answer)(void *closure, const json_t *request), void *closure)
{
    struct epoll_event events[CONTROL_SOCKET_CLIENTS + 1];
    int count = control->fd < 0 ? 0 : epoll_wait(control->fd, events, CONTROL_SOCKET_CLIENTS + 1, 0);
    for (int i = 0; i < count; i++) {
        struct control_socket_client *client = events[i].data.ptr;
        if (!client)
            welcome(control, now);
        else if (client->answers)
            speak(control, client);
        else
            hear(control, client, answer, closure);
    }
    for (int i = 0; i < CONTROL_SOCKET_CLIENTS; i++)
        if (control->clients[i].fd >= 0 && now >= control->clients[i].deadline)
            hang_up(control, &control->clients[i]);
}

int64_t control_socket_due(const struct control_socket *control)
{
    int64_t due = -1;
    for (int i = 0; control->fd >= 0 && i < CONTROL_SOCKET_CLIENTS; i++)
        if (control->clients[i].fd >= 0 && (due < 0 || control->clients[i].deadline < due))
            due = control->clients[i].deadline;
    return due;
}

void control_socket_leave(struct control_socket *control)
{
    for (int i = 0; control->fd >= 0 && i < CONTROL_SOCKET_CLIENTS; i++)
        if (control->clients[i].fd >= 0) {
            close(control->clients[i].fd);
            free(control->clients[i].text);
        }
    if (control->fd >= 0)
        close(control->fd);
    if (control->listener >= 0)
        close(control->listener);
    free(control->path);
    *control = control_socket_closed;
}

void control_socket_close(struct control_socket *control)
{
    int lock = control->lock;
    if (control->listener >= 0)
        unlink(control->path);
    control_socket_leave(control);
    if (lock >= 0)
        close(lock);
}
