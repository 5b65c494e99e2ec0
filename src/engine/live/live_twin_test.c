/* Twins that live: life cycle, values with where they come from, wanted and reported, freshness, a lost link,
 * and branches that nothing of the world enters or leaves. */
#include "live/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/pointer.h"
#include "testing/gm_test.h"

static char folder[64];

static gm_store *new_store(void)
{
    static int n;
    char path[128];
    gm_store *s = NULL;
    snprintf(path, sizeof path, "%s/%d.db", folder, n++);
    EXPECT(gm_store_open(&s, &gm_sql_sqlite, path, NULL) == GM_OK);
    return s;
}

static json_t *state_of(gm_store *s, const char *id)
{
    json_t *state = NULL;
    EXPECT(gm_store_read(s, id, &state, NULL) == GM_OK);
    return state;
}

static gm_value rate(double per_min, int64_t t_ms, gm_value_kind kind)
{
    return (gm_value){.pointer = "/features/vitals/properties/heartRate",
                      .value = json_real(per_min),
                      .t_ms = t_ms,
                      .unit = "/min",
                      .sd = 2,
                      .source = "monitor-7",
                      .kind = kind,
                      .stale_after_s = 10};
}

static gm_status observe(gm_store *s, const char *id, double per_min, int64_t t_ms,
                         gm_value_kind kind)
{
    gm_value v = rate(per_min, t_ms, kind);
    gm_act act = gm_act_by("test", t_ms + 5);
    gm_status status = gm_twin_observe(s, id, &v, 1, &act, NULL);
    json_decref(v.value);
    return status;
}

static void a_value_keeps_where_it_comes_from(void)
{
    gm_store *s = new_store();
    gm_act act = gm_act_by("test", 1000);
    EXPECT(gm_twin_create(s, "w:1", "dtmi:gemel:Bed;1", GM_LIFE_CREATED, NULL, &act, NULL) ==
           GM_OK);
    EXPECT(gm_twin_create(s, "w:1", NULL, GM_LIFE_CREATED, NULL, &act, NULL) == GM_ESTATE);
    EXPECT(observe(s, "w:1", 72, 2000, GM_VALUE_MEASURED) == GM_OK);
    json_t *state = state_of(s, "w:1");
    const json_t *v = gm_pointer_get(state, "/features/vitals/properties/heartRate");
    EXPECT_CLOSE(json_number_value(v), 72, 0, 0);
    const json_t *r = gm_pointer_get(state, "/_values/~1features~1vitals~1properties~1heartRate");
    EXPECT(json_integer_value(json_object_get(r, "t_ms")) == 2000);
    EXPECT(json_integer_value(json_object_get(r, "received_ms")) == 2005);
    EXPECT_CLOSE(json_number_value(json_object_get(r, "sd")), 2, 0, 0);
    EXPECT_CONTAINS(json_string_value(json_object_get(r, "unit")), "/min");
    EXPECT_CONTAINS(json_string_value(json_object_get(r, "kind")), "measured");
    EXPECT(gm_twin_life(state) == GM_LIFE_LIVE);
    json_decref(state);
    gm_store_close(s);
}

static void expect_refused(gm_store *s, gm_value v, const char *why)
{
    gm_act act = gm_act_by("test", 9);
    EXPECT(gm_twin_observe(s, "w:1", &v, 1, &act, NULL) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), why);
    json_decref(v.value);
}

static void bad_values_are_refused_and_change_nothing(void)
{
    gm_store *s = new_store();
    gm_act act = gm_act_by("test", 1000);
    gm_twin_facts f;
    EXPECT(gm_twin_create(s, "w:1", NULL, GM_LIFE_CREATED, NULL, &act, NULL) == GM_OK);
    static const char *const places[] = {"",
                                         "x",
                                         "/attributes",
                                         "/attributes/",
                                         "/_values",
                                         "/_life/x",
                                         "/features/v",
                                         "/features/v/x/y",
                                         "/features/v/properties/",
                                         "/thingId"};
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        gm_value v = rate(1, 1, GM_VALUE_MEASURED);
        v.pointer = places[k];
        expect_refused(s, v, "is no place of a value");
    }
    gm_value v = rate(1, -5, GM_VALUE_MEASURED);
    expect_refused(s, v, "before 1970");
    v = rate(1, 1, GM_VALUE_MEASURED), v.sd = -1;
    expect_refused(s, v, "standard deviation of -1");
    v = rate(1, 1, GM_VALUE_MEASURED), v.stale_after_s = 0;
    expect_refused(s, v, "stale after 0 s");
    v = rate(1, 1, GM_VALUE_MEASURED), json_decref(v.value), v.value = json_null();
    expect_refused(s, v, "null is no value");
    v = rate(1, 1, GM_VALUE_MEASURED), v.pointer = "/attributes/a~2";
    expect_refused(s, v, "is no JSON pointer");
    EXPECT(observe(s, "w:2", 1, 1, GM_VALUE_MEASURED) == GM_ENOTFOUND);
    json_t *odd = json_pack("{s:s}", "_life", "live");
    EXPECT(gm_twin_change(s, "w:1", odd, &act, NULL) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "\"_life\" is no member of a twin");
    json_decref(odd);
    EXPECT(gm_store_facts(s, "w:1", &f) == GM_OK && f.revision == 1);
    gm_store_close(s);
}

static void life_goes_its_way(void)
{
    gm_store *s = new_store();
    gm_act act = gm_act_by("test", 1);
    EXPECT(gm_twin_create(s, "w:1", NULL, GM_LIFE_LIVE, NULL, &act, NULL) == GM_EINVAL);
    EXPECT(gm_twin_create(s, "w:1", NULL, GM_LIFE_PLANNED, NULL, &act, NULL) == GM_OK);
    EXPECT(gm_twin_become(s, "w:1", GM_LIFE_LIVE, &act, NULL) == GM_ESTATE);
    EXPECT_CONTAINS(gm_error_text(), "what is planned cannot become live");
    EXPECT(gm_twin_become(s, "w:1", GM_LIFE_BOUND, &act, NULL) == GM_OK);
    EXPECT(gm_twin_become(s, "w:1", GM_LIFE_RETIRED, &act, NULL) == GM_OK);
    EXPECT(gm_twin_become(s, "w:1", GM_LIFE_LIVE, &act, NULL) == GM_ESTATE);
    EXPECT(observe(s, "w:1", 60, 2, GM_VALUE_REPORTED) == GM_ESTATE);
    EXPECT_CONTAINS(gm_error_text(), "retired");
    EXPECT(gm_twin_become(s, "w:9", GM_LIFE_BOUND, &act, NULL) == GM_ENOTFOUND);
    gm_store_close(s);
}

typedef struct {
    int n;
    char last[200];
    double age_s;
} seen;

static gm_status see_wanted(void *context, const char *feature, const char *pointer,
                            const json_t *wanted, const json_t *reported)
{
    seen *w = context;
    (void)wanted, (void)reported;
    snprintf(w->last, sizeof w->last, "%s%s", feature, pointer);
    w->n++;
    return GM_OK;
}

static gm_status see_stale(void *context, const char *pointer, double age_s, double allowed_s)
{
    seen *w = context;
    EXPECT_CLOSE(allowed_s, 10, 0, 0);
    snprintf(w->last, sizeof w->last, "%s", pointer);
    w->age_s = age_s, w->n++;
    return GM_OK;
}

static void what_is_wanted_but_not_reported_shows(void)
{
    gm_store *s = new_store();
    gm_act act = gm_act_by("test", 1);
    EXPECT(gm_twin_create(s, "d:pump", NULL, GM_LIFE_CREATED, NULL, &act, NULL) == GM_OK);
    json_t *p =
        json_loads("{\"features\":{\"pump\":{\"properties\":{\"rate\":2,\"mode\":\"on\"},"
                   "\"desiredProperties\":{\"rate\":5,\"mode\":\"on\",\"limit\":{\"a/b\":1}}}}}",
                   0, NULL);
    EXPECT(gm_twin_change(s, "d:pump", p, &act, NULL) == GM_OK);
    json_decref(p);
    json_t *state = state_of(s, "d:pump");
    seen w = {0};
    EXPECT(gm_twin_wanted(state, see_wanted, &w) == GM_OK);
    EXPECT(w.n == 2);
    EXPECT(strcmp(w.last, "pump/limit") == 0 || strcmp(w.last, "pump/rate") == 0);
    json_decref(state);
    gm_store_close(s);
}

static void an_old_value_raises_its_own_alert(void)
{
    gm_store *s = new_store();
    gm_act act = gm_act_by("test", 0);
    EXPECT(gm_twin_create(s, "w:1", NULL, GM_LIFE_CREATED, NULL, &act, NULL) == GM_OK);
    EXPECT(observe(s, "w:1", 72, 2000, GM_VALUE_MEASURED) == GM_OK);
    json_t *state = state_of(s, "w:1");
    seen w = {0};
    EXPECT(gm_twin_stale(state, 12000, see_stale, &w) == GM_OK && w.n == 0);
    EXPECT(gm_twin_stale(state, 12500, see_stale, &w) == GM_OK && w.n == 1);
    EXPECT_CLOSE(w.age_s, 10.5, 1e-12, 0);
    EXPECT_CONTAINS(w.last, "heartRate");
    json_decref(state);
    gm_store_close(s);
}

static void a_lost_link_leads_to_the_safe_state_once(void)
{
    gm_store *s = new_store();
    gm_act at[5];
    bool is_lost;
    for (int k = 0; k < 5; k++)
        at[k] = gm_act_by("test", 10000 * k);
    EXPECT(gm_twin_create(s, "d:pump", NULL, GM_LIFE_CREATED, NULL, &at[0], NULL) == GM_OK);
    EXPECT(gm_twin_beat(s, "d:pump", &at[0]) == GM_ESTATE);
    json_t *safe = json_loads("{\"pump\":{\"desiredProperties\":{\"rate\":0}}}", 0, NULL);
    EXPECT(gm_twin_watch_link(s, "d:pump", 15, safe, &at[0]) == GM_OK);
    json_decref(safe);
    EXPECT(gm_twin_check_link(s, "d:pump", &at[1], &is_lost) == GM_OK && !is_lost);
    EXPECT(gm_twin_check_link(s, "d:pump", &at[2], &is_lost) == GM_OK && is_lost);
    EXPECT(gm_twin_check_link(s, "d:pump", &at[3], &is_lost) == GM_OK && !is_lost);
    json_t *state = state_of(s, "d:pump");
    EXPECT(gm_twin_life(state) == GM_LIFE_STALE);
    EXPECT(json_is_integer(gm_pointer_get(state, "/features/pump/desiredProperties/rate")));
    json_decref(state);
    EXPECT(gm_twin_beat(s, "d:pump", &at[3]) == GM_OK);
    EXPECT(gm_twin_check_link(s, "d:pump", &at[4], &is_lost) == GM_OK && !is_lost);
    state = state_of(s, "d:pump");
    EXPECT(gm_twin_life(state) == GM_LIFE_LIVE);
    json_decref(state);
    gm_store_close(s);
}

static void nothing_goes_between_a_branch_and_the_world(void)
{
    gm_store *s = new_store();
    gm_act act = gm_act_by("test", 1);
    bool is_lost;
    EXPECT(gm_twin_create(s, "w:1", NULL, GM_LIFE_CREATED, NULL, &act, NULL) == GM_OK);
    EXPECT(observe(s, "w:1", 72, 2000, GM_VALUE_MEASURED) == GM_OK);
    EXPECT(gm_twin_watch_link(s, "w:1", 1, NULL, &act) == GM_OK);
    EXPECT(gm_store_fork(s, "w:1", GM_ANY_REVISION, (const char *[]){"w:1~b"}, 1, "test", 1) ==
           GM_OK);
    EXPECT(observe(s, "w:1~b", 200, 2001, GM_VALUE_MEASURED) == GM_ESTATE);
    EXPECT_CONTAINS(gm_error_text(), "is a branch");
    EXPECT(observe(s, "w:1~b", 200, 2001, GM_VALUE_REPORTED) == GM_ESTATE);
    EXPECT(gm_twin_beat(s, "w:1~b", &act) == GM_ESTATE);
    EXPECT(gm_twin_become(s, "w:1~b", GM_LIFE_BOUND, &act, NULL) == GM_ESTATE);
    gm_act late = gm_act_by("test", 99999999);
    EXPECT(gm_twin_check_link(s, "w:1~b", &late, &is_lost) == GM_ESTATE && !is_lost);
    EXPECT(observe(s, "w:1~b", 140, 2001, GM_VALUE_SIMULATED) == GM_OK);
    json_t *parent = state_of(s, "w:1"), *branch = state_of(s, "w:1~b");
    static const char at[] = "/features/vitals/properties/heartRate";
    EXPECT_CLOSE(json_number_value(gm_pointer_get(parent, at)), 72, 0, 0);
    EXPECT_CLOSE(json_number_value(gm_pointer_get(branch, at)), 140, 0, 0);
    json_decref(parent), json_decref(branch);
    gm_store_close(s);
}

static void pointers_follow_their_standard(void)
{
    /* RFC 6901, section 5 */
    json_t *d =
        json_loads("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
                   "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}",
                   0, NULL);
    static const struct {
        const char *pointer;
        int value;
    } rows[] = {{"/", 0},     {"/a~1b", 1}, {"/c%d", 2}, {"/e^f", 3}, {"/g|h", 4},
                {"/i\\j", 5}, {"/k\"l", 6}, {"/ ", 7},   {"/m~0n", 8}};
    EXPECT(gm_pointer_get(d, "") == d && json_is_array(gm_pointer_get(d, "/foo")));
    EXPECT_CONTAINS(json_string_value(gm_pointer_get(d, "/foo/0")), "bar");
    EXPECT(!gm_pointer_get(d, "/foo/2") && !gm_pointer_get(d, "/foo/01") &&
           !gm_pointer_get(d, "foo"));
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        const json_t *v = gm_pointer_get(d, rows[k].pointer);
        EXPECT(v && json_integer_value(v) == rows[k].value);
    }
    json_decref(d);
}

int main(int argc, char **argv)
{
    snprintf(folder, sizeof folder, "/tmp/gm_live_XXXXXX");
    if (!mkdtemp(folder)) return 1;
    RUN(a_value_keeps_where_it_comes_from);
    RUN(bad_values_are_refused_and_change_nothing);
    RUN(life_goes_its_way);
    RUN(what_is_wanted_but_not_reported_shows);
    RUN(an_old_value_raises_its_own_alert);
    RUN(a_lost_link_leads_to_the_safe_state_once);
    RUN(nothing_goes_between_a_branch_and_the_world);
    RUN(pointers_follow_their_standard);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) return 1;
    return gm_report();
}
