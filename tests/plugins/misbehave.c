/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Does in the hook redistribute what no plugin should: --plugin-option=misbehave:how=HOW.
 */
#include <dydisnix/plugin.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *how = "";

static int misbehave_configure(const char *key, const char *value)
{
    if (strcmp(key, "how") != 0)
        return -1;
    how = value;
    return 0;
}

static void crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* sanitizers take it */
    raise(SIGSEGV);
}

/* What would interrupt it is ignored. */
static void spin(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    static volatile bool spins = true;
    while (spins)
        continue;
}

/* Not more than some megabytes of the machine's, but all of its own. A compiler leaves out memory that nobody
 * keeps. */
static void eat(void)
{
    static void *volatile kept;
    const struct rlimit limit = { 256 << 20, 256 << 20 };
    setrlimit(RLIMIT_AS, &limit);
    for (size_t size = 1 << 20; size > 16; size /= 2)
        for (void *more; (more = malloc(size)) != NULL; kept = more)
            *(void **)more = kept;
}

static void close_all(void)
{
    for (int fd = 0; fd < 256; fd++)
        close(fd);
}

/* And something else gets the numbers of what was closed. */
static void reuse(void)
{
    close_all();
    for (int fd = 0; fd < 256; fd++)
        if (open("/dev/full", O_RDWR) < 0)
            return;
}

/* In a session of its own, with every descriptor of ours. */
static void leave_child(void)
{
    if (fork() == 0) {
        setsid();
        sleep(300);
        _exit(0);
    }
}

/* What the loop reads is no news from a cycle. */
static void talk_nonsense(void)
{
    char junk[4096];
    memset(junk, '{', sizeof junk);
    for (int fd = 3; fd < 64; fd++) {
        struct stat status;
        if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
            for (int i = 0; i < 4096; i++)
                (void)!write(fd, junk, sizeof junk);
    }
}

static int misbehave_redistribute(const json_t *event, json_t **report)
{
    static const struct {
        const char *name;
        void (*act)(void);
    } ways[] = { { "crash", crash },
                 { "spin", spin },
                 { "eat", eat },
                 { "close", close_all },
                 { "reuse", reuse },
                 { "child", leave_child },
                 { "nonsense", talk_nonsense },
                 { "abort", abort } };
    (void)event;
    (void)report;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(how, ways[i].name) == 0)
            ways[i].act();
    if (strcmp(how, "exit") == 0)
        exit(0);
    return DYDISNIX_NOT_MINE;
}

static const struct dydisnix_plugin plugin = { .name = "misbehave",
                                               .configure = misbehave_configure,
                                               .redistribute = misbehave_redistribute };

DYDISNIX_REGISTER_PLUGIN(plugin)
