/* verbs.h - the verbs that belong to no kind of twin, one cmd_<noun>.c each in this folder.
 *
 * To add one: a cmd_<noun>.c that defines a table ending with name NULL, and its line in verbs.c.
 */
#ifndef GM_CLI_VERBS_H
#define GM_CLI_VERBS_H

#include "kind/kind.h"

extern const gm_verb *const gm_verbs_of_no_kind[]; /* tables; ends with NULL */

extern const gm_verb gm_mesh_verbs[];    /* cmd_mesh.c */
extern const gm_verb gm_lab_verbs[];     /* cmd_lab.c; audit too */
extern const gm_verb gm_twin_verbs[];    /* cmd_twin.c */
extern const gm_verb gm_observe_verbs[]; /* cmd_observe.c */
extern const gm_verb gm_type_verbs[];    /* cmd_type.c */

#endif
