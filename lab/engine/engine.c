/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/engine/engine.h"

#include <string.h>

const char *const engine_names[] = { "disnix-activate",
                                     "disnix-delete-state",
                                     "disnix-deploy",
                                     "disnix-distribute",
                                     "disnix-env",
                                     "disnix-manifest",
                                     "disnix-restore",
                                     "disnix-set",
                                     "disnix-snapshot",
                                     "dydisnix-augment-infra",
                                     "dydisnix-gendist",
                                     "dydisnix-id-assign",
                                     "dydisnix-previous-distribution",
                                     NULL };

static engine_main *const mains[] = { disnix_activate_main,
                                      disnix_delete_state_main,
                                      disnix_deploy_main,
                                      disnix_distribute_main,
                                      disnix_env_main,
                                      disnix_manifest_main,
                                      disnix_restore_main,
                                      disnix_set_main,
                                      disnix_snapshot_main,
                                      dydisnix_augment_infra_main,
                                      dydisnix_gendist_main,
                                      dydisnix_id_assign_main,
                                      dydisnix_previous_distribution_main };

engine_main *engine_find(const char *name)
{
    for (size_t i = 0; engine_names[i]; i++)
        if (strcmp(engine_names[i], name) == 0)
            return mains[i];
    return NULL;
}
