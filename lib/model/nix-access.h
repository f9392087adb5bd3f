/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether this user may do with Nix what a deployment needs, before anything is done that would be in vain.
 */
#ifndef NIX_ACCESS_H
#define NIX_ACCESS_H

/* Makes the directory of a profile if it is not there: a Nix daemon of 2.26 and later does not make those of
 * users. 0, or -1 after a message: it is not there or this user may not write to it. */
int nix_prepare_profile(const char *profile);

/* Whether that would succeed; nothing is made. 0, or -1 after a message. */
int nix_check_profile(const char *profile);

/* Imports a path that nobody has signed, as closures of targets come: a Nix daemon takes it only from users
 * whom it trusts. 0; NIX_UNTRUSTED, or -1 for anything else, after a message. */
enum { NIX_UNTRUSTED = 1 };
int nix_check_import(void);

#endif
