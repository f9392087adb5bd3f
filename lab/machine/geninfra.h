/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The infrastructure model that the network itself gives.
 */
#ifndef GENINFRA_H
#define GENINFRA_H

#define PACKAGE_LAB "dydisnix-lab"

/* Prints what a machine says of itself, one Nix attribute set. */
void geninfra_print_machine(const char *machine, const char *indent);

#endif
