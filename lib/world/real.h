/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of the real table of operations; see dydisnix/plugin.h for what each one promises.
 */
#ifndef REAL_H
#define REAL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <dydisnix/plugin.h>

int real_run(const struct dydisnix_work *work, unsigned jobs);

int real_read(const char *path, size_t limit, char **data, size_t *length);
int real_write(const char *path, const char *data, size_t length, unsigned mode);
int real_spool(const char *path,
               int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool),
               void *closure, unsigned mode);
int real_scan(const char *path, uint64_t offset, int (*each)(void *closure, const char *data, size_t length),
              void *closure);
int real_amend(const char *path, uint64_t offset, const char *data, size_t length);
int real_append(const char *path, const char *data, size_t length, size_t most, bool sync);
int real_list(const char *path, int (*each)(void *closure, const char *name), void *closure);
enum dydisnix_kind real_inspect(const char *path, uint64_t *size);
bool real_is_own_file(const char *path);
int real_free_space(const char *path, uint64_t *bytes);
int real_read_link(const char *path, char **destination);
int real_make_directory(const char *path, unsigned mode);
int real_remove(const char *path);
int real_move(const char *from, const char *to);
bool real_may_write(const char *directory);
int real_temporary_directory(const char *prefix, char **path);

int real_running(int (*each)(void *closure, const struct dydisnix_running *program), void *closure);

int64_t real_now(void);
int64_t real_clock(void);
void real_sleep(int64_t milliseconds);

void real_log(enum dydisnix_level level, const char *target, const char *format, va_list arguments);
void real_progress(const char *doing, size_t done, size_t total);

/* "[target: TARGET]: MESSAGE", else "[PROGRAM]: MESSAGE", or "[coordinator]: MESSAGE": one line that a
 * terminal shows as it is. program: its argv[0]. Both may be NULL. malloc()ed, NULL: no memory. */
char *real_line(const char *target, const char *program, const char *message);

/* As log(): what a program says for itself. */
void real_say(const char *program, const char *message);

/* Writes all of it, also to a descriptor that does not block; 0, or -1 with errno set. */
int real_write_all(int fd, const char *data, size_t length);

/* A started program: the read ends of its standard output and standard error, which do not block. */
struct real_process {
    pid_t pid;
    int out;
    int err;
};

/* Starts a program in a process group of its own. 0, or errno. */
int real_spawn(const struct dydisnix_program *program, struct real_process *process);

#endif
