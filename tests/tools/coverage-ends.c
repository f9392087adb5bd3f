/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Linked to everything that `make coverage` builds: what was run is also counted of a process that ends by
 * _exit(), by fexecve() or by a signal, which libgcov would not write down. Who kills one process with KILL
 * asks it before to write its counters down. A program and each plugin have counters of their own, behind a
 * symbol of one name.
 */
#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

/* <gcov.h>, which only gcc has. */
void __gcov_dump(void);
void __gcov_reset(void);

void coverage_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
int __real_fexecve(int file, char *const argv[], char *const environment[]);
int __wrap_fexecve(int file, char *const argv[], char *const environment[]);
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

/* The counters of this program or plugin; counting goes on. */
SHOWN void coverage_dump(void)
{
    __gcov_dump();
    __gcov_reset();
}

static int dump_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    void *handle = dlopen(*object->dlpi_name ? object->dlpi_name : NULL, RTLD_LAZY | RTLD_NOLOAD);
    void (*dump)(void) = NULL;
    if (handle)
        *(void **)&dump = dlsym(handle, "coverage_dump");
    if (dump)
        dump();
    return 0;
}

static void dump_all(void)
{
    dl_iterate_phdr(dump_object, NULL);
}

void __wrap__exit(int status)
{
    dump_all();
    __real__exit(status);
}

int __wrap_fexecve(int file, char *const argv[], char *const environment[])
{
    dump_all();
    return __real_fexecve(file, argv, environment);
}

/* What is interrupted may hold the locks that this needs: the alarm ends it then. */
static void on_end(int number)
{
    signal(SIGALRM, SIG_DFL);
    alarm(60);
    dump_all();
    alarm(0);
    signal(number, SIG_DFL);
    raise(number);
}

#define DUMP (SIGRTMAX - 1)

static void on_dump(int number)
{
    (void)number;
    dump_all();
}

/* Whether DUMP is still to be handled, or being handled. A process that is not there any more has none. */
static bool is_dumping(pid_t pid)
{
    char path[64], line[128];
    unsigned long long set;
    bool dumping = false;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "ShdPnd: %llx", &set) == 1 || sscanf(line, "SigBlk: %llx", &set) == 1)
            dumping = dumping || (set >> (DUMP - 1) & 1);
    if (file)
        fclose(file);
    return dumping;
}

/* One that is stopped does not answer. */
int __wrap_kill(pid_t pid, int number)
{
    if (number == SIGKILL && pid > 1 && __real_kill(pid, DUMP) == 0)
        for (int i = 0; i < 500 && is_dumping(pid); i++)
            usleep(10 * 1000);
    return __real_kill(pid, number);
}

__attribute__((constructor)) static void mind_signals(void)
{
    static const int ends[] = { SIGHUP, SIGINT,  SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
                                SIGILL, SIGPIPE, SIGTERM, SIGALRM, SIGXFSZ, SIGXCPU };
    struct sigaction action = { .sa_handler = on_end }, old;
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(ends[i], &action, NULL);
    action.sa_handler = on_dump;
    sigaction(DUMP, &action, NULL);
}
