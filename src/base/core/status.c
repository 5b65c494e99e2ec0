#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char last_message[1024];

gm_status gm_fail(gm_status s, const char *fmt, ...)
{
    char text[sizeof last_message]; /* an argument may be last_message itself */
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    memcpy(last_message, text, sizeof text);
    return s;
}

gm_status gm_fail_in(gm_status s, const char *fmt, ...)
{
    char text[sizeof last_message];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text) return s;
    char both[2 * sizeof text + 8];
    snprintf(both, sizeof both, "%s: %s", text, last_message);
    memcpy(last_message, both, sizeof last_message - 1);
    return s;
}

const char *gm_error_text(void)
{
    return last_message;
}

const char *gm_status_name(gm_status s)
{
    switch (s) {
#define X(name, value, text) \
    case name: return #name;
        GM_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}
