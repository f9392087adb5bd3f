/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers from a directory that input.h has saved, in place of targets, Nix and the coordinator. The
 * directory may come from anybody: only plain files with known names in it are read.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "lib/manifest/previous.h"
#include "plugin/capture/closures.h"
#include "plugin/copies/copies.h"
#include "plugin/reconstruct/install.h"
#include "plugin/settings/options.h"

struct replay {
    const char *directory;
    json_t *root;           /* what INPUT_FILE holds, checked */
    struct options options; /* as they were */
    struct infrastructure_defaults defaults;
    size_t round; /* the decision that is being made, counted from 1 */
    struct strings *strings;
};

/* 0, or -1 after one message that names file and element. */
int replay_load(struct replay *replay, const char *directory, const struct options *options);
void replay_clear(struct replay *replay);

/* Whether the world failed there when the input was saved; then this has been said. */
bool replay_fails(const struct replay *replay, const char *where);

/* What the host remembered; NULL: nothing. */
const json_t *replay_history(const struct replay *replay);

/* Each of these gives what its counterpart in the world gave: 0, or -1 after a message. */
int replay_infrastructure(const struct replay *replay, char **xml, size_t *length);
int replay_previous(const struct replay *replay, struct strings *strings, struct previous *previous,
                    char **namesake);
int replay_deployed(const struct replay *replay, struct strings *strings, struct manifest *deployed,
                    bool *known);
int replay_capture(const struct replay *replay, const struct target_keys *keys, struct strings *strings,
                   struct capture *capture);
int replay_hashes(const struct replay *replay, const json_t *documents, json_t **keys);
int replay_facts(struct replay *replay, struct strings *strings, struct copies *copies);
int replay_closures(const struct replay *replay, struct capture *capture, struct closure_report *report,
                    bool *refused);
int replay_install(const struct replay *replay, struct installed *installed);

/* For actions_assume(), with the replay as its closure: how it went; what was not tried then counts as
 * done. */
enum outcome replay_outcome(void *closure, struct copy *copy, enum action action);

#endif
