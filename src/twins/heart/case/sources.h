/* sources.h - how an early site that lies between nodes starts the wave: the four nodes of its element
 * get the time at which the wave reaches them inside that element.
 *
 *     t_i = onset + sqrt(v' D^-1 v),   v from the site to node i, D the element's squared speeds
 *
 * Source: Alvarez-Barrientos 2023 (arXiv 2312.09887). Pure; any thread.
 */
#ifndef GM_HEART_CASE_SOURCES_H
#define GM_HEART_CASE_SOURCES_H

#include "heart/case/params.h"
#include "heart/forward/eikonal.h"
#include "heart/forward/ignition.h"

enum { GM_SEEDS_PER_SOURCE = 4 };

gm_conduction gm_heart_params_conduction(const gm_heart_params *p);

/* seeds: [GM_SEEDS_PER_SOURCE]. Returns how many were filled: 1 at a node, else 4. fast NULL: no layer. */
size_t gm_source_seeds(const gm_source *source, const gm_tetmesh *mesh, const bool *fast,
                       const gm_conduction *speeds, gm_seed seeds[]);

/* The same by ignition: all nodes round the site, continuous in its place. seeds: [GM_IGNITION_NODES]. */
size_t gm_source_ignite(const gm_source *source, const gm_ignition *ignition,
                        const gm_conduction *speeds, gm_seed seeds[]);

#endif
