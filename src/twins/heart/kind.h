/* kind.h - the heart as a kind of twin: its name and its verbs. */
#ifndef GM_HEART_KIND_H
#define GM_HEART_KIND_H

#include "kind/kind.h"

extern const gm_kind gm_heart_kind;

#endif
