#include "info/dtdl/dtmi.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind the label; NULL: none. */
static const char *skip_label(const char *at)
{
    if (!is_letter(*at)) return NULL;
    while (is_letter(*at) || is_digit(*at) || *at == '_')
        at++;
    return at[-1] == '_' ? NULL : at;
}

/* [1-9] and up to `most` - 1 more digits. */
static const char *skip_number(const char *at, int most)
{
    int n = 0;
    if (*at == '0') return NULL;
    while (is_digit(*at) && n < most)
        at++, n++;
    return n > 0 ? at : NULL;
}

bool gm_dtdl_is_name(const char *text)
{
    const char *end = skip_label(text);
    return end && !*end;
}

bool gm_dtmi_is(const char *text, int dtdl_version)
{
    if (strncmp(text, "dtmi:", 5) != 0) return false;
    const char *at = text + 4;
    while (at && *at == ':')
        at = skip_label(at + 1);
    if (!at) return false;
    if (*at != ';') return *at == 0 && dtdl_version > 2;
    at = skip_number(at + 1, 9);
    if (at && *at == '.' && dtdl_version > 2) at = skip_number(at + 1, 6);
    return at && !*at;
}
