/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What Dysnomia does: components on this machine, as modules of their nature (nature.h) do. Each gives 0, or
 * -1 after a message.
 */
#ifndef COMPONENT_H
#define COMPONENT_H

struct component {
    const char *container;
    const char *type;
    const char *package;          /* a store path */
    const char *name;             /* its part after the hash */
    const char *const *arguments; /* "key=value"; NULL-terminated */
};

/* Records the component as active and starts its program, if it has one, until it answers. */
int component_activate(const struct component *component);

/* What has state and was never active cannot be. */
int component_deactivate(const struct component *component);

/* What should have state and has none fails. The snapshot becomes the newest of the component, unless the
 * newest has the same content. */
int component_snapshot(const struct component *component);

/* As of a server that is down, where nobody looks at how the dump ended. */
int component_snapshot_nothing(const struct component *component);

/* The newest snapshot becomes the state; without one nothing happens. A program that runs is stopped
 * meanwhile. */
int component_restore(const struct component *component);

/* Only of what was active and is so no longer. */
int component_delete_state(const struct component *component);

/* A shell with the component's environment; command NULL or empty: interactive. Returns only if it fails. */
int component_shell(const struct component *component, const char *command);

#endif
