/* lab_option.h - the lab that a verb works in: --lab DIR, else ./lab. */
#ifndef GM_CLI_LAB_OPTION_H
#define GM_CLI_LAB_OPTION_H

#include "kind/kind.h"
#include "store/lab.h"

#define GM_LAB_OPTION                                                    \
    {                                                                    \
        "lab", GM_ARG_FILE, "DIR", 0, 0, NULL, "lab", "the lab's folder" \
    }
#define GM_BY_OPTION                                                                   \
    {                                                                                  \
        "by", GM_ARG_TEXT, "WHO", 0, 0, NULL, NULL,                                    \
            "who does this, for the audit log; default: the name you are logged in by" \
    }

gm_status gm_lab_of(const gm_args *args, gm_lab **out);
const char *gm_by_of(const gm_args *args);

#endif
