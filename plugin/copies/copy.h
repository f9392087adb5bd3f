/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One copy: what follows from what is known of it, from what was decided, and from what was done.
 */
#ifndef COPY_H
#define COPY_H

#include <stdbool.h>

#include "plugin/copies/copies.h"
#include "plugin/settings/options.h"

/* Whether it was left out before. */
bool copy_was_left_out(const struct copy *copy);

/* Whether it was fenced, or has to be, and its snapshot after that is not taken yet. */
bool copy_is_owed(const struct copy *copy);

/* Whether it runs, once what was decided is done; or may, so that nothing is done that would need it not
 * to. */
bool copy_lives(const struct copy *copy);

/* Whether activating it twice does no harm. */
bool copy_is_repeatable(const struct copy *copy);

/* Whether it does although it is not said to, for its activation came to no end. Only of what can be activated
 * again. */
bool copy_may_run(const struct copy *copy);

/* Nobody can tell: that came to no end, or a fence of it did, or to a bad one; and Disnix cannot be asked what
 * is active. */
bool copy_may_live(const struct copy *copy);

bool copy_surely_lives(const struct copy *copy);

/* What is left out of the manifest. */
bool copy_drops_service(const struct copy *copy, const struct options *options);
bool copy_drops_snapshot(const struct copy *copy);

/* Whether an operation of a service can be asked for: only with its type and package. Disnix leaves the
 * mapping of a package without its service, and then there is nothing that has state. */
bool operation_can_be_asked(const struct manifest *manifest, const char *service, const char *provider);

#endif
