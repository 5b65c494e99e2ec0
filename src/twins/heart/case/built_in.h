/* built_in.h - the case for those who have no mesh: the parametric anatomy and a standard torso. */
#ifndef GM_HEART_CASE_BUILT_IN_H
#define GM_HEART_CASE_BUILT_IN_H

#include "heart/anatomy/anatomy.h"
#include "heart/case/case.h"

/* params NULL: the defaults of heart/anatomy/anatomy.h. The fast layer is the tets that touch the
 * endocardium; constants are the defaults. Fails as gm_anatomy_build() does. */
gm_status gm_heart_case_from_anatomy(gm_heart_case **out, const gm_anatomy_params *params,
                                     gm_threads *threads);

#endif
