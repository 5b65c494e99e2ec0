/* twin.h - a twin while it lives: what is said of it and by whom, what is wanted of it, and how fresh that is.
 *
 * The document of a twin (store.h folds it) has the shape that twin clients know, and four members of our own:
 *
 *   thingId, definition          who it is, and the DTDL type (a DTMI) it is of
 *   attributes                   what it is: facts and values
 *   features.<f>.properties      reported: what its parts say
 *   features.<f>.desiredProperties   wanted of them; the difference is what is still to be done
 *   _life                        planned, created, bound, live, stale, retired
 *   _values                      of each value, by pointer: t_ms (of the world), received_ms, unit (UCUM), sd,
 *                                source, kind, stale_after_s
 *   _link                        heartbeat: last_ms, timeout_s, is_lost, safe (what is wanted when it is lost)
 *   _commands                    what was asked of the world, see act/command.h
 *
 * Every value is an observation or an inference; one in a branch never comes from the world, and nothing of a
 * branch goes there. Times are ms since 1970 and arguments. Any thread.
 */
#ifndef GM_LIVE_TWIN_H
#define GM_LIVE_TWIN_H

#include "store/store.h"

typedef enum {
    GM_LIFE_PLANNED, /* thought of */
    GM_LIFE_CREATED, /* known */
    GM_LIFE_BOUND,   /* to a real thing */
    GM_LIFE_LIVE,    /* which reports */
    GM_LIFE_STALE,   /* no longer */
    GM_LIFE_RETIRED, /* kept to be read */
    GM_N_LIVES
} gm_life;
extern const char *const gm_life_names[GM_N_LIVES];
gm_life gm_twin_life(const json_t *state);         /* GM_N_LIVES: not said */
bool gm_life_may_become(gm_life from, gm_life to); /* what is retired stays so */

typedef enum {
    GM_VALUE_REPORTED,  /* by the thing itself */
    GM_VALUE_MEASURED,  /* of it */
    GM_VALUE_INFERRED,  /* by a rule or a model from others */
    GM_VALUE_SIMULATED, /* in a branch or a forecast */
    GM_VALUE_ASSUMED,   /* by a person */
    GM_N_VALUE_KINDS
} gm_value_kind;
extern const char *const gm_value_kind_names[GM_N_VALUE_KINDS]; /* "reported" ... */

typedef struct {
    const char *pointer; /* below /attributes or /features/<f>/properties */
    json_t *value;       /* not null; not taken over */
    int64_t t_ms;        /* of the world; not before 1970 */
    const char *unit;    /* UCUM; NULL: none */
    double sd;           /* in that unit; NaN: not known */
    const char *source;  /* device, person, model@version; NULL: not said */
    gm_value_kind kind;
    double stale_after_s; /* NaN: never */
} gm_value;

/* Place, time, spread and kind. GM_EINVAL says what is wrong. */
gm_status gm_value_check(const gm_value *v);

/* Who acts, and when. */
typedef struct {
    const char *by;
    int64_t now_ms;
    const char *client, *message; /* see gm_update */
    int64_t revision;             /* the twin must be at, or GM_ANY_REVISION */
} gm_act;

gm_act gm_act_by(const char *by, int64_t now_ms); /* any revision, no message */

/* type NULL: none. Fails with GM_ESTATE if it exists. attributes NULL: none. */
gm_status gm_twin_create(gm_store *s, const char *id, const char *type, gm_life life,
                         const json_t *attributes, const gm_act *act, gm_receipt *out);

/* One revision with all values. What is created becomes bound or live by being heard of; what was retired
 * refuses. Fails with GM_EINVAL (pointer, value, time, kind), GM_ENOTFOUND, GM_ESTATE. */
gm_status gm_twin_observe(gm_store *s, const char *id, const gm_value *values, size_t n,
                          const gm_act *act, gm_receipt *out);

/* The same for many twins, or many times, in order: as few transactions as possible. All are checked before any is
 * sent; receipts[n]. Fails with the first refusal of a twin; the others are stored all the same. */
typedef struct {
    const char *twin;
    const gm_value *values;
    size_t n;
    gm_act act;
} gm_value_update;
gm_status gm_twin_observe_all(gm_store *s, const gm_value_update *updates, size_t n,
                              gm_receipt *receipts);

/* Any merge patch on attributes, features and definition; what begins with "_" is not for everybody. */
gm_status gm_twin_change(gm_store *s, const char *id, const json_t *patch, const gm_act *act,
                         gm_receipt *out);
gm_status gm_twin_become(gm_store *s, const char *id, gm_life life, const gm_act *act,
                         gm_receipt *out);

/* What is wanted of a feature but not reported. */
typedef gm_status (*gm_on_wanted)(void *context, const char *feature, const char *pointer,
                                  const json_t *wanted, const json_t *reported);
gm_status gm_twin_wanted(const json_t *state, gm_on_wanted on, void *context);

/* Values older than their stale_after_s: the alert of each, with its age. */
typedef gm_status (*gm_on_stale)(void *context, const char *pointer, double age_s,
                                 double allowed_s);
gm_status gm_twin_stale(const json_t *state, int64_t now_ms, gm_on_stale on, void *context);

/* The heartbeat of the real thing: timeout_s starts the watch (0: ends it); safe (may be NULL): a merge patch on
 * features that is wanted when the link is lost. */
gm_status gm_twin_watch_link(gm_store *s, const char *id, double timeout_s, const json_t *safe,
                             const gm_act *act);
gm_status gm_twin_beat(gm_store *s, const char *id, const gm_act *act);
/* If the last beat is too old: the twin becomes stale and its safe state is wanted, once; *is_lost says so. */
gm_status gm_twin_check_link(gm_store *s, const char *id, const gm_act *act, bool *is_lost);

#endif
