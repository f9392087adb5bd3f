/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs programs, many at once, in one poll loop. A program has ended when it has exited and its output was
 * read; one that left something behind that holds its output open is not waited for beyond a short grace. It
 * is reaped last of all, so that its process number and group are its own as long as a signal may be sent.
 */
#include "lib/world/real.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/world/operations.h"
#include "lib/world/shown.h"

#define DEFAULT_OUTPUT_LIMIT ((size_t)64 << 20)
#define CHUNK 65536
#define PIPE_MOST ((size_t)1 << 20) /* what a pipe can hold, pipe-max-size as Linux has it */
#define TRANSCRIPT_MOST ((size_t)1 << 30)
#define LOOK_MOST ((size_t)4 << 20) /* of a transcript, at one look */
#define GRACE 100                   /* milliseconds for output in flight after the exit */
#define KILL_GRACE 2000             /* milliseconds that a killed program gets before it is given up */
#define POLL_INTERVAL 5             /* milliseconds, where there is no pidfd_open */
#define FOLLOW_INTERVAL 50          /* milliseconds between two looks at a transcript */
#define MINUTE 60000

struct task {
    struct task *next;
    struct dydisnix_program program;
    struct dydisnix_result result;
    struct real_process process;
    int exit_fd;            /* becomes readable when the program exits; -1: none, ask instead */
    struct pollfd *watched; /* out, err and exit within the loop's table */
    int64_t started;
    int64_t minutes;     /* that its owner was told of */
    int64_t exited;      /* 0: not yet */
    int64_t interrupted; /* when its deadline had come and it was given time to end; 0: not */
    int64_t killed;      /* 0: not; else result.ending says why */
    size_t size;         /* of result.output */
    size_t line;         /* where the line under way begins in the output */
    size_t scanned;      /* up to where it was searched for a newline */
    struct shown output, errors;
};

struct loop {
    const struct dydisnix_work *work;
    unsigned jobs, running;
    struct task *tasks;
    struct task *pending; /* could not be started yet */
    bool asked;           /* next() had nothing; ask again after a done() */
    struct pollfd *table;
    size_t table_size;
};

static void close_stream(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int64_t patience;

void real_patience(int64_t milliseconds)
{
    patience = milliseconds;
}

static void task_kill(struct task *task, enum dydisnix_ending ending, int64_t now)
{
    if (task->killed != 0)
        return;
    task->killed = now;
    task->result.ending = ending;
    /* A program that has made a group of its own is not in that group any more. */
    kill(-task->process.pid, SIGKILL);
    kill(task->process.pid, SIGKILL);
}

static void tell_minute(struct task *task, int64_t now)
{
    int64_t minutes = (now - task->started) / MINUTE;

    if (task->program.waits == NULL || minutes <= task->minutes)
        return;
    task->minutes = minutes;
    task->program.waits(task->program.closure, now - task->started, false);
}

/* Its deadline has come, or the end of the time that it got after that. */
static void task_late(struct task *task, int64_t now)
{
    if (task->program.waits != NULL && task->interrupted == 0)
        task->program.waits(task->program.closure, now - task->started, true);
    if (patience == 0 || task->interrupted != 0) {
        task_kill(task, DYDISNIX_TIMED_OUT, now);
        return;
    }
    task->interrupted = now;
    kill(-task->process.pid, SIGINT);
}

/* Gives out the whole lines that have arrived. */
static void pass_lines(struct task *task)
{
    char *output = task->result.output, *newline;
    size_t length = task->result.output_length;

    while ((newline = memchr(output + task->scanned, '\n', length - task->scanned)) != NULL) {
        size_t line = task->line;

        task->line = task->scanned = (size_t)(newline - output) + 1;
        if (task->program.line != NULL) {
            *newline = '\0';
            task->program.line(task->program.closure, output + line);
            *newline = '\n';
        }
    }
    task->scanned = length;
}

/* The last lines, if no newline ended them. */
static void pass_last_lines(struct task *task)
{
    if (task->result.output_length > task->line && task->program.line != NULL)
        task->program.line(task->program.closure, task->result.output + task->line);
    shown_end(&task->output, &task->program);
    shown_end(&task->errors, &task->program);
}

static bool output_reserve(struct task *task, size_t length)
{
    size_t size = task->size;
    char *larger;

    if (length < size)
        return true;
    while (size <= length)
        size = size < 1024 ? 1024 : size * 2;
    larger = realloc(task->result.output, size);
    if (larger == NULL)
        return false;
    task->result.output = larger;
    task->size = size;
    return true;
}

static void keep_output(struct task *task, const char *data, size_t length)
{
    size_t limit = task->program.output_limit != 0 ? task->program.output_limit : DEFAULT_OUTPUT_LIMIT;
    size_t room = limit - task->result.output_length;
    bool too_much = length > room;

    if (too_much)
        length = room;
    if (output_reserve(task, task->result.output_length + length)) {
        memcpy(task->result.output + task->result.output_length, data, length);
        task->result.output_length += length;
        task->result.output[task->result.output_length] = '\0';
        pass_lines(task);
    } else
        too_much = true;
    if (too_much) {
        task_kill(task, DYDISNIX_TOO_MUCH_OUTPUT, real_now());
        close_stream(&task->process.out);
    }
}

/* What is shown is not kept, unless somebody listens: there may be any amount of it. */
static void add_output(struct task *task, const char *data, size_t length)
{
    const struct dydisnix_program *program = &task->program;

    if (program->show_output)
        shown_add(&task->output, program, data, length);
    if (program->line != NULL || (!program->show_output && !program->drop_output))
        keep_output(task, data, length);
}

static void add_errors(struct task *task, const char *data, size_t length)
{
    shown_add(&task->errors, &task->program, data, length);
}

/* Reads at most one chunk. Returns how much that was; 0: there is nothing now, or never again. */
static size_t read_task_stream(struct task *task, int *fd, void (*add)(struct task *, const char *, size_t))
{
    char chunk[CHUNK];
    ssize_t got;

    if (*fd < 0)
        return 0;
    do
        got = read(*fd, chunk, sizeof chunk);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        add(task, chunk, (size_t)got);
        return (size_t)got;
    }
    if (got == 0 ? task->program.transcript == NULL : errno != EAGAIN)
        close_stream(fd);
    return 0;
}

/* Reads what a program had written when it exited, but does not run after one that goes on writing. */
static void drain_stream(struct task *task, int *fd, void (*add)(struct task *, const char *, size_t),
                         size_t most)
{
    size_t total = 0, got;

    while (total < most && (got = read_task_stream(task, fd, add)) > 0)
        total += got;
}

/* A transcript that is written faster than anybody reads must not fill the disk: what was read is given back
 * to it, and what nobody wants any more is skipped. */
static void give_back(int fd, bool skipped)
{
    off_t place = fd < 0 ? -1 : lseek(fd, 0, skipped ? SEEK_END : SEEK_CUR);

    if (place >= (off_t)LOOK_MOST && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, place) != 0
        && skipped)
        (void)!ftruncate(fd, 0);
}

static void follow_task(struct task *task)
{
    drain_stream(task, &task->process.out, add_output, LOOK_MOST);
    drain_stream(task, &task->process.err, add_errors, LOOK_MOST);
    give_back(task->process.out, task->program.drop_output || shown_is_over(&task->output));
    give_back(task->process.err, task->program.quiet || shown_is_over(&task->errors));
}

/* Has it exited? Leaves it unreaped. */
static bool has_exited(const struct task *task)
{
    siginfo_t info;

    info.si_pid = 0;
    if (waitid(P_PID, (id_t)task->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno != EINTR; /* ECHILD: somebody else has reaped it */
    return info.si_pid != 0;
}

static void task_reap(struct task *task)
{
    int status;
    pid_t pid;

    do
        pid = waitpid(task->process.pid, &status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (task->killed != 0)
        return;
    if (task->interrupted != 0) {
        task->result.ending = DYDISNIX_TIMED_OUT;
        return;
    }
    if (pid <= 0) {
        task->result.ending = DYDISNIX_NOT_STARTED; /* nobody knows how it ended */
        task->result.status = ECHILD;
    } else if (WIFSIGNALED(status)) {
        task->result.ending = DYDISNIX_SIGNALLED;
        task->result.status = WTERMSIG(status);
    } else {
        task->result.ending = DYDISNIX_EXITED;
        task->result.status = WEXITSTATUS(status);
    }
}

static void task_report(struct loop *loop, struct task *task)
{
    task->result.milliseconds = task->started == 0 ? 0 : real_now() - task->started;
    loop->work->done(loop->work->closure, &task->program, &task->result);
    loop->asked = false;
    free(task->result.output);
    free(task);
}

static void task_finish(struct loop *loop, struct task *task)
{
    char *exact;

    close_stream(&task->process.out);
    close_stream(&task->process.err);
    close_stream(&task->exit_fd);
    task_reap(task);
    pass_last_lines(task);
    exact = realloc(task->result.output, task->result.output_length + 1);
    if (exact != NULL)
        task->result.output = exact;
    loop->running--;
    task_report(loop, task);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM;
}

/* Starts a task, or leaves it pending until others have ended. */
static void task_start(struct loop *loop, struct task *task)
{
    int error = real_spawn(&task->program, &task->process);

    if (error != 0 && is_shortage(error) && loop->running > 0) {
        loop->pending = task;
        return;
    }
    if (error != 0) {
        task->result.ending = DYDISNIX_NOT_STARTED;
        task->result.status = error;
        task_report(loop, task);
        return;
    }
    task->started = real_now();
#ifdef SYS_pidfd_open
    task->exit_fd = (int)syscall(SYS_pidfd_open, task->process.pid, 0);
#endif
    task->next = loop->tasks;
    loop->tasks = task;
    loop->running++;
}

static struct task *task_new(void)
{
    struct task *task = calloc(1, sizeof *task);

    if (task == NULL)
        return NULL;
    task->process.out = task->process.err = task->exit_fd = -1;
    task->output.stream = STDOUT_FILENO;
    task->errors.stream = STDERR_FILENO;
    task->output.said = task->errors.said = task->result.said;
    task->result.output = calloc(1, 1);
    if (task->result.output == NULL) {
        free(task);
        return NULL;
    }
    task->size = 1;
    return task;
}

/* Starts what may be started. -1: no memory for it. */
static int start_tasks(struct loop *loop)
{
    while (loop->running < loop->jobs && (loop->pending != NULL || !loop->asked)) {
        struct task *task = loop->pending;

        loop->pending = NULL;
        if (task == NULL) {
            task = task_new();
            if (task == NULL)
                return -1;
            loop->asked = true; /* done() takes it back, also when it cannot be started */
            if (!loop->work->next(loop->work->closure, &task->program)) {
                free(task->result.output);
                free(task);
                return 0;
            }
            loop->asked = false;
        }
        task_start(loop, task);
        if (loop->pending != NULL)
            return 0;
    }
    return 0;
}

static int64_t task_deadline(const struct task *task)
{
    return task->interrupted != 0 ? task->interrupted + patience : task->started + task->program.deadline;
}

/* When something is to be done about the task even if nothing is heard of it; INT64_MAX: never. */
static int64_t task_due(const struct task *task, int64_t now)
{
    int64_t due = INT64_MAX;

    if (task->exited != 0)
        return task->exited + GRACE;
    if (task->killed != 0)
        due = task->killed + KILL_GRACE;
    else if (task->program.deadline > 0)
        due = task_deadline(task);
    if (task->program.waits != NULL && due > task->started + (task->minutes + 1) * MINUTE)
        due = task->started + (task->minutes + 1) * MINUTE;
    if (task->exit_fd < 0 && due > now + POLL_INTERVAL)
        due = now + POLL_INTERVAL;
    if (task->program.transcript != NULL && due > now + FOLLOW_INTERVAL)
        due = now + FOLLOW_INTERVAL;
    return due;
}

static void watch(struct pollfd *entry, int fd)
{
    *entry = (struct pollfd){ .fd = fd, .events = POLLIN }; /* poll skips those that are negative */
}

static int wait_for_events(struct loop *loop)
{
    int64_t now = real_now(), due = INT64_MAX;
    struct pollfd *entry;
    struct task *task;
    int timeout = -1;

    if (loop->table_size < (size_t)loop->running * 3) {
        size_t size = (size_t)loop->running * 6;

        entry = realloc(loop->table, size * sizeof *entry);
        if (entry == NULL)
            return -1;
        loop->table = entry;
        loop->table_size = size;
    }
    entry = loop->table;
    for (task = loop->tasks; task != NULL; task = task->next, entry += 3) {
        task->watched = entry;
        watch(&entry[0], task->program.transcript != NULL ? -1 : task->process.out);
        watch(&entry[1], task->program.transcript != NULL ? -1 : task->process.err);
        watch(&entry[2], task->exited != 0 ? -1 : task->exit_fd);
        if (task_due(task, now) < due)
            due = task_due(task, now);
    }
    if (due != INT64_MAX)
        timeout = due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
    if (poll(loop->table, (nfds_t)(entry - loop->table), timeout) < 0 && errno != EINTR)
        return -1;
    return 0;
}

/* Returns whether the task is over. */
static bool task_serve(struct task *task)
{
    bool may_have_exited = task->exit_fd < 0 || task->watched[2].revents != 0;
    bool followed = task->program.transcript != NULL;
    int64_t now;

    if (followed)
        follow_task(task);
    if (task->watched[0].revents != 0)
        read_task_stream(task, &task->process.out, add_output);
    if (task->watched[1].revents != 0)
        read_task_stream(task, &task->process.err, add_errors);
    now = real_now();
    if (task->exited == 0 && may_have_exited && has_exited(task)) {
        task->exited = now;
        drain_stream(task, &task->process.out, add_output, followed ? TRANSCRIPT_MOST : PIPE_MOST);
        drain_stream(task, &task->process.err, add_errors, followed ? SHOWN_ERRORS_MOST : PIPE_MOST);
    }
    if (task->exited != 0 && (followed || (task->process.out < 0 && task->process.err < 0)))
        return true;
    if (task->exited != 0)
        return task->killed != 0 || now >= task->exited + GRACE;
    if (task->killed == 0 && task->program.deadline > 0 && now >= task_deadline(task))
        task_late(task, now);
    else
        tell_minute(task, now);
    return task->killed != 0 && now >= task->killed + KILL_GRACE;
}

/* Takes out the tasks that are over, then tells about them in that order. In the place of each another one is
 * started at once: what is done about it may take long. -1: no memory for that. */
static int serve_tasks(struct loop *loop)
{
    struct task **place = &loop->tasks, *over = NULL, **last = &over, *task;
    int result = 0;

    while ((task = *place) != NULL) {
        if (!task_serve(task)) {
            place = &task->next;
            continue;
        }
        *place = task->next;
        task->next = NULL;
        *last = task;
        last = &task->next;
    }
    while ((task = over) != NULL) {
        over = task->next;
        task_finish(loop, task);
        if (result == 0)
            result = start_tasks(loop);
    }
    return result;
}

static void kill_all(struct loop *loop)
{
    struct task *task;

    while ((task = loop->tasks) != NULL) {
        loop->tasks = task->next;
        task_kill(task, DYDISNIX_TIMED_OUT, real_now());
        task_finish(loop, task);
    }
}

int real_run(const struct dydisnix_work *work, unsigned jobs)
{
    struct loop loop = { .work = work, .jobs = jobs > 0 ? jobs : 1 };
    int result, error;

    while ((result = start_tasks(&loop)) == 0 && loop.running > 0) {
        result = wait_for_events(&loop);
        if (result == 0)
            result = serve_tasks(&loop);
        if (result != 0)
            break;
    }
    error = errno;
    kill_all(&loop);
    free(loop.table);
    errno = error;
    return result;
}
