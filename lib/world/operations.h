/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of operations in use, and the real one. A plugin links its own copy of this library and sets
 * what load() gave it.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <dydisnix/plugin.h>
#include <stdint.h>

/* The table that everything in this program uses. NULL until operations_use(). */
extern const struct dydisnix_operations *operations;

void operations_use(const struct dydisnix_operations *table);

/* Real programs, files and clocks. */
extern const struct dydisnix_operations real_operations;

/* Levels above this one are not shown by the real log(); at first DYDISNIX_NOTICE. */
void real_log_level(enum dydisnix_level most);

/* What runs into its deadline gets INT, and this long (milliseconds) until KILL; 0, as it is at first: KILL
 * at once. In any case it has timed out. */
void real_patience(int64_t milliseconds);

/* Whether real log() writes each message as a JSON document: version (1), time (UTC, to the second), level
 * (error, warning, notice, debug), target (absent: the coordinator) and message. */
void real_log_json(bool json);

/* Messages: "[coordinator]: …" when target is NULL, else "[target: NAME]: …". Control characters in what is
 * printed, and bytes that are not UTF-8, become '?', so that one message is one line. Where the journal of systemd
 * reads, the real log() writes the priority of the level before it, "<3>" to "<7>". */
void log_error(const char *target, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *target, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_notice(const char *target, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *target, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A limit in bytes for an operation. Where sizes have 32 bits, no more than twice of it is a size too. */
#define BYTES_AT_MOST(bytes) ((uint64_t)(bytes) < SIZE_MAX / 4 ? (size_t)(bytes) : SIZE_MAX / 4)

/* Runs one program through operations->run(). Returns 0 if it was run and exited with 0; else -1, with result
 * filled in and nothing printed. result->output belongs to the caller. */
int run_program(const struct dydisnix_program *program, struct dydisnix_result *result);

/* operations->progress(), where the table has it. */
void show_progress(const char *doing, size_t done, size_t total);

/* operations->is_own_file(); false where the table does not have it. */
bool is_own_file(const char *path);

/* operations->move(); ENOSYS where the table does not have it. */
int move_path(const char *from, const char *to);

/* operations->free_space(); ENOSYS where the table does not have it. */
int free_space(const char *path, uint64_t *bytes);

/* operations->spool(); ENOSYS where the table does not have it. */
int spool_file(const char *path,
               int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool),
               void *closure, unsigned mode);

/* operations->scan(); ENOSYS where the table does not have it. */
int scan_file(const char *path, uint64_t offset, int (*each)(void *closure, const char *data, size_t length),
              void *closure);

/* operations->amend(); ENOSYS where the table does not have it. */
int amend_file(const char *path, uint64_t offset, const char *data, size_t length);

/* operations->may_write(); true where the table does not have it. */
bool may_write(const char *directory);

/* The same of one that is not there yet, and of the parents that it lacks; errno says why not. */
bool may_make(const char *directory);

/* A moment in UTC as 2026-01-31T12:00:00Z, for documents. */
struct moment {
    char text[sizeof "-2147481748-12-31T23:59:60Z"];
};
struct moment moment_of(int64_t seconds);

/* How a program ended, in words for a message: "exit status 1", "killed by signal 9", "no answer in time", …
 * malloc()ed. */
char *describe_ending(const struct dydisnix_result *result);

/* A file that somebody has named for what a command prints: replaced whole, but what is there and is no plain
 * file, such as /dev/null, a pipe or a link, is written to. 0, or -1 with errno. */
int write_output(const char *path, const char *data, size_t length);

#endif
