/* Opens pages in a real browser, which must draw every view without an error. The page of the
 * fixture stays in the working folder as report_page.html, to be looked at. */
#include <fcntl.h>
#include <sys/wait.h>

#include "core/file.h"
#include "report/fixture.h"
#include "report/report.h"
#include "testing/gm_test.h"

enum { BROWSER_SECONDS = 100 };

static const char GPU[] = "--enable-unsafe-swiftshader"; /* software, so that it runs anywhere */

static const char *browser(void)
{
    static const char *const places[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser",
                                         "/usr/bin/google-chrome"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0) return places[i];
    return places[0];
}

/* In the child: becomes the browser, its output going to `dom`. Never returns. */
static void become_browser(const char *folder, const char *url, const char *dom, const char *flag)
{
    char profile[300];
    snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", folder);
    int out = open(dom, O_WRONLY | O_CREAT | O_TRUNC, 0600), null = open("/dev/null", O_WRONLY);
    if (out < 0 || null < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0) _exit(126);
    alarm(BROWSER_SECONDS);
    execl(browser(), browser(), "--headless", "--no-sandbox", "--disable-quic", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--use-angle=swiftshader", profile, "--virtual-time-budget=5000",
          "--window-size=1280,2400", "--dump-dom", flag, url, (char *)NULL);
    _exit(127);
}

/* The document after all scripts ran; the caller frees it. NULL: the browser failed. */
static char *drawn(const gm_text *page, const char *path, const char *flag)
{
    char folder[] = "/tmp/gemel_report_XXXXXX", full[4096], url[4200], dom[64], command[80];
    if (gm_file_write(path, page->data, page->length) != GM_OK || !realpath(path, full) ||
        !mkdtemp(folder))
        return NULL;
    snprintf(url, sizeof url, "file://%s", full);
    snprintf(dom, sizeof dom, "%s/dom.html", folder);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) become_browser(folder, url, dom, flag);
    int status = -1;
    char *text = NULL;
    size_t n;
    if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
        if (gm_file_read(&text, &n, dom, 0) != GM_OK) text = NULL;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) printf("could not remove %s\n", folder);
    return text;
}

/* The opening tag of the root element, which says how the drawing went; the caller frees it. */
static char *root_tag(const char *text)
{
    const char *root = text ? strstr(text, "<html") : NULL;
    char *tag = gm_strdup(root ? root : "no page came back");
    if (tag) tag[strcspn(tag, ">")] = 0;
    return tag;
}

/* Opens the page and checks its root; the caller frees what was drawn: the document up to its data. */
static char *opened(gm_result *r, const char *path, const char *flag, const char *expected)
{
    gm_text page = {0};
    EXPECT(gm_report_html(r, &page) == GM_OK);
    char *text = drawn(&page, path, flag), *root = root_tag(text);
    EXPECT_CONTAINS(root, "data-gm-ready=\"ok\"");
    EXPECT_CONTAINS(root, expected);
    EXPECT(root && !strstr(root, "data-gm-error"));
    char *data = text ? strstr(text, "<script type=\"application/json\"") : NULL;
    EXPECT(data != NULL);
    if (data) *data = 0;
    gm_free(root);
    gm_text_free(&page);
    gm_result_destroy(r);
    return text;
}

/* ---- the colour map, measured on the colour bar as the browser drew it --------------------------- */

/* Linear light of severe protan-, deuter- and tritanopia: Machado, Oliveira, Fernandes (2009),
 * severity 1.0; the first is normal sight. */
static const double sights[4][3][3] = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                                       {{0.152286, 1.052583, -0.204868},
                                        {0.114503, 0.786281, 0.099216},
                                        {-0.003882, -0.048116, 1.051998}},
                                       {{0.367322, 0.860646, -0.227968},
                                        {0.280085, 0.672501, 0.047413},
                                        {-0.011820, 0.042940, 0.968881}},
                                       {{1.255528, -0.076749, -0.178779},
                                        {-0.078411, 0.930809, 0.147602},
                                        {0.004733, 0.691367, 0.303900}}};

/* CIE 1976 lightness of an sRGB colour (IEC 61966-2-1) as such an eye sees it. */
static double lightness(const int rgb[3], const double sight[3][3])
{
    static const double luminance[3] = {0.2126, 0.7152, 0.0722};
    double y = 0, linear[3];
    for (int k = 0; k < 3; k++) {
        double u = rgb[k] / 255.0;
        linear[k] = u <= 0.04045 ? u / 12.92 : pow((u + 0.055) / 1.055, 2.4);
    }
    for (int k = 0; k < 3; k++)
        y += luminance[k] *
             (sight[k][0] * linear[0] + sight[k][1] * linear[1] + sight[k][2] * linear[2]);
    return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y;
}

/* The bar of a time field runs from early = light to late = dark in steps that are even to normal
 * sight (L* 91 to 16 in 16 steps, 4.7 each) and never turns back for any eye. */
static void check_colour_bar(const char *text)
{
    enum { STOPS = 17 };
    int rgb[STOPS][3], n = 0;
    const char *p = text ? strstr(text, "linear-gradient(to right") : NULL;
    for (; p && n < STOPS && (p = strstr(p, "rgb(")); p++, n++)
        if (sscanf(p, "rgb(%d, %d, %d)", &rgb[n][0], &rgb[n][1], &rgb[n][2]) != 3) break;
    EXPECT(n == STOPS);
    for (int sight = 0; n == STOPS && sight < 4; sight++)
        for (int i = 1; i < STOPS; i++) {
            double step = lightness(rgb[i - 1], sights[sight]) - lightness(rgb[i], sights[sight]);
            EXPECT_BELOW(0.5, step); /* a smaller difference is not seen */
            EXPECT_BELOW(step, sight == 0 ? 6.5 : 10);
        }
}

static void a_browser_draws_every_view(void)
{
    NEED_DATA(browser());
    gm_result *r;
    EXPECT(fixture_result(&r) == GM_OK);
    char *text = opened(r, "report_page.html", GPU, "data-gm-webgl=\"ok\" data-gm-views=\"8\"");
    EXPECT(text && strstr(text, "class=\"chart-series on-paper\"") != NULL);
    EXPECT(text && strstr(text, "<option value=\"1\">Uncertainty (SD) (ms)</option>") != NULL);
    EXPECT(text && strstr(text, "could not be drawn") == NULL);
    check_colour_bar(text);
    gm_free(text);
}

static void without_webgl_the_page_says_so_and_draws_the_rest(void)
{
    NEED_DATA(browser());
    gm_result *r;
    EXPECT(gm_result_create(&r) == GM_OK);
    EXPECT(fixture_surface(r) == GM_OK);
    EXPECT(fixture_bars(r) == GM_OK);
    char *text =
        opened(r, "report_no_webgl.html", "--disable-3d-apis", "data-gm-webgl=\"missing\"");
    EXPECT(text && strstr(text, "The 3-D picture needs WebGL 2") != NULL);
    EXPECT(text && strstr(text, "class=\"chart-bars\"") != NULL);
    gm_free(text);
}

/* Replaces every number of the fixture's views by NaN, which must be drawn as "no value". */
static void forget_all_values(gm_result *r)
{
    for (size_t k = 0; k < r->n_views; k++) {
        gm_view *v = &r->views[k];
        if (v->kind == GM_VIEW_DISC)
            for (size_t i = 0; i < v->as.disc.n_rings * v->as.disc.n_sectors; i++)
                v->as.disc.values[i] = NAN;
        if (v->kind == GM_VIEW_BARS)
            for (size_t i = 0; i < v->as.bars.n; i++)
                v->as.bars.values[i] = v->as.bars.low[i] = v->as.bars.high[i] = NAN;
        if (v->kind == GM_VIEW_SURFACE)
            for (size_t i = 0; i < v->as.surface.n_nodes; i++)
                v->as.surface.fields[0].values[i] = v->as.surface.fields[1].values[i] = NAN;
        for (size_t p = 0; v->kind == GM_VIEW_SERIES && p < v->as.series.n_panels; p++)
            for (size_t c = 0; c < v->as.series.panels[p].n_curves; c++)
                for (size_t i = 0; i < v->as.series.n; i++)
                    v->as.series.panels[p].curves[c].y[i] = NAN;
    }
}

static void values_that_are_not_numbers_are_drawn_as_no_value(void)
{
    NEED_DATA(browser());
    gm_result *r;
    EXPECT(fixture_result(&r) == GM_OK);
    forget_all_values(r);
    char *text = opened(r, "report_no_value.html", GPU, "data-gm-views=\"8\"");
    EXPECT(text && strstr(text, "class=\"no-value\">no value</text>") != NULL);
    EXPECT(text && strstr(text, "no value anywhere") != NULL);
    EXPECT(text && strstr(text, "NaN") == NULL);
    gm_free(text);
}

static void empty_views_and_hostile_texts_are_drawn_harmlessly(void)
{
    NEED_DATA(browser());
    static const char evil[] = "</script><script>document.title='broken'</script>"
                               "<img src=x onerror=\"document.title='broken'\">";
    static const gm_view_kind kinds[] = {GM_VIEW_TABLE, GM_VIEW_SERIES, GM_VIEW_SURFACE,
                                         GM_VIEW_BARS, GM_VIEW_DISC};
    gm_result *r;
    gm_view *v;
    EXPECT(gm_result_create(&r) == GM_OK);
    for (size_t i = 0; i < 5; i++)
        EXPECT(gm_result_add_view(r, kinds[i], evil, evil, &v) == GM_OK);
    EXPECT(fixture_surface(r) == GM_OK);
    v = &r->views[r->n_views - 1];
    v->as.surface.fields[0].name[0] = '<';
    gm_free(v->as.surface.point_labels[0]);
    v->as.surface.point_labels[0] = gm_strdup(evil);
    char *text = opened(r, "report_hostile.html", GPU, "data-gm-views=\"6\"");
    EXPECT(text && strstr(text, "<title>Gemel report</title>") != NULL);
    EXPECT(text && strstr(text, "<img") == NULL);
    gm_free(text);
}

int main(int argc, char **argv)
{
    RUN(a_browser_draws_every_view);
    RUN(without_webgl_the_page_says_so_and_draws_the_rest);
    RUN(values_that_are_not_numbers_are_drawn_as_no_value);
    RUN(empty_views_and_hostile_texts_are_drawn_harmlessly);
    return gm_report();
}
