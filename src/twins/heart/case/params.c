#include "heart/case/params.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

/* Ranges of params.json, as the header documents them. */
#define MAX_ONSET_MS 1000.0
#define MAX_PLACE_MM 10000.0
#define MIN_SPEED_M_S 0.1
#define MAX_SPEED_M_S 3.0
#define MIN_RATIO 0.1
#define MAX_LAYER_FACTOR 20.0
#define MIN_APD_MS 100.0
#define MAX_APD_MS 500.0

enum { WHERE_BYTES = 512 };

gm_heart_params gm_heart_params_defaults(void)
{
    return (gm_heart_params){.v_f_m_s = 0.6, .v_t_ratio = 0.42, .fast_layer_factor = 1};
}

static gm_status need_key(const json_t *object, const char *where, const char *key,
                          const char *what)
{
    if (json_object_get(object, key)) return GM_OK;
    return gm_fail(GM_EFORMAT, "%s: \"%s\" is missing (%s)", where, key, what);
}

static gm_status read_node(const json_t *value, const char *where, gm_site *site)
{
    if (!json_is_integer(value))
        return gm_fail(GM_EFORMAT, "%s: \"node\" must be a whole number", where);
    json_int_t node = json_integer_value(value);
    if (node < 0 || node > INT32_MAX)
        return gm_fail(GM_EFORMAT, "%s: \"node\" is %lld, allowed 0 to the last node of the mesh",
                       where, (long long)node);
    site->kind = GM_SITE_NODE;
    site->node = (int32_t)node;
    return GM_OK;
}

static gm_status read_xyz(const json_t *value, const char *where, gm_site *site)
{
    if (!json_is_array(value) || json_array_size(value) != 3)
        return gm_fail(GM_EFORMAT, "%s: \"xyz_mm\" must be three numbers [x, y, z] in mm", where);
    for (size_t k = 0; k < 3; k++) {
        const json_t *x = json_array_get(value, k);
        double v = json_is_number(x) ? json_number_value(x) : NAN;
        if (!(fabs(v) <= MAX_PLACE_MM))
            return gm_fail(GM_EFORMAT,
                           "%s: \"xyz_mm\"[%zu] is %g, allowed numbers of at most %g mm", where, k,
                           v, MAX_PLACE_MM);
        site->xyz_mm[k] = v;
    }
    site->kind = GM_SITE_XYZ;
    return GM_OK;
}

static gm_status read_uvc(const json_t *value, const char *where, gm_site *site)
{
    static const char *const keys[] = {"ventricle", "ab", "rt", NULL};
    char inner[WHERE_BYTES + 8];
    snprintf(inner, sizeof inner, "%s: uvc", where);
    GM_TRY(gm_json_only_keys(value, inner, keys));
    GM_TRY(need_key(value, inner, "ventricle", "\"lv\" or \"rv\""));
    GM_TRY(need_key(value, inner, "ab", "0 apex to 1 base"));
    GM_TRY(need_key(value, inner, "rt", "0 to 1 around the ventricle"));
    const char *name = "";
    GM_TRY(gm_json_string(value, inner, "ventricle", &name));
    if (strcmp(name, "lv") && strcmp(name, "rv"))
        return gm_fail(GM_EFORMAT, "%s: \"ventricle\" is \"%.40s\", allowed \"lv\" or \"rv\"",
                       inner, name);
    site->uvc.ventricle = name[0] == 'l' ? GM_VENTRICLE_LV : GM_VENTRICLE_RV;
    GM_TRY(gm_json_real(value, inner, "ab", "", 0, 1, &site->uvc.ab));
    GM_TRY(gm_json_real(value, inner, "rt", "", 0, 1, &site->uvc.rt));
    site->kind = GM_SITE_UVC;
    return GM_OK;
}

static gm_status read_site(const json_t *object, const char *where, gm_site *site)
{
    static const char *const keys[] = {"node", "xyz_mm", "uvc", "onset_ms", NULL};
    GM_TRY(gm_json_only_keys(object, where, keys));
    const json_t *node = json_object_get(object, "node");
    const json_t *xyz = json_object_get(object, "xyz_mm");
    const json_t *uvc = json_object_get(object, "uvc");
    int n = (node != NULL) + (xyz != NULL) + (uvc != NULL);
    if (n != 1)
        return gm_fail(GM_EFORMAT,
                       "%s: %d of \"node\", \"xyz_mm\" and \"uvc\" are given; exactly one must be",
                       where, n);
    GM_TRY(gm_json_real(object, where, "onset_ms", "ms", -MAX_ONSET_MS, MAX_ONSET_MS,
                        &site->onset_ms));
    if (node) return read_node(node, where, site);
    return xyz ? read_xyz(xyz, where, site) : read_uvc(uvc, where, site);
}

static gm_status read_sites(const json_t *array, const char *name, gm_heart_params *p)
{
    if (!array)
        return gm_fail(GM_EFORMAT,
                       "%.300s: \"sites\" is missing: 1 to %d places where "
                       "activation starts",
                       name, GM_SITES_MAX);
    size_t n = json_array_size(array);
    if (!json_is_array(array) || n < 1 || n > GM_SITES_MAX)
        return gm_fail(GM_EFORMAT, "%.300s: \"sites\" has %zu entries, allowed an array of 1 to %d",
                       name, n, GM_SITES_MAX);
    for (size_t i = 0; i < n; i++) {
        char where[WHERE_BYTES];
        snprintf(where, sizeof where, "%.300s: sites[%zu]", name, i);
        GM_TRY(read_site(json_array_get(array, i), where, &p->sites[i]));
    }
    p->n_sites = n;
    return GM_OK;
}

static gm_status read_apd(const json_t *object, const char *name, gm_heart_params *p)
{
    if (!object) return GM_OK;
    static const char *const keys[] = {"min_ms", "max_ms", "g_ab", "g_aprt",
                                       "g_rvlv", "g_tm",   NULL};
    char where[WHERE_BYTES];
    snprintf(where, sizeof where, "%.300s: apd", name);
    GM_TRY(gm_json_only_keys(object, where, keys));
    GM_TRY(need_key(object, where, "min_ms", "shortest action potential, ms"));
    GM_TRY(need_key(object, where, "max_ms", "longest action potential, ms"));
    gm_apd *a = &p->apd;
    GM_TRY(gm_json_real(object, where, "min_ms", "ms", MIN_APD_MS, MAX_APD_MS, &a->min_ms));
    GM_TRY(gm_json_real(object, where, "max_ms", "ms", MIN_APD_MS, MAX_APD_MS, &a->max_ms));
    GM_TRY(gm_json_real(object, where, "g_ab", "", -1, 1, &a->g_ab));
    GM_TRY(gm_json_real(object, where, "g_aprt", "", -1, 1, &a->g_aprt));
    GM_TRY(gm_json_real(object, where, "g_rvlv", "", -1, 1, &a->g_rvlv));
    GM_TRY(gm_json_real(object, where, "g_tm", "", -1, 1, &a->g_tm));
    if (a->min_ms > a->max_ms)
        return gm_fail(GM_EFORMAT, "%s: \"min_ms\" is %g ms, more than \"max_ms\" = %g ms", where,
                       a->min_ms, a->max_ms);
    p->has_apd = true;
    return GM_OK;
}

gm_status gm_heart_params_from_json(gm_heart_params *out, const json_t *document, const char *name)
{
    static const char *const keys[] = {"sites", "v_f_m_s", "v_t_ratio", "fast_layer_factor",
                                       "apd",   NULL};
    gm_heart_params p = gm_heart_params_defaults();
    GM_TRY(gm_json_only_keys(document, name, keys));
    GM_TRY(read_sites(json_object_get(document, "sites"), name, &p));
    GM_TRY(
        gm_json_real(document, name, "v_f_m_s", "m/s", MIN_SPEED_M_S, MAX_SPEED_M_S, &p.v_f_m_s));
    GM_TRY(gm_json_real(document, name, "v_t_ratio", "", MIN_RATIO, 1, &p.v_t_ratio));
    GM_TRY(gm_json_real(document, name, "fast_layer_factor", "", 1, MAX_LAYER_FACTOR,
                        &p.fast_layer_factor));
    GM_TRY(read_apd(json_object_get(document, "apd"), name, &p));
    *out = p;
    return GM_OK;
}

gm_status gm_heart_params_read(gm_heart_params *out, const char *path)
{
    json_t *document;
    GM_TRY(gm_json_read_file(&document, path));
    gm_status s = gm_heart_params_from_json(out, document, path);
    json_decref(document);
    return s;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static json_t *site_json(const gm_site *site)
{
    switch (site->kind) {
    case GM_SITE_NODE:
        return json_pack("{s:i, s:f}", "node", (int)site->node, "onset_ms", site->onset_ms);
    case GM_SITE_XYZ:
        return json_pack("{s:[f,f,f], s:f}", "xyz_mm", site->xyz_mm[0], site->xyz_mm[1],
                         site->xyz_mm[2], "onset_ms", site->onset_ms);
    default:
        return json_pack("{s:{s:s, s:f, s:f}, s:f}", "uvc", "ventricle",
                         site->uvc.ventricle == GM_VENTRICLE_LV ? "lv" : "rv", "ab", site->uvc.ab,
                         "rt", site->uvc.rt, "onset_ms", site->onset_ms);
    }
}

json_t *gm_heart_params_to_json(const gm_heart_params *p)
{
    json_t *sites = json_array();
    bool lost = !sites;
    for (size_t i = 0; i < p->n_sites; i++)
        lost |= json_array_append_new(sites, site_json(&p->sites[i])) != 0;
    json_t *out = json_pack("{s:o, s:f, s:f, s:f}", "sites", sites, "v_f_m_s", p->v_f_m_s,
                            "v_t_ratio", p->v_t_ratio, "fast_layer_factor", p->fast_layer_factor);
    if (out && p->has_apd) {
        const gm_apd *a = &p->apd;
        json_t *apd =
            json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "min_ms", a->min_ms, "max_ms", a->max_ms,
                      "g_ab", a->g_ab, "g_aprt", a->g_aprt, "g_rvlv", a->g_rvlv, "g_tm", a->g_tm);
        lost |= json_object_set_new(out, "apd", apd) != 0;
    }
    if (!lost) return out;
    json_decref(out);
    return NULL;
}
