/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a reconstruction cannot do without, each alone and as plain as can be: floor CLIENT BARE MANIFEST
 * NETWORK prints the milliseconds, and those of CPU, for starting CLIENT once for each target of NETWORK, for
 * reading each one's profile manifest once with libxml2's SAX, and for writing MANIFEST once; and for
 * starting BARE in the place of CLIENT.
 */
#include <dirent.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS = 64 };

struct network {
    const char *directory;
    struct dirent **targets;
    int count;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Of this process and those that it has waited for. */
static double cpu(void)
{
    double sum = 0;
    for (int who = 0; who < 2; who++) {
        struct rusage used;
        getrusage(who ? RUSAGE_CHILDREN : RUSAGE_SELF, &used);
        sum += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3
               + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
    }
    return sum;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int is_target(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The client's output; -1: it cannot be started. */
static int start(const char *client, const char *key)
{
    const char *const argv[] = { client, "--target", key, "--query-requisites", "profile", NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawn(&pid, client, &actions, NULL, (char *const *)argv, environ) != 0)
        die(client);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    return ends[0];
}

/* As many at once as a reconstruction asks. */
static double start_clients(const char *client, const struct network *network)
{
    struct pollfd running[JOBS];
    static char chunk[65536];
    int next = 0, count = 0;
    double began = now();
    while (next < network->count || count > 0) {
        while (count < JOBS && next < network->count)
            running[count++] =
                (struct pollfd){ .fd = start(client, network->targets[next++]->d_name), .events = POLLIN };
        if (poll(running, (nfds_t)count, -1) < 0)
            die("poll");
        for (int i = count; i-- > 0;)
            if (running[i].revents && read(running[i].fd, chunk, sizeof chunk) == 0) {
                close(running[i].fd);
                running[i] = running[--count];
                wait(NULL);
            }
    }
    return now() - began;
}

static char *contents(const char *file, size_t *length)
{
    struct stat status;
    int fd = open(file, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0)
        die(file);
    char *text = malloc((size_t)status.st_size + 1);
    *length = 0;
    for (ssize_t got; text && (got = read(fd, text + *length, (size_t)status.st_size - *length)) > 0;)
        *length += (size_t)got;
    close(fd);
    return text;
}

static void on_start(void *closure, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **declared, int attributes, int defaulted,
                     const xmlChar **values)
{
    (void)closure, (void)name, (void)prefix, (void)uri, (void)namespaces, (void)declared, (void)attributes;
    (void)defaulted, (void)values;
}

static void on_end(void *closure, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)closure, (void)name, (void)prefix, (void)uri;
}

static void on_text(void *closure, const xmlChar *text, int length)
{
    (void)closure, (void)text, (void)length;
}

static double read_manifests(const struct network *network)
{
    xmlSAXHandler handler = { .initialized = XML_SAX2_MAGIC,
                              .startElementNs = on_start,
                              .endElementNs = on_end,
                              .characters = on_text };
    double began = now();
    for (int i = 0; i < network->count; i++) {
        char file[4096];
        size_t length;
        snprintf(file, sizeof file, "%s/%s/installed", network->directory, network->targets[i]->d_name);
        char *text = contents(file, &length);
        xmlParserCtxt *context = xmlNewParserCtxt();
        if (!context)
            die(file);
        *context->sax = handler;
        xmlFreeDoc(xmlCtxtReadMemory(context, text, (int)length, NULL, NULL, 0));
        if (!context->wellFormed)
            die(file);
        xmlFreeParserCtxt(context);
        free(text);
    }
    return now() - began;
}

static double write_manifest(const char *manifest)
{
    const char *directory = getenv("TMPDIR");
    char file[4096];
    size_t length, done = 0;
    char *text = contents(manifest, &length);
    snprintf(file, sizeof file, "%s/floor.XXXXXX", directory ? directory : "/tmp");
    double began = now();
    int fd = mkstemp(file);
    for (ssize_t written; done < length; done += (size_t)written)
        if ((written = write(fd, text + done, length - done)) < 0)
            die(file);
    close(fd);
    double ended = now();
    unlink(file);
    free(text);
    return ended - began;
}

static void tell(const char *name, double milliseconds, double cpu_before)
{
    printf("%s %.0f %.0f\n", name, milliseconds, cpu() - cpu_before);
}

int main(int argc, char **argv)
{
    struct network network = { .directory = argc == 5 ? argv[4] : "" };
    if (argc != 5 || (network.count = scandir(network.directory, &network.targets, is_target, alphasort)) < 0)
        die("floor CLIENT BARE MANIFEST NETWORK");
    double before = cpu(), took = start_clients(argv[1], &network);
    tell("start", took, before);
    before = cpu(), took = read_manifests(&network);
    tell("read", took, before);
    before = cpu(), took = write_manifest(argv[3]);
    tell("write", took, before);
    before = cpu(), took = start_clients(argv[2], &network);
    tell("bare", took, before);
    return 0;
}
