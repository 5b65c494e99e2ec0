#include "info/dtdl/dtmi.h"

#include <stdlib.h>
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

/* A label that may begin with underscores; NULL: none. */
static const char *skip_free_label(const char *at)
{
    if (*at != '_') return skip_label(at);
    while (*at == '_')
        at++;
    if (!is_letter(*at) && !is_digit(*at)) return NULL;
    while (is_letter(*at) || is_digit(*at) || *at == '_')
        at++;
    return at[-1] == '_' ? NULL : at;
}

/* ";3.14" if it is there; NULL: it is wrong. */
static const char *read_version(gm_dtmi *out, const char *at)
{
    if (*at != ';') return at;
    const char *end = skip_number(at + 1, 9);
    if (!end) return NULL;
    out->major = (int)strtol(at + 1, NULL, 10);
    if (*end != '.') return end;
    const char *last = skip_number(end + 1, 6);
    if (last) out->minor = (int)strtol(end + 1, NULL, 10);
    return last;
}

bool gm_dtmi_read(gm_dtmi *out, const char *text)
{
    *out = (gm_dtmi){.fragment = ""};
    if (strlen(text) > GM_MOST_DTMI || strncmp(text, "dtmi:", 5) != 0) return false;
    const char *at = text + 4;
    while (at && *at == ':') {
        out->is_reserved |= at[1] == '_';
        at = skip_free_label(at + 1);
    }
    if (!at) return false;
    size_t n = (size_t)(at - text);
    memcpy(out->versionless, text, n);
    at = read_version(out, at);
    if (!at) return false;
    out->version = (out->major * 1e6 + out->minor) / 1e6;
    if (!*at) return true;
    const char *end = *at == '#' && at[1] ? skip_free_label(at + 1) : at + 1;
    if (*at != '#' || !end || *end) return false;
    out->is_reserved |= at[1] == '_';
    out->fragment = strcpy(out->versionless + n, at);
    return true;
}
