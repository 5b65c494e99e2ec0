#include "heart/case/params.h"

#include "heart/case/files_for_tests.h"
#include "testing/gm_test.h"

static gm_status parse(const char *text, gm_heart_params *p)
{
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    EXPECT(document != NULL);
    gm_status s = gm_heart_params_from_json(p, document, "params.json");
    json_decref(document);
    return s;
}

static void what_is_not_said_has_the_documented_default(void)
{
    gm_heart_params p;
    EXPECT(parse("{\"sites\": [{\"node\": 3}]}", &p) == GM_OK);
    EXPECT(p.n_sites == 1 && p.sites[0].kind == GM_SITE_NODE && p.sites[0].node == 3);
    EXPECT(p.sites[0].onset_ms == 0);
    EXPECT(p.v_f_m_s == 0.6 && p.v_t_ratio == 0.42 && p.fast_layer_factor == 1);
    EXPECT(!p.has_apd);
}

static void what_is_written_reads_back_the_same(void)
{
    gm_heart_params p, again;
    EXPECT(parse("{\"sites\": [{\"node\": 17, \"onset_ms\": -2.5},"
                 "{\"xyz_mm\": [1.25, -3, 40.1], \"onset_ms\": 5},"
                 "{\"uvc\": {\"ventricle\": \"rv\", \"ab\": 0.4, \"rt\": 0.7}, \"onset_ms\": 8}],"
                 "\"v_f_m_s\": 0.7, \"v_t_ratio\": 0.35, \"fast_layer_factor\": 3.5,"
                 "\"apd\": {\"min_ms\": 240, \"max_ms\": 300, \"g_ab\": 0.2, \"g_aprt\": -0.1,"
                 "\"g_rvlv\": 0.3, \"g_tm\": -1}}",
                 &p) == GM_OK);
    EXPECT(p.n_sites == 3 && p.has_apd && p.apd.g_tm == -1 && p.apd.max_ms == 300);
    EXPECT(p.sites[1].kind == GM_SITE_XYZ && p.sites[1].xyz_mm[2] == 40.1);
    EXPECT(p.sites[2].uvc.ventricle == GM_VENTRICLE_RV && p.sites[2].uvc.rt == 0.7);
    json_t *written = gm_heart_params_to_json(&p);
    gm_text text = {0};
    EXPECT(written && gm_json_write(written, 17, &text) == GM_OK);
    EXPECT(parse(text.data, &again) == GM_OK);
    EXPECT(again.n_sites == 3 && again.sites[0].onset_ms == -2.5 && again.sites[0].node == 17);
    EXPECT(memcmp(again.sites[1].xyz_mm, p.sites[1].xyz_mm, sizeof p.sites[1].xyz_mm) == 0);
    EXPECT(again.sites[2].uvc.ab == 0.4 && again.v_t_ratio == 0.35 && again.apd.g_ab == 0.2);
    gm_text_free(&text);
    json_decref(written);
}

/* Each refused text, and what the message must contain: place, value, what is allowed. */
static const char *const bad[][4] = {
    {"[]", "expected an object", "", ""},
    {"{}", "\"sites\" is missing", "1 to 1024", ""},
    {"{\"sites\": {}}", "\"sites\" has 0 entries", "1 to 1024", ""},
    {"{\"sites\": []}", "\"sites\" has 0 entries", "1 to 1024", ""},
    {"{\"sites\": [7]}", "sites[0]", "expected an object", ""},
    {"{\"sites\": [{\"onset_ms\": 0}]}", "sites[0]", "0 of \"node\", \"xyz_mm\" and \"uvc\"",
     "exactly one"},
    {"{\"sites\": [{\"node\": 1}, {\"node\": 1, \"xyz_mm\": [0,0,0]}]}", "sites[1]", "2 of",
     "exactly one"},
    {"{\"sites\": [{\"node\": -1}]}", "\"node\" is -1", "allowed 0", ""},
    {"{\"sites\": [{\"node\": 4294967296}]}", "\"node\" is 4294967296", "allowed 0", ""},
    {"{\"sites\": [{\"node\": 1.5}]}", "\"node\" must be a whole number", "", ""},
    {"{\"sites\": [{\"xyz_mm\": [1, 2]}]}", "\"xyz_mm\" must be three numbers", "mm", ""},
    {"{\"sites\": [{\"xyz_mm\": [1, 2, \"3\"]}]}", "\"xyz_mm\"[2]", "allowed numbers", ""},
    {"{\"sites\": [{\"xyz_mm\": [1, 1e9, 3]}]}", "\"xyz_mm\"[1] is 1e+09", "10000 mm", ""},
    {"{\"sites\": [{\"node\": 1, \"onset_ms\": 5000}]}", "\"onset_ms\" is 5000 ms", "-1000 to 1000",
     ""},
    {"{\"sites\": [{\"node\": 1, \"onset_ms\": null}]}", "\"onset_ms\" must be a number", "", ""},
    {"{\"sites\": [{\"node\": 1, \"onset\": 5}]}", "unknown key \"onset\"", "onset_ms", ""},
    {"{\"sites\": [{\"uvc\": {\"ventricle\": \"la\", \"ab\": 0, \"rt\": 0}}]}",
     "\"ventricle\" is \"la\"", "\"lv\" or \"rv\"", ""},
    {"{\"sites\": [{\"uvc\": {\"ventricle\": \"lv\", \"ab\": 1.2, \"rt\": 0}}]}", "\"ab\" is 1.2",
     "0 to 1", ""},
    {"{\"sites\": [{\"uvc\": {\"ventricle\": \"lv\", \"ab\": 0.2}}]}", "\"rt\" is missing", "", ""},
    {"{\"sites\": [{\"node\": 1}], \"v_f_m_s\": 600}", "\"v_f_m_s\" is 600 m/s", "0.1 to 3", ""},
    {"{\"sites\": [{\"node\": 1}], \"v_t_ratio\": 0}", "\"v_t_ratio\" is 0", "0.1 to 1", ""},
    {"{\"sites\": [{\"node\": 1}], \"fast_layer_factor\": 0.5}", "\"fast_layer_factor\" is 0.5",
     "1 to 20", ""},
    {"{\"sites\": [{\"node\": 1}], \"speed\": 1}", "unknown key \"speed\"", "v_f_m_s", ""},
    {"{\"sites\": [{\"node\": 1}], \"apd\": 250}", "apd", "expected an object", ""},
    {"{\"sites\": [{\"node\": 1}], \"apd\": {\"min_ms\": 240}}", "\"max_ms\" is missing", "", ""},
    {"{\"sites\": [{\"node\": 1}], \"apd\": {\"min_ms\": 0.24, \"max_ms\": 0.3}}",
     "\"min_ms\" is 0.24 ms", "100 to 500", ""},
    {"{\"sites\": [{\"node\": 1}], \"apd\": {\"min_ms\": 300, \"max_ms\": 240}}",
     "\"min_ms\" is 300 ms", "\"max_ms\" = 240", ""},
    {"{\"sites\": [{\"node\": 1}], \"apd\": {\"min_ms\": 240, \"max_ms\": 300, \"g_tm\": 2}}",
     "\"g_tm\" is 2", "-1 to 1", ""},
};

static void malformed_parameters_are_refused_with_place_value_and_what_is_allowed(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gm_heart_params p = {.n_sites = 99};
        EXPECT(parse(bad[i][0], &p) == GM_EFORMAT);
        EXPECT_CONTAINS(gm_error_text(), "params.json");
        for (int k = 1; k < 4; k++)
            EXPECT_CONTAINS(gm_error_text(), bad[i][k]);
        EXPECT(p.n_sites == 99); /* untouched */
    }
}

static void more_sites_than_allowed_are_refused(void)
{
    gm_text t = {0};
    gm_text_add(&t, "{\"sites\": [{\"node\": 0}");
    for (int i = 1; i <= GM_SITES_MAX; i++)
        gm_text_add(&t, ", {\"node\": 1}");
    gm_text_add(&t, "]}");
    gm_heart_params p;
    EXPECT(parse(t.data, &p) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "1025 entries");
    gm_text_free(&t);
}

static void a_file_that_is_no_json_names_line_and_column(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    gm_put(folder, "params.json", "{\"sites\": [\n{\"node\": 1},,]}");
    char *path = gm_path_join(folder, "params.json");
    gm_heart_params p;
    EXPECT(gm_heart_params_read(&p, path) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "params.json:2:");
    gm_put(folder, "params.json", "{\"sites\": [{\"node\": 1}], \"v_f_m_s\": 1e999}");
    EXPECT(gm_heart_params_read(&p, path) == GM_EFORMAT);
    gm_put(folder, "params.json", "{\"sites\": [{\"node\": 1}], \"v_f_m_s\": 1, \"v_f_m_s\": 2}");
    EXPECT(gm_heart_params_read(&p, path) == GM_EFORMAT);
    gm_put(folder, "params.json", "{\"sites\": [{\"node\": 1}], \"v_f_m_s\": NaN}");
    EXPECT(gm_heart_params_read(&p, path) == GM_EFORMAT);
    gm_free(path);
    gm_folder_drop(folder);
}

static void the_anterior_coordinate_runs_both_ways_between_the_junctions(void)
{
    EXPECT(gm_heart_aprt(0) == 0);
    EXPECT_CLOSE(gm_heart_aprt(2.0 / 3), 1, 1e-15, 0);
    EXPECT_CLOSE(gm_heart_aprt(1.0 / 3), 0.5, 1e-15, 0);
    EXPECT_CLOSE(gm_heart_aprt(5.0 / 6), 0.5, 1e-15, 0);
    EXPECT_CLOSE(gm_heart_aprt(1), 0, 0, 1e-15);
}

int main(int argc, char **argv)
{
    RUN(what_is_not_said_has_the_documented_default);
    RUN(what_is_written_reads_back_the_same);
    RUN(malformed_parameters_are_refused_with_place_value_and_what_is_allowed);
    RUN(more_sites_than_allowed_are_refused);
    RUN(a_file_that_is_no_json_names_line_and_column);
    RUN(the_anterior_coordinate_runs_both_ways_between_the_junctions);
    return gm_report();
}
