#include "cli/lab_option.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

gm_status gm_lab_of(const gm_args *args, gm_lab **out)
{
    return gm_lab_open(out, gm_args_text(args, "lab"), NULL);
}

const char *gm_by_of(const gm_args *args)
{
    const char *by = gm_args_text(args, "by"), *user = getenv("USER");
    if (by || user) return by ? by : user;
    const struct passwd *entry = getpwuid(geteuid());
    return entry ? entry->pw_name : "";
}
