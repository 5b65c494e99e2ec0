#include "report/report.h"

#include "report/assets.h"
#include "report/encode.h"
#include "report/fixture.h"
#include "testing/gm_test.h"

static gm_result *result(void)
{
    gm_result *r = NULL;
    EXPECT(gm_result_create(&r) == GM_OK);
    return r;
}

/* The page of a result, which it destroys; the caller frees the text. */
static gm_text page_of(gm_result *r)
{
    gm_text page = {0};
    EXPECT(gm_report_html(r, &page) == GM_OK);
    gm_result_destroy(r);
    return page;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; p && (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void base64_gives_the_vectors_of_rfc_4648(void)
{
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const coded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (int i = 0; i < 7; i++) {
        gm_text t = {0};
        gm_base64_add(&t, plain[i], strlen(plain[i]));
        EXPECT(strcmp(t.data, coded[i]) == 0);
        gm_text_free(&t);
    }
}

static void html_and_json_texts_cannot_leave_their_place(void)
{
    gm_text t = {0};
    gm_html_add(&t, "a<b> & \"c\" 'd' \x01\n");
    EXPECT(strcmp(t.data, "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; \xef\xbf\xbd\n") == 0);
    gm_text_free(&t);
    gm_json_string_add(&t, "</script>\"\\\n&\xe2\x80\xa8\xe2\x80\xa9 \xc3\xa4");
    EXPECT(strcmp(t.data,
                  "\"\\u003c/script\\u003e\\u0022\\u005c\\u000a\\u0026\\u2028\\u2029 \xc3\xa4\"") ==
           0);
    gm_text_free(&t);
}

static void bytes_that_are_no_utf8_become_the_replacement_character(void)
{
    /* Alone, overlong, surrogate, above the last character, cut off at the end. */
    static const char *const bad[] = {"\xff",     "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe2\x82", "\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gm_text t = {0};
        gm_html_add(&t, bad[i]);
        EXPECT(count(t.data, "\xef\xbf\xbd") == strlen(bad[i]));
        EXPECT(t.length == 3 * strlen(bad[i]));
        gm_text_free(&t);
    }
    gm_text t = {0};
    gm_html_add(&t, "\xe2\x82\xac\xf0\x9f\xab\x80"); /* euro sign, heart: well formed */
    EXPECT(strcmp(t.data, "\xe2\x82\xac\xf0\x9f\xab\x80") == 0);
    gm_text_free(&t);
}

static void packed_reals_hold_their_range_and_mark_no_value(void)
{
    gm_text t = {0};
    gm_packed_reals_add(&t, (double[]){-1, 1, NAN, 0, INFINITY}, 5);
    /* 0, 65534, 65535, 32767, 65535 in little-endian bytes. */
    EXPECT_CONTAINS(t.data, "{\"n\":5,\"low\":-1,\"high\":1,\"u16\":\"AAD+/////3///w==\"}");
    gm_text_free(&t);
    gm_packed_reals_add(&t, (double[]){NAN}, 1);
    EXPECT_CONTAINS(t.data, "\"low\":0,\"high\":0,\"u16\":\"//8=\"");
    gm_text_free(&t);
    gm_packed_reals_add(&t, (double[]){-1.7e308, 1.7e308}, 2);
    EXPECT_CONTAINS(t.data, "\"u16\":\"AAD+/w==\"");
    gm_text_free(&t);
}

static void texts_of_a_result_are_escaped_everywhere(void)
{
    static const char evil[] = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    gm_result *r = result();
    EXPECT(gm_result_set_title(r, evil) == GM_OK);
    EXPECT(gm_result_say(r, "%s", evil) == GM_OK);
    EXPECT(gm_result_add_table(r, evil, evil, 1, 1, (const char *const[]){evil}) == GM_OK);
    json_object_set_new(r->values, evil, json_string(evil));
    gm_view *v;
    EXPECT(gm_result_add_view(r, GM_VIEW_BARS, evil, evil, &v) == GM_OK);
    v->as.bars.n = 1;
    v->as.bars.unit = gm_strdup(evil);
    v->as.bars.values = gm_calloc(1, sizeof(double));
    v->as.bars.names = gm_calloc(1, sizeof(char *));
    v->as.bars.names[0] = gm_strdup(evil);
    gm_text page = page_of(r);
    EXPECT(count(page.data, "<script") == 2); /* the data and the page's own */
    EXPECT(count(page.data, "</script>") == 2);
    EXPECT(count(page.data, "<img") == 0);
    gm_text_free(&page);
}

static void the_page_asks_for_nothing_from_outside(void)
{
    gm_text page = page_of(result());
    EXPECT_CONTAINS(page.data, "default-src 'none'");
    EXPECT_CONTAINS(page.data, "script-src 'sha256-");
    EXPECT(count(page.data, "src=") == 0 && count(page.data, "@import") == 0);
    EXPECT(count(page.data, "url(http") == 0 && count(page.data, "<link") == 0);
    EXPECT(count(gm_report_js, "</script") == 0 && count(gm_report_css, "</style") == 0);
    EXPECT(count(gm_report_js, "eval(") == 0 && count(gm_report_js, "innerHTML") == 0);
    gm_text_free(&page);
}

static void an_empty_result_gives_a_page(void)
{
    gm_text page = page_of(result());
    EXPECT_CONTAINS(page.data, "<h1>Gemel report</h1>");
    EXPECT_CONTAINS(page.data, "This result has no pictures.");
    EXPECT_CONTAINS(page.data, "{\"views\":[\n]}");
    gm_text_free(&page);
}

static void views_without_content_give_a_page(void)
{
    static const gm_view_kind kinds[] = {GM_VIEW_TABLE, GM_VIEW_SERIES, GM_VIEW_SURFACE,
                                         GM_VIEW_BARS, GM_VIEW_DISC};
    gm_result *r = result();
    gm_view *v;
    for (size_t i = 0; i < 5; i++)
        EXPECT(gm_result_add_view(r, kinds[i], "nothing", "", &v) == GM_OK);
    gm_text page = page_of(r);
    EXPECT(count(page.data, "<section") == 5);
    gm_text_free(&page);
}

static void values_that_are_not_finite_are_written_as_no_value(void)
{
    gm_result *r = result();
    gm_view *v;
    EXPECT(gm_result_add_view(r, GM_VIEW_DISC, "disc", "", &v) == GM_OK);
    v->as.disc.n_rings = 1;
    v->as.disc.n_sectors = 3;
    v->as.disc.values = gm_calloc(3, sizeof(double));
    v->as.disc.values[0] = NAN;
    v->as.disc.values[1] = INFINITY;
    v->as.disc.values[2] = 1.5;
    gm_text page = page_of(r);
    EXPECT_CONTAINS(page.data, "\"values\":[null,null,1.5]");
    gm_text_free(&page);
}

static void a_face_without_its_node_is_refused_by_number(void)
{
    gm_result *r = result();
    gm_view *v;
    EXPECT(gm_result_add_view(r, GM_VIEW_SURFACE, "heart", "", &v) == GM_OK);
    v->as.surface.nodes_mm = gm_calloc(3, sizeof(float[3]));
    v->as.surface.faces = gm_calloc(2, sizeof(int32_t[3]));
    v->as.surface.n_nodes = 3;
    v->as.surface.n_faces = 2;
    v->as.surface.faces[1][2] = 3;
    gm_text page = {0};
    gm_text_add(&page, "before");
    EXPECT(gm_report_html(r, &page) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "\"heart\": face 1 has node 3, allowed 0..2");
    v->as.surface.faces[1][2] = -1;
    EXPECT(gm_report_html(r, &page) == GM_EINVAL);
    v->as.surface.faces[1][2] = 2;
    v->as.surface.nodes_mm[1][0] = NAN;
    EXPECT(gm_report_html(r, &page) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "node 1 is not finite");
    EXPECT(strcmp(page.data, "before") == 0);
    gm_text_free(&page);
    gm_result_destroy(r);
}

static void a_view_with_an_array_missing_is_refused(void)
{
    gm_result *r = result();
    gm_view *v;
    EXPECT(gm_result_add_view(r, GM_VIEW_BARS, "bars", "", &v) == GM_OK);
    v->as.bars.n = 2;
    gm_text page = {0};
    EXPECT(gm_report_html(r, &page) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "view \"bars\" (bars) has no values");
    EXPECT(page.length == 0);
    gm_result_destroy(r);
}

static void sixty_thousand_triangles_stay_small(void)
{
    gm_result *r = result();
    EXPECT(fixture_surface(r) == GM_OK);
    gm_text page = page_of(r);
    EXPECT_BELOW((double)page.length, 1.3e6); /* bytes; as plain text it would be 3 MB */
    gm_text_free(&page);
}

static void no_memory_is_a_failure_and_leaves_the_text_alone(void)
{
    gm_result *r = NULL;
    EXPECT(fixture_result(&r) == GM_OK);
    gm_status s = GM_ENOMEM;
    long n = 0;
    for (; s != GM_OK && n < 200; n++) {
        gm_text page = {0};
        gm_alloc_fail_after(n);
        s = gm_report_html(r, &page);
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_OK || (s == GM_ENOMEM && page.length == 0));
        gm_text_free(&page);
    }
    EXPECT(s == GM_OK && n > 3);
    gm_result_destroy(r);
}

int main(int argc, char **argv)
{
    RUN(base64_gives_the_vectors_of_rfc_4648);
    RUN(html_and_json_texts_cannot_leave_their_place);
    RUN(bytes_that_are_no_utf8_become_the_replacement_character);
    RUN(packed_reals_hold_their_range_and_mark_no_value);
    RUN(texts_of_a_result_are_escaped_everywhere);
    RUN(the_page_asks_for_nothing_from_outside);
    RUN(an_empty_result_gives_a_page);
    RUN(views_without_content_give_a_page);
    RUN(values_that_are_not_finite_are_written_as_no_value);
    RUN(a_face_without_its_node_is_refused_by_number);
    RUN(a_view_with_an_array_missing_is_refused);
    RUN(sixty_thousand_triangles_stay_small);
    RUN(no_memory_is_a_failure_and_leaves_the_text_alone);
    return gm_report();
}
