#include "info/dtdl/pattern.h"

#include <pthread.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "info/dtdl/dtmi.h"

/* The metamodel has some ten patterns in all. */
enum { MOST = 32 };

static struct {
    const char *pattern; /* of the metamodel: lives as long as the program */
    pcre2_code *code;
} compiled[MOST];
static int n_compiled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static pcre2_code *code_of(const char *pattern)
{
    int error;
    PCRE2_SIZE at;
    for (int i = 0; i < n_compiled; i++)
        if (compiled[i].pattern == pattern) return compiled[i].code;
    if (n_compiled == MOST) return NULL;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &at, NULL);
    if (!code) return NULL;
    compiled[n_compiled].pattern = pattern;
    compiled[n_compiled++].code = code;
    return code;
}

bool gm_dtdl_matches(const char *pattern, const char *text)
{
    static const char NAME[] = "^[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?$";
    if (strcmp(pattern, NAME) == 0) return gm_dtdl_is_name(text); /* by far the most frequent */
    pthread_mutex_lock(&lock);
    pcre2_code *code = code_of(pattern);
    pthread_mutex_unlock(&lock);
    pcre2_match_data *m = code ? pcre2_match_data_create_from_pattern(code, NULL) : NULL;
    bool fits = m && pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, m, NULL) >= 0;
    pcre2_match_data_free(m);
    return fits;
}
