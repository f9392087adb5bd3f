/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each promise about running programs, with real ones.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "lib/base/strings.h"
#include "lib/world/operations.h"

#define PATIENCE 300000 /* milliseconds; far more than anything here takes */

static char last_message[512];
static size_t messages;
static char logged[65536]; /* "TARGET|LEVEL|MESSAGE\n" of each message */

static void keep_log(enum dydisnix_level level, const char *target, const char *format, va_list arguments)
{
    size_t used = strlen(logged);
    va_list again;

    messages++;
    va_copy(again, arguments);
    vsnprintf(last_message, sizeof last_message, format, again);
    va_end(again);
    used += (size_t)snprintf(logged + used, sizeof logged - used, "%s|%d|", target ? target : "", (int)level);
    if (used < sizeof logged)
        used += (size_t)vsnprintf(logged + used, sizeof logged - used, format, arguments);
    if (used < sizeof logged)
        snprintf(logged + used, sizeof logged - used, "\n");
}

/* Runs a script with $1 = argument; the rest of the program is as given. */
static int run_script(const char *script, const char *argument, struct dydisnix_program program,
                      struct dydisnix_result *result)
{
    const char *argv[] = { "sh", "-c", script, "sh", argument, NULL };

    logged[0] = '\0';
    program.argv = argv;
    if (program.deadline == 0)
        program.deadline = PATIENCE;
    return run_program(&program, result);
}

/* The same for what must end with 0; gives back its output. */
static char *output_of(const char *script, const char *argument, struct dydisnix_program program)
{
    struct dydisnix_result result;

    if (run_script(script, argument, program, &result) != 0)
        fail_msg("%s: ending %d, status %d", script, (int)result.ending, result.status);
    return result.output;
}

static void expect_output(const char *script, const char *argument, struct dydisnix_program program,
                          const char *expected)
{
    char *output = output_of(script, argument, program);

    assert_string_equal(output, expected);
    free(output);
}

static const struct dydisnix_program plain;

static void output_and_status(void **state)
{
    struct dydisnix_result result;

    (void)state;
    assert_int_equal(run_script("printf 'a\\0b'; exit 3", NULL, plain, &result), -1);
    assert_int_equal(result.ending, DYDISNIX_EXITED);
    assert_int_equal(result.status, 3);
    assert_int_equal(result.output_length, 3);
    assert_memory_equal(result.output, "a\0b", 4);
    assert_in_range(result.milliseconds, 0, PATIENCE);
    free(result.output);
    expect_output(":", NULL, plain, "");
}

/* A megabyte of it is shown; the program goes on. */
static void a_flood_of_messages(void **state)
{
    char *output;

    (void)state;
    messages = 0;
    output = output_of("yes 'look at this' | head -c 20000000 >&2; echo done", NULL,
                       (struct dydisnix_program){ .target = "t1" });
    assert_string_equal(output, "done\n");
    free(output);
    assert_in_range(messages, 1 << 16, 1 << 17);
    assert_string_equal(last_message,
                        "sh: more than 1048576 bytes on its standard error; the rest is not shown");
}

static void a_limit_of_files(void **state)
{
    struct dydisnix_result result;
    struct rlimit limit;
    char *directory, *file;
    uint64_t size;

    (void)state;
    assert_int_equal(operations->temporary_directory("limit", &directory), 0);
    file = string_format("%s/file", directory);
    assert_int_equal(run_script("exec head -c 1000000 /dev/zero > \"$1\"", file,
                                (struct dydisnix_program){ .file_limit = 5000 }, &result),
                     -1);
    assert_int_equal(result.ending, DYDISNIX_SIGNALLED);
    assert_int_equal(result.status, SIGXFSZ);
    free(result.output);
    assert_int_equal(operations->inspect(file, &size), DYDISNIX_FILE);
    assert_int_equal(size, 5000);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_true(limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > 5000);
    free(output_of("exec head -c 1000000 /dev/zero > \"$1\"", file, plain));
    operations->remove(directory);
    free(directory);
    free(file);
}

static void killed_by_a_signal(void **state)
{
    struct dydisnix_result result;

    (void)state;
    assert_int_equal(run_script("echo so far; kill -TERM $$", NULL, plain, &result), -1);
    assert_int_equal(result.ending, DYDISNIX_SIGNALLED);
    assert_int_equal(result.status, SIGTERM);
    assert_string_equal(result.output, "so far\n");
    free(result.output);
}

static void expect_not_started(struct dydisnix_program program, int error)
{
    struct dydisnix_result result;

    assert_int_equal(run_program(&program, &result), -1);
    assert_int_equal(result.ending, DYDISNIX_NOT_STARTED);
    assert_int_equal(result.status, error);
    free(result.output);
}

static void cannot_be_started(void **state)
{
    static const char *const missing[] = { "no-such-program-anywhere", NULL };
    static const char *const missing_path[] = { "/nowhere/at all", NULL };
    static const char *const no_program[] = { "/etc/passwd", NULL };
    static const char *const nothing[] = { NULL };
    static const char *const fine[] = { "true", NULL };
    char *path = strdup(getenv("PATH"));

    (void)state;
    setenv("PATH", "/bin:/usr/bin", 1); /* of directories that everybody may search */
    expect_not_started((struct dydisnix_program){ .argv = missing }, ENOENT);
    setenv("PATH", path, 1);
    free(path);
    expect_not_started((struct dydisnix_program){ .argv = missing_path }, ENOENT);
    expect_not_started((struct dydisnix_program){ .argv = no_program }, EACCES);
    expect_not_started((struct dydisnix_program){ .argv = nothing }, EINVAL);
    expect_not_started((struct dydisnix_program){ .argv = fine, .directory = "/nowhere" }, ENOENT);
    expect_not_started((struct dydisnix_program){ .argv = fine, .input = "/nowhere/file" }, ENOENT);
}

static void standard_input(void **state)
{
    char path[] = "/tmp/dydisnix unit XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, "words\n", 6), 6);
    close(fd);
    expect_output("readlink /proc/self/fd/0; cat", NULL, plain, "/dev/null\n");
    expect_output("cat", NULL, (struct dydisnix_program){ .input = path }, "words\n");
    unlink(path);
}

static void clean_start(void **state)
{
    sigset_t blocked, before;
    int leaked = dup2(STDERR_FILENO, 77);

    (void)state;
    assert_int_equal(leaked, 77);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    expect_output("read -r pid name state parent group rest < /proc/$$/stat; echo $((group == $$))", NULL,
                  plain, "1\n");
    /* Signals 32 and 33 are the C library's own. */
    expect_output("while read -r key value; do "
                  "case $key in SigBlk:|SigIgn:) echo $((0x$value & ~0x180000000));; esac; done "
                  "< /proc/self/status",
                  NULL, plain, "0\n0\n");
    expect_output("[ -e /proc/$$/fd/1 ] && [ ! -e /proc/$$/fd/77 ] && echo closed", NULL, plain, "closed\n");
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(leaked);
}

static void environment(void **state)
{
    static const char *const additions[] = { "UNIT_ONE=new=1", "UNIT_THREE=3", NULL };

    (void)state;
    setenv("UNIT_ONE", "old", 1);
    setenv("UNIT_ONE_MORE", "kept", 1);
    setenv("UNIT_TH", "kept", 1);
    expect_output("env | grep ^UNIT_ | LC_ALL=C sort", NULL,
                  (struct dydisnix_program){ .environment = additions },
                  "UNIT_ONE=new=1\nUNIT_ONE_MORE=kept\nUNIT_TH=kept\nUNIT_THREE=3\n");
    expect_output("echo $UNIT_ONE", NULL, plain, "old\n");
}

static void working_directory(void **state)
{
    (void)state;
    expect_output("pwd -P", NULL, (struct dydisnix_program){ .directory = "/" }, "/\n");
}

struct lines {
    char text[256];   /* each line in brackets */
    const char *file; /* made when the first line comes */
};

static void keep_line(void *closure, const char *line)
{
    struct lines *lines = closure;

    snprintf(lines->text + strlen(lines->text), sizeof lines->text - strlen(lines->text), "[%s]", line);
    if (lines->file != NULL)
        close(open(lines->file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void lines_are_whole(void **state)
{
    struct lines lines = { .text = "" };
    const struct dydisnix_program program = { .line = keep_line, .closure = &lines };

    (void)state;
    expect_output("printf 'a'; sleep 0.05; printf 'b\\nc\\n\\nlast'", NULL, program, "ab\nc\n\nlast");
    assert_string_equal(lines.text, "[ab][c][][last]");
}

static void lines_come_at_once(void **state)
{
    char directory[] = "/tmp/dydisnix-unit-XXXXXX";
    char *file = string_format("%s/seen", mkdtemp(directory));
    struct lines lines = { .file = file };
    const struct dydisnix_program program = { .line = keep_line, .closure = &lines };

    (void)state;
    expect_output("echo first; until [ -e \"$1\" ]; do sleep 0.01; done; echo second", file, program,
                  "first\nsecond\n");
    assert_string_equal(lines.text, "[first][second]");
    unlink(file);
    rmdir(directory);
    free(file);
}

static void show(void *closure)
{
    (void)closure;
    printf("before\n");
    expect_output("echo a; printf b", NULL, (struct dydisnix_program){ .show_output = true }, "");
    expect_output("echo '[sh]: c'", NULL, (struct dydisnix_program){ .show_output = true, .target = "t1" },
                  "");
    expect_output("echo hidden", NULL, plain, "hidden\n");
    expect_output("echo hidden", NULL, (struct dydisnix_program){ .show_output = true, .quiet = true }, "");
    printf("after\n");
}

static void output_is_shown(void **state)
{
    char *text = unit_written(STDOUT_FILENO, show, NULL);

    (void)state;
    assert_string_equal(text, "before\n[sh]: a\n[sh]: b\n[target: t1]: [sh]: c\nafter\n");
    free(text);
}

static void nobody_reads_what_is_shown(void **state)
{
    int saved = dup(STDOUT_FILENO), ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    expect_output("echo a; echo b", NULL, (struct dydisnix_program){ .show_output = true }, "");
    dup2(saved, STDOUT_FILENO);
    close(saved);
    signal(SIGPIPE, SIG_DFL);
}

static void messages_are_passed_on(void **state)
{
    (void)state;
    expect_output("echo one >&2; printf 'two\\n\\nthree' >&2", NULL,
                  (struct dydisnix_program){ .target = "t1" }, "");
    assert_string_equal(logged, "t1|2|one\nt1|2|two\nt1|2|\nt1|2|three\n");
    expect_output("printf 'one\\r\\n\\r\\ntwo\\rthree\\n' >&2", NULL,
                  (struct dydisnix_program){ .target = "t1" }, "");
    assert_string_equal(logged, "t1|2|one\nt1|2|\nt1|2|two\rthree\n");
}

/* What looks like the words of somebody else, in the form of the journal of systemd, or moves a terminal's
 * cursor. */
static const char lies[] =
    "printf '%s\\n' '[coordinator]: a' '[target: t2]: b' '<0>c'; printf '\\033[2Jd\\302\\233e\\n'";

static void lie(void *closure)
{
    char *script = string_format("(%s)%s", lies, closure != NULL ? " >&2" : "");

    expect_output(script, NULL, (struct dydisnix_program){ .show_output = true }, "");
    free(script);
}

static void nobody_speaks_for_another(void **state)
{
    static const char own[] = "[sh]: [coordinator]: a\n[sh]: [target: t2]: b\n[sh]: <0>c\n[sh]: ?[2Jd?e\n";
    char *output = unit_written(STDOUT_FILENO, lie, NULL),
         *errors = unit_written(STDERR_FILENO, lie, &output);
    char *script = string_format("(%s) >&2", lies);

    (void)state;
    assert_string_equal(output, own);
    assert_string_equal(errors, own);
    expect_output(script, NULL, (struct dydisnix_program){ .target = "t1" }, "");
    assert_non_null(strstr(logged, "t1|2|[coordinator]: a\nt1|2|[target: t2]: b\nt1|2|<0>c\nt1|2|"));
    free(output);
    free(errors);
    free(script);
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    expect_output("head -c 300000 /dev/zero | tr '\\0' x >&2; echo >&2; echo next >&2", NULL,
                  (struct dydisnix_program){ .target = "t1" }, "");
    assert_int_equal(strspn(logged + 5, "x"), 4096);
    assert_string_equal(logged + 5 + 4096, "\nt1|2|next\n");
}

/* Bytes that reach our own standard output. */
static off_t shown_of(const char *script, const char *argument, struct dydisnix_program program)
{
    FILE *file = tmpfile();
    int saved = dup(STDOUT_FILENO);
    struct stat about;

    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    expect_output(script, argument, program, "");
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_int_equal(fstat(fileno(file), &about), 0);
    fclose(file);
    return about.st_size;
}

static const char flood[] = "yes 'noise of a service' | head -c 300000000; exit 0";

/* Status 0 stays 0, however much there is. */
static void a_flood_of_output(void **state)
{
    (void)state;
    assert_in_range(shown_of(flood, NULL, (struct dydisnix_program){ .show_output = true }), 16 << 20,
                    24 << 20);
    assert_string_equal(logged,
                        "|1|sh: more than 16777216 bytes on its standard output; the rest is not shown\n");
    assert_int_equal(shown_of(flood, NULL, (struct dydisnix_program){ .drop_output = true }), 0);
    assert_string_equal(logged, "");
}

/* It waits until the disk has it back. */
static void a_flood_in_a_transcript(void **state)
{
    static const char script[] = "for i in 1 2; do yes 'noise of a service' | head -c 50000000;"
                                 " until [ \"$(stat -c %b \"$1\")\" -lt 20000 ]; do sleep 0.01; done; done";
    char directory[] = "/tmp/dydisnix-unit-XXXXXX";
    char *file = string_format("%s/kept", mkdtemp(directory));

    (void)state;
    assert_in_range(
        shown_of(script, file, (struct dydisnix_program){ .show_output = true, .transcript = file }),
        16 << 20, 32 << 20);
    assert_non_null(strstr(logged, "the rest is not shown"));
    assert_int_equal(
        shown_of(script, file, (struct dydisnix_program){ .drop_output = true, .transcript = file }), 0);
    operations->remove(directory);
    free(file);
}

static void quiet_messages_are_read_too(void **state)
{
    (void)state;
    expect_output("head -c 300000 /dev/zero >&2; echo done", NULL, (struct dydisnix_program){ .quiet = true },
                  "done\n");
    assert_string_equal(logged, "");
}

static void expect_said(const char *script, struct dydisnix_program program, const char *expected)
{
    struct dydisnix_result result;

    run_script(script, NULL, program, &result);
    assert_string_equal(result.said, expected);
    free(result.output);
}

/* Whole lines, as many of the last ones as there is room for, and of each only its beginning. */
static void what_it_said_last(void **state)
{
    char cut[202], lines[DYDISNIX_SAID_MOST];

    (void)state;
    memset(cut, 'x', 200);
    strcpy(cut + 200, "\n");
    expect_said("echo not shown; echo one >&2; printf two >&2", plain, "one\ntwo\n");
    expect_said("echo shown", (struct dydisnix_program){ .show_output = true }, "shown\n");
    expect_said("echo hush >&2", (struct dydisnix_program){ .quiet = true }, "hush\n");
    expect_said("head -c 5000 /dev/zero | tr '\\0' x >&2", plain, cut);
    snprintf(lines, sizeof lines, "%.*s2\n%.*s3\nend\n", 198, cut, 198, cut);
    expect_said("for i in 1 2 3; do head -c 198 /dev/zero | tr '\\0' x; echo $i; done >&2; echo end >&2",
                plain, lines);
}

/* As a subreaper this process can wait for what a program left behind. */
static void expect_killed(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void what_is_left_behind_does_not_block(void **state)
{
    struct dydisnix_result result;
    pid_t pid;

    (void)state;
    assert_int_equal(run_script("sleep 600 & echo $!", NULL, plain, &result), 0);
    assert_in_range(result.milliseconds, 0, PATIENCE / 2);
    pid = atoi(result.output);
    assert_int_equal(kill(pid, 0), 0); /* nor is it killed */
    kill(pid, SIGKILL);
    expect_killed(pid);
    free(result.output);
}

static void what_is_left_behind_may_go_on_writing(void **state)
{
    const struct dydisnix_program program = { .output_limit = BYTES_AT_MOST(UINT64_C(1) << 40) };
    struct dydisnix_result result;
    pid_t pid;

    (void)state;
    assert_int_equal(run_script("echo $$; yes & exit 0", NULL, program, &result), 0);
    assert_in_range(result.milliseconds, 0, PATIENCE / 2);
    free(result.output);
    pid = waitpid(-1, NULL, 0); /* it ends for want of a reader */
    assert_true(pid > 0);
}

static void all_that_was_written_is_there(void **state)
{
    char *output = output_of("head -c 60000 /dev/zero; exit 0", NULL, plain);

    (void)state;
    free(output);
    for (int i = 0; i < 50; i++) {
        struct dydisnix_result result;

        assert_int_equal(run_script("head -c 300000 /dev/zero", NULL, plain, &result), 0);
        assert_int_equal(result.output_length, 300000);
        free(result.output);
    }
}

/* A transcript is the program's own: what was started and not waited for goes on with it. */
static void a_transcript_is_kept_and_locked(void **state)
{
    char directory[] = "/tmp/dydisnix-unit-XXXXXX";
    char *file = string_format("%s/kept", mkdtemp(directory)), *errors = string_format("%s.err", file);
    struct lines lines = { .text = "" };
    const struct dydisnix_program program = {
        .target = "t1", .transcript = file, .line = keep_line, .closure = &lines
    };
    struct dydisnix_result result;
    char *text;
    size_t length;
    pid_t pid;

    (void)state;
    expect_output("echo longer than the next; echo old >&2", NULL, program, "longer than the next\n");
    lines.text[0] = '\0';
    assert_int_equal(run_script("echo one; echo wrong >&2; (sleep 600 & echo $!); echo two; exit 3", NULL,
                                program, &result),
                     -1);
    assert_int_equal(result.status, 3);
    assert_true(sscanf(lines.text, "[one][%d][two]", &pid) == 1 && strstr(lines.text, "[two]"));
    assert_string_equal(logged, "t1|2|wrong\n");
    assert_int_equal(operations->read(file, 100, &text, &length), 0);
    assert_string_equal(text, result.output);
    free(text);
    free(result.output);
    assert_int_equal(operations->read(errors, 100, &text, &length), 0);
    assert_string_equal(text, "wrong\n");
    free(text);
    assert_int_equal(run_script("exit 0", NULL, program, &result), -1); /* another one would mix with it */
    assert_true(result.ending == DYDISNIX_NOT_STARTED && result.status == EWOULDBLOCK);
    free(result.output);
    kill(pid, SIGKILL);
    expect_killed(pid);
    expect_output("exit 0", NULL, program, "");
    operations->remove(directory);
    free(file);
    free(errors);
}

static void a_transcript_is_followed(void **state)
{
    char directory[] = "/tmp/dydisnix-unit-XXXXXX";
    char *file = string_format("%s/seen", mkdtemp(directory)), *kept = string_format("%s/kept", directory);
    struct lines lines = { .file = file };
    const struct dydisnix_program program = { .transcript = kept, .line = keep_line, .closure = &lines };

    (void)state;
    expect_output(
        "echo first; until [ -e \"$1\" ]; do sleep 0.01; done; head -c 3000000 /dev/zero >&2; echo second",
        file, program, "first\nsecond\n");
    operations->remove(directory);
    free(file);
    free(kept);
}

static void deadline(void **state)
{
    struct dydisnix_result result;

    (void)state;
    assert_int_equal(run_script("trap '' TERM; sleep 600 & echo $!; wait; wait", NULL,
                                (struct dydisnix_program){ .deadline = 5000 }, &result),
                     -1);
    assert_int_equal(result.ending, DYDISNIX_TIMED_OUT);
    assert_in_range(result.milliseconds, 5000, PATIENCE / 2);
    expect_killed(atoi(result.output));
    free(result.output);
}

static void patience(void **state)
{
    struct dydisnix_result result;

    (void)state;
    real_patience(PATIENCE);
    assert_int_equal(run_script("trap 'echo rolled back; exit 0' INT; while :; do sleep 0.1; done", NULL,
                                (struct dydisnix_program){ .deadline = 1000 }, &result),
                     -1);
    assert_int_equal(result.ending, DYDISNIX_TIMED_OUT);
    assert_string_equal(result.output, "rolled back\n");
    free(result.output);
    real_patience(1000);
    assert_int_equal(run_script("trap '' INT; sleep 600 & echo $!; wait; wait", NULL,
                                (struct dydisnix_program){ .deadline = 1000 }, &result),
                     -1);
    real_patience(0);
    assert_int_equal(result.ending, DYDISNIX_TIMED_OUT);
    expect_killed(atoi(result.output));
    free(result.output);
}

static int is_client(void *closure, const struct dydisnix_running *program)
{
    int64_t *process = closure;
    for (const char *const *word = program->argv; *word; word++)
        if (strcmp(*word, "--target") == 0 && strcmp(word[1], "a b") == 0 && program->milliseconds >= 0)
            *process = program->process;
    return 0;
}

static void look_who_runs(void *closure, int64_t milliseconds, bool late)
{
    assert_true(late);
    assert_in_range(milliseconds, 1000, PATIENCE / 2);
    operations->running(is_client, closure);
}

static void who_runs_when_the_deadline_comes_is_told(void **state)
{
    struct dydisnix_result result;
    int64_t process = 0;

    (void)state;
    /* In a group of its own, as Disnix starts some calls. */
    assert_int_equal(
        run_script("setsid sh -c 'echo $$; sleep 600; :' --restore --target 'a b' & wait", NULL,
                   (struct dydisnix_program){ .deadline = 1000, .waits = look_who_runs, .closure = &process },
                   &result),
        -1);
    assert_int_equal(result.ending, DYDISNIX_TIMED_OUT);
    assert_int_equal(process, atoi(result.output));
    kill((pid_t)process, SIGKILL);
    free(result.output);
}

static void output_limit(void **state)
{
    const struct dydisnix_program few = { .output_limit = 3 }, many = { .output_limit = 100000 };
    struct dydisnix_result result;

    (void)state;
    assert_int_equal(run_script("sh -c 'echo $$; exec yes' & wait", NULL, many, &result), -1);
    assert_int_equal(result.ending, DYDISNIX_TOO_MUCH_OUTPUT);
    assert_int_equal(result.output_length, 100000);
    expect_killed(atoi(result.output));
    free(result.output);
    expect_output("printf abc", NULL, few, "abc");
    assert_int_equal(run_script("printf abcd", NULL, few, &result), -1);
    assert_int_equal(result.ending, DYDISNIX_TOO_MUCH_OUTPUT);
    assert_string_equal(result.output, "abc");
    free(result.output);
}

/* Many programs that are all the same. */
struct batch {
    const char *const *argv;
    unsigned left, running, most, succeeded;
};

static bool batch_next(void *closure, struct dydisnix_program *program)
{
    struct batch *batch = closure;

    if (batch->left == 0)
        return false;
    batch->left--;
    if (++batch->running > batch->most)
        batch->most = batch->running;
    program->argv = batch->argv;
    program->deadline = PATIENCE;
    return true;
}

static void batch_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct batch *batch = closure;

    assert_ptr_equal(program->argv, batch->argv);
    batch->running--;
    if (result->ending == DYDISNIX_EXITED && result->status == 0 && strcmp(result->output, "x\n") == 0)
        batch->succeeded++;
}

static unsigned run_batch(struct batch *batch, unsigned jobs)
{
    const struct dydisnix_work work = { batch_next, batch_done, batch };

    assert_int_equal(operations->run(&work, jobs), 0);
    assert_int_equal(batch->running, 0);
    return batch->succeeded;
}

static void many_at_once(void **state)
{
    static const char *const argv[] = { "echo", "x", NULL };
    struct batch batch = { .argv = argv, .left = 500 };

    (void)state;
    assert_int_equal(run_batch(&batch, 64), 500);
    assert_int_equal(batch.most, 64);
}

static void nothing_to_do(void **state)
{
    struct batch batch = { .left = 0 };

    (void)state;
    assert_int_equal(run_batch(&batch, 4), 0);
}

static void fewer_descriptors_than_programs(void **state)
{
    static const char *const argv[] = { "sh", "-c", "sleep 0.02; echo x", NULL };
    struct batch batch = { .argv = argv, .left = 60 };
    struct rlimit before, limit;
    int first = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)first + 20;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(run_batch(&batch, 60), 60);
    setrlimit(RLIMIT_NOFILE, &before);
    close(first);
}

/* Three programs: what comes later depends on what came before. */
struct chain {
    char story[256];
    const char *file;
    char *kept;
    int started;
    bool running;
};

static bool chain_next(void *closure, struct dydisnix_program *program)
{
    static const char *const scripts[] = { "until [ -e \"$0\" ]; do sleep 0.01; done; echo slow",
                                           "echo quick", "echo third" };
    static const char *argv[3][5];
    struct chain *chain = closure;
    int i = chain->started;

    /* The third one only after something has ended. */
    if (i == 3 || (i == 2 && chain->story[0] == '\0')) {
        strcat(chain->story, i == 2 ? "" : ".");
        return false;
    }
    argv[i][0] = "sh";
    argv[i][1] = "-c";
    argv[i][2] = scripts[i];
    argv[i][3] = chain->file;
    program->argv = argv[i];
    program->deadline = PATIENCE;
    chain->started++;
    return true;
}

static void chain_done(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result)
{
    struct chain *chain = closure;

    (void)program;
    strncat(chain->story, result->output, 50);
    if (strcmp(result->output, "third\n") == 0)
        close(open(chain->file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    if (strcmp(result->output, "quick\n") == 0) {
        chain->kept = result->output;
        result->output = NULL;
    }
}

static void done_in_the_order_of_ending(void **state)
{
    char directory[] = "/tmp/dydisnix-unit-XXXXXX";
    char *file = string_format("%s/go", mkdtemp(directory));
    struct chain chain = { .file = file };
    const struct dydisnix_work work = { chain_next, chain_done, &chain };

    (void)state;
    assert_int_equal(operations->run(&work, 8), 0);
    assert_string_equal(chain.story, "quick\n.third\n.slow\n.");
    assert_string_equal(chain.kept, "quick\n");
    free(chain.kept);
    unlink(file);
    rmdir(directory);
    free(file);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static void signals_do_not_disturb(void **state)
{
    static const char *const argv[] = { "sh", "-c", "sleep 0.05; echo x", NULL };
    const struct sigaction action = { .sa_handler = on_alarm };
    const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
    struct batch batch = { .argv = argv, .left = 40 };

    (void)state;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    assert_int_equal(run_batch(&batch, 8), 40);
    setitimer(ITIMER_REAL, &never, NULL);
}

static void without_standard_streams(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        const char *const argv[] = { "sh", "-c", "echo out; echo error >&2", NULL };
        const struct dydisnix_program program = { .argv = argv, .target = "t1", .deadline = PATIENCE };
        struct dydisnix_result result;

        for (int fd = 0; fd < 3; fd++)
            close(fd);
        if (run_program(&program, &result) != 0 || strcmp(result.output, "out\n") != 0)
            _exit(1);
        free(result.output);
        _exit(strstr(logged, "t1|2|error\n") == NULL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* From here on the system calls that are new in Linux 5.3 do not exist. */
static void forget_pidfd_open(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void old_kernel(void **state)
{
    static const char *const argv[] = { "echo", "x", NULL };
    struct batch batch = { .argv = argv, .left = 100 };
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        const struct dydisnix_program hasty = { .deadline = 100 };
        struct dydisnix_result result;

        forget_pidfd_open();
        if (syscall(SYS_pidfd_open, getpid(), 0) != -1 || errno != ENOSYS)
            _exit(1);
        if (run_batch(&batch, 16) != 100)
            _exit(2);
        run_script("exec >&- 2>&-; sleep 0.1; exit 5", NULL, plain, &result);
        free(result.output);
        if (result.ending != DYDISNIX_EXITED || result.status != 5)
            _exit(3);
        run_script("exec >&- 2>&-; exec sleep 600", NULL, hasty, &result);
        free(result.output);
        _exit(result.ending == DYDISNIX_TIMED_OUT ? 0 : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    struct dydisnix_operations table = real_operations;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status),
        cmocka_unit_test(a_flood_of_messages),
        cmocka_unit_test(a_flood_of_output),
        cmocka_unit_test(a_flood_in_a_transcript),
        cmocka_unit_test(a_limit_of_files),
        cmocka_unit_test(killed_by_a_signal),
        cmocka_unit_test(cannot_be_started),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(clean_start),
        cmocka_unit_test(environment),
        cmocka_unit_test(working_directory),
        cmocka_unit_test(lines_are_whole),
        cmocka_unit_test(lines_come_at_once),
        cmocka_unit_test(output_is_shown),
        cmocka_unit_test(nobody_reads_what_is_shown),
        cmocka_unit_test(messages_are_passed_on),
        cmocka_unit_test(nobody_speaks_for_another),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(quiet_messages_are_read_too),
        cmocka_unit_test(what_it_said_last),
        cmocka_unit_test(what_is_left_behind_does_not_block),
        cmocka_unit_test(what_is_left_behind_may_go_on_writing),
        cmocka_unit_test(all_that_was_written_is_there),
        cmocka_unit_test(a_transcript_is_kept_and_locked),
        cmocka_unit_test(a_transcript_is_followed),
        cmocka_unit_test(deadline),
        cmocka_unit_test(patience),
        cmocka_unit_test(who_runs_when_the_deadline_comes_is_told),
        cmocka_unit_test(output_limit),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(fewer_descriptors_than_programs),
        cmocka_unit_test(done_in_the_order_of_ending),
        cmocka_unit_test(signals_do_not_disturb),
        cmocka_unit_test(without_standard_streams),
        cmocka_unit_test(old_kernel),
    };

    table.log = keep_log;
    operations_use(&table);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
