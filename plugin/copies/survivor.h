/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which copy of the state lives: make before break, for a component, never for a machine. A copy is stopped
 * only when another one is known to run; what is stopped is saved before and after that; nothing else on its
 * target is touched; doubt is remembered and shown, see disputes.h. Pure: it reads nothing but its inputs.
 *
 * dydisnix-reconstruct(1) tells the rule to an operator.
 */
#ifndef SURVIVOR_H
#define SURVIVOR_H

#include "plugin/copies/evidence.h"

/* Decides about all copies by what is known of them and by how the actions went so far, and says what is to
 * be done next. To be called again after that, until nothing is wanted any more. 0, or -1: no memory. */
int survivors_choose(struct copies *copies, const struct judgement *judgement);

#endif
