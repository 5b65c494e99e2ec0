/* reading.h - one element while it is read; not for others than element.c and members.c. */
#ifndef GM_INFO_DTDL_READING_H
#define GM_INFO_DTDL_READING_H

#include "info/dtdl/parse.h"

typedef struct {
    parse *p;
    const gm_dom *object;
    const place *at;
    vocabulary v;
    element *e;
} reading;

/* What the table of the unknown says of a kind of name: it may stand here. */
bool reading_tolerates(const reading *r, const char *what);

/* A member that is no keyword; members.c. */
void reading_member(reading *r, const gm_dom *c);

#endif
