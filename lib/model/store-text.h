/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A text that becomes a file of the Nix store, with references, as builtins.toFile makes it of a string with
 * a context: the same path, and Nix verifies what it gets. It is never in memory as a whole here.
 *
 * `nix-store --serve --write` takes it with half the CPU time and a third of the memory that the evaluator
 * needs for builtins.toFile. Where it does not take it, whatever the reason, builtins.toFile is asked, and
 * tells what is wrong.
 */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_text {
    const char *name;
    const char *purpose;           /* named in messages */
    const char *const *references; /* store paths that are valid, sorted, each once */
    size_t reference_count;
    /* Calls put() with piece after piece; the same ones each time that it is called. 0, or -1 with errno set. */
    int (*fill)(void *closure, int (*put)(void *, const char *, size_t), void *spool);
    void *closure;
    int64_t deadline; /* milliseconds that Nix gets; 0: no limit */
    bool evaluated;   /* builtins.toFile is asked at once; becomes true where that only has helped */
};

/* *path: the store path, malloc()ed, which is valid. 0, or -1 after a message. */
int store_text_add(struct store_text *text, char **path);

#endif
