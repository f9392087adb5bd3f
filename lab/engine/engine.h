/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lab's stand-in for the programs that Disnix and Dynamic Disnix run on the coordinator: same names,
 * options, exit statuses and messages.
 */
#ifndef ENGINE_H
#define ENGINE_H

typedef int engine_main(int count, char **arguments);

/* The program of that name (disnix-env, dydisnix-gendist, …); NULL: none of them. */
engine_main *engine_find(const char *name);

/* The names of all of them, NULL-terminated. */
extern const char *const engine_names[];

engine_main disnix_activate_main, disnix_deploy_main, disnix_distribute_main, disnix_set_main;
engine_main disnix_delete_state_main, disnix_restore_main;
engine_main disnix_snapshot_main;
engine_main disnix_env_main, disnix_manifest_main;
engine_main dydisnix_augment_infra_main, dydisnix_gendist_main, dydisnix_id_assign_main;
engine_main dydisnix_previous_distribution_main;

#endif
