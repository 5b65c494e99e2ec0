/* views.h - one view as the JSON object that the page's script draws. */
#ifndef GM_REPORT_VIEWS_H
#define GM_REPORT_VIEWS_H

#include "core/text.h"
#include "kind/result.h"

/* {"kind":"series",...}. GM_EINVAL, naming the view, if an array is missing, a node is not finite
 * or a face's node does not exist; `t` may then hold half an object. */
gm_status gm_view_json_add(gm_text *t, const gm_view *v);

const char *gm_view_kind_name(gm_view_kind kind); /* "series" */

#endif
