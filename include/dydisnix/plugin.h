/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plugin interface of dydisnix-self-adapt; see dydisnix-plugin(3).
 *
 * A plugin is one shared object, NAME.so. It fills in one struct dydisnix_plugin and registers it:
 *
 *     static const struct dydisnix_plugin plugin = { .name = "example", .redistribute = example_redistribute };
 *     DYDISNIX_REGISTER_PLUGIN(plugin)
 *
 * Usable from C99 and from C++ (C++20 for designated initialisers). Needs jansson.
 *
 * The host loads plugins in a process that lives for one adaptation cycle: a hook may block, and what it
 * leaks or breaks is gone with the cycle. Fields are only ever appended to the structs below. A plugin
 * built against an older header still loads; hooks that it does not know count as absent.
 */
#ifndef DYDISNIX_PLUGIN_H
#define DYDISNIX_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DYDISNIX_PLUGIN_API_VERSION 1

/* What a stage hook returns. Anything else counts as failed. */
enum {
    DYDISNIX_DONE = 0,
    DYDISNIX_FAILED = 1,
    DYDISNIX_NOT_MINE = 2 /* the next plugin is asked, in the end the Disnix command is run */
};

enum dydisnix_level {
    DYDISNIX_ERROR,   /* something failed; a person should know */
    DYDISNIX_WARNING, /* it goes on, but not as one would expect */
    DYDISNIX_NOTICE,  /* the ordinary story of a cycle, one line a step */
    DYDISNIX_DEBUG    /* for the author; shown with --verbose only */
};

/* How a program ended. */
enum dydisnix_ending {
    DYDISNIX_EXITED,         /* status: its exit status */
    DYDISNIX_SIGNALLED,      /* status: the signal */
    DYDISNIX_TIMED_OUT,      /* its deadline passed; its process group was killed */
    DYDISNIX_NOT_STARTED,    /* status: errno, ENOENT for a program that is not on the PATH */
    DYDISNIX_TOO_MUCH_OUTPUT /* more than output_limit; its process group was killed */
};

/* One program to run. Everything is borrowed until its done() has returned. Never run through a shell. */
struct dydisnix_program {
    const char *const *argv; /* NULL-terminated; argv[0] without a slash is searched on the PATH */
    const char *const
        *environment;      /* "NAME=VALUE" that replace or join the host's; NULL-terminated, or NULL */
    const char *directory; /* working directory; NULL: the host's */
    const char *input;     /* file that is its standard input; NULL: the null device */
    const char *target;    /* named in front of each line of its stderr; NULL: the program is */
    int64_t deadline;      /* milliseconds from its start; 0: none */
    size_t output_limit;   /* bytes of standard output; 0: the default of 64 MiB */
    bool quiet;            /* drop its stderr, of which at most 1 MiB is shown, and what show_output shows */
    bool show_output; /* pass its standard output, at most 16 MiB of it, on to the host's, line by line as
                                     * its stderr; it is kept, and limited, only if there is line() */
    /* Called for every whole line of standard output as it comes, without the newline; NULL: nobody listens. */
    void (*line)(void *closure, const char *line);
    void *closure; /* for line() and for the owner; the host does not look at it */
    /* Its standard output is this file, and its standard error the one of that name with ".err" after it,
     * both made anew, mode 0600: it goes on also when the host has died meanwhile. The first is locked, as
     * with flock(2), for as long as the program or what it started has it. What was read of long ones is
     * given back to the disk. NULL: they are pipes. */
    const char *transcript;
    uint64_t file_limit; /* bytes of each file that it writes; 0: no limit */
    bool drop_output;    /* its standard output is neither kept nor limited: nobody wants it */
    /* Called after each full minute that it runs, and, late, right before its deadline ends it; milliseconds from
     * its start. NULL: nobody is. */
    void (*waits)(void *closure, int64_t milliseconds, bool late);
};

enum { DYDISNIX_SAID_MOST = 512 }; /* bytes, with the NUL */

struct dydisnix_result {
    enum dydisnix_ending ending;
    int status;
    char *output; /* standard output, NUL-terminated, may hold NULs; malloc()ed; set to NULL to keep it */
    size_t output_length;
    int64_t milliseconds; /* from start to end */
    /* The last lines of its standard error, and of its standard output if that is shown: raw bytes, each line
     * with its newline, long ones cut. Also of a quiet program. */
    char said[DYDISNIX_SAID_MOST];
};

/* Work for run(): programs are taken one by one while fewer than the limit are running. */
struct dydisnix_work {
    /* Fills in *program (zeroed) and returns true, or returns false: nothing to start now. Asked again after
     * each done(). The work is over when it returns false while nothing is running. */
    bool (*next)(void *closure, struct dydisnix_program *program);
    /* Called once for each program, in the order in which they end. */
    void (*done)(void *closure, const struct dydisnix_program *program, struct dydisnix_result *result);
    void *closure;
};

enum dydisnix_kind { DYDISNIX_ABSENT, DYDISNIX_FILE, DYDISNIX_DIRECTORY, DYDISNIX_LINK, DYDISNIX_OTHER };

/* A program that runs. */
struct dydisnix_running {
    int64_t process;
    const char *const *argv;
    int64_t milliseconds; /* since its start */
};

/* Everything that touches the world. Host, plugins and library use nothing else, so that a simulation can put
 * its own table here. Paths are absolute. Functions that return int give 0, or -1 with errno set, and have
 * then printed nothing: the caller knows what it was for. */
struct dydisnix_operations {
    size_t size; /* of this struct, as the host knows it */

    /* One message, a single line without newline; target NULL: the coordinator. Keeps errno. */
    void (*log)(enum dydisnix_level level, const char *target, const char *format, va_list arguments);

    /* Runs work, at most jobs (> 0) programs at once. -1 only if nothing can be run at all. */
    int (*run)(const struct dydisnix_work *work, unsigned jobs);

    /* Reads a whole regular file of at most limit bytes (EFBIG beyond) into malloc()ed memory, NUL-terminated. */
    int (*read)(const char *path, size_t limit, char **data, size_t *length);
    /* Replaces a file whole: temporary file beside it, fsync, rename, fsync of the directory. */
    int (*write)(const char *path, const char *data, size_t length, unsigned mode);
    /* Calls each() for every entry but . and .., sorted by name; stops when it returns non-zero. */
    int (*list)(const char *path, int (*each)(void *closure, const char *name), void *closure);
    /* What is there, links not followed; size (may be NULL): bytes of a file. */
    enum dydisnix_kind (*inspect)(const char *path, uint64_t *size);
    int (*read_link)(const char *path, char **destination); /* as readlink(2), malloc()ed */
    int (*make_directory)(const char *path,
                          unsigned mode); /* with its parents; what is there already is fine */
    int (*remove)(const char *path);      /* file, link or whole directory; absent is fine */
    /* A new directory, mode 0700, under $TMPDIR or /tmp, named after prefix; malloc()ed path. */
    int (*temporary_directory)(const char *prefix, char **path);

    int64_t (*now)(void);   /* milliseconds of a clock that never goes back */
    int64_t (*clock)(void); /* seconds since 1970, UTC */
    uint64_t (*random)(void);
    void (*sleep)(int64_t milliseconds);

    /* Tells a person at a terminal how far long work is: "asking the targets", 3 of 40. total 0: it is over.
     * Nothing is shown where there is no terminal. */
    void (*progress)(const char *doing, size_t done, size_t total);

    /* Whether a regular file, links not followed, belongs to this user. */
    bool (*is_own_file)(const char *path);

    /* Gives a file or directory another name in the same file system, in place of a file or an empty
     * directory that has it; fsync of the directory that it is in then. */
    int (*move)(const char *from, const char *to);

    /* Adds whole lines to the end of a file, which is made (mode 0600) if it is not there, in one write. A last
     * line that was torn is ended first. A file that would grow beyond most bytes becomes PATH.1 before, in
     * place of an older one. sync: it is on the disk then. */
    int (*append)(const char *path, const char *data, size_t length, size_t most, bool sync);

    /* Makes a file that need not outlive a crash, for another program to read: fill() is called with put(),
     * which adds a piece, and with what put() gets first. Both give 0, or -1 with errno set. */
    int (*spool)(const char *path,
                 int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool),
                 void *closure, unsigned mode);

    /* Whether this user may make and remove entries of a directory; errno says why not. */
    bool (*may_write)(const char *directory);

    /* Bytes that this user may still write where path lies. */
    int (*free_space)(const char *path, uint64_t *bytes);

    /* Reads a regular file from offset to its end: each() is called with piece after piece, and gives 0, or -1
     * with errno set. */
    int (*scan)(const char *path, uint64_t offset,
                int (*each)(void *closure, const char *data, size_t length), void *closure);

    /* Writes over bytes of a regular file, which does not become longer. Not atomic, as spool() is not. */
    int (*amend)(const char *path, uint64_t offset, const char *data, size_t length);

    /* Calls each() for every program that runs below this process, whoever has started it; stops when it returns
     * non-zero. */
    int (*running)(int (*each)(void *closure, const struct dydisnix_running *program), void *closure);
};

/* A stage hook. event: borrowed, read-only. *report: a new reference or NULL (then the report is empty); read
 * also after a failure. The documents are described in dydisnix-plugin(3). */
typedef int dydisnix_stage(const json_t *event, json_t **report);

struct dydisnix_plugin {
    /* Set by DYDISNIX_REGISTER_PLUGIN only. */
    size_t _size;
    int _api_version;

    const char *name;        /* required: letters, digits, - and _; the same as the file's */
    const char *version;     /* NULL: unknown */
    const char *description; /* one line; NULL: none */

    /* Before everything else; operations stay valid until unload() has returned. 0, or -1 to refuse. */
    int (*load)(const struct dydisnix_operations *operations);
    /* One --plugin-option; strings are borrowed. 0, or -1 after a message: then the host does not start.
     * A plugin without it accepts no option. */
    int (*configure)(const char *key, const char *value);
    void (*unload)(void);

    /* The stages of a cycle in their order. At least one of these and cycle_finished is required. */
    dydisnix_stage *capture;
    dydisnix_stage *augment;
    dydisnix_stage *reconstruct;
    dydisnix_stage *snapshot;
    dydisnix_stage *redistribute;
    dydisnix_stage *assign_ids;
    dydisnix_stage *redeploy;
    /* After every cycle, also a failed one, for every plugin that has it; its outcome changes nothing. */
    dydisnix_stage *cycle_finished;
};

/* The one entry symbol. The pointer stays valid until the object is unloaded. */
struct dydisnix_plugin *dydisnix_plugin_entry(void);

#if defined(__GNUC__)
#define DYDISNIX_EXPORT __attribute__((visibility("default")))
#else
#define DYDISNIX_EXPORT
#endif

#ifdef __cplusplus
#define DYDISNIX_EXTERN extern "C"
#else
#define DYDISNIX_EXTERN extern
#endif

#define DYDISNIX_REGISTER_PLUGIN(plugin)                                                 \
    DYDISNIX_EXTERN DYDISNIX_EXPORT struct dydisnix_plugin *dydisnix_plugin_entry(void); \
    DYDISNIX_EXTERN DYDISNIX_EXPORT struct dydisnix_plugin *dydisnix_plugin_entry(void)  \
    {                                                                                    \
        static struct dydisnix_plugin registered;                                        \
        registered = plugin;                                                             \
        registered._size = sizeof registered;                                            \
        registered._api_version = DYDISNIX_PLUGIN_API_VERSION;                           \
        return &registered;                                                              \
    }

#ifdef __cplusplus
}
#endif

#endif
