#include "store/sql.h"

#include <string.h>

gm_sql_value gm_sql_text(const char *text)
{
    if (!text) return (gm_sql_value){0};
    return (gm_sql_value){GM_SQL_TEXT, 0, text, strlen(text)};
}

gm_sql_value gm_sql_bytes(const void *bytes, size_t length)
{
    return (gm_sql_value){GM_SQL_BYTES, 0, length ? bytes : "", length};
}
