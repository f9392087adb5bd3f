/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps everything that a decision is made from as plain files, so that it can be read, and made again by
 * replay.h: what targets, Nix and the coordinator told and how actions on targets went; facts, not calls.
 * dydisnix-reconstruct(1) describes the files. Where nothing is to be kept these functions do nothing.
 */
#ifndef INPUT_H
#define INPUT_H

#include "lib/manifest/previous.h"
#include "plugin/capture/closures.h"
#include "plugin/copies/copies.h"
#include "plugin/reconstruct/install.h"
#include "plugin/settings/options.h"

enum { INPUT_VERSION = 2, INPUT_VERSION_WITHOUT_COPIES = 1 };

#define INPUT_FILE "input.json"
#define INPUT_INFRASTRUCTURE "infrastructure.xml"
#define INPUT_PREVIOUS "previous.xml"
#define INPUT_DEPLOYED "deployed.xml"
#define INPUT_TARGETS "targets"

/* Where the world failed and the decision ended: "failed" in the file. */
#define FAILED_PREVIOUS "previous"
#define FAILED_TARGETS "targets"
#define FAILED_ACCESS "access"
#define FAILED_HASHES "hashes"
#define FAILED_SNAPSHOTS "snapshots"
#define FAILED_CLOSURES "closures"
#define FAILED_INSTALL "install"

struct input {
    const char *directory; /* NULL: nothing is kept */
    char *infrastructure;  /* the model's XML */
    size_t infrastructure_length;
    json_t *root; /* what goes into INPUT_FILE */
};

/* Begins to keep what goes to options->save_input, which must not be there, or be empty. dry_run: nothing is
 * done to targets. 0, or -1 after a message. */
int input_begin(struct input *input, const struct options *options, bool dry_run, const json_t *history);

void input_infrastructure(struct input *input, const char *xml, size_t length,
                          const struct infrastructure_defaults *defaults);
void input_previous(struct input *input, const struct previous *previous, const char *namesake);
void input_targets(struct input *input, const struct capture *capture);
void input_hashes(struct input *input, const json_t *documents, const json_t *keys);

/* A round is one decision and the fetching after it: where targets are refused then, another one follows. */
void input_round(struct input *input);
void input_copies(struct input *input, const struct copies *copies); /* of this round */
void input_refused(struct input *input, const struct capture *capture,
                   const bool *captured); /* captured: before */

void input_fetched(struct input *input, const struct capture *capture, const struct closure_report *report);
void input_installed(struct input *input, const struct installed *installed);
void input_failed(struct input *input, const char *where);

/* Makes the directory, whole and durable, or not at all. deployed: NULL if not known. 0, or -1 after a
 * message. */
int input_save(struct input *input, struct previous *previous, struct manifest *deployed,
               const struct capture *capture);

void input_clear(struct input *input);

/* The name of a target's file in INPUT_TARGETS: what is not harmless in a file name is %XX. malloc()ed; NULL:
 * no memory. */
char *input_file_name(const char *target);

#endif
