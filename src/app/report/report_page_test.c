/* Opens pages in a real browser, which must draw every view without an error. The page of the
 * fixture stays in the working folder as report_page.html, to be looked at. */
#include <fcntl.h>
#include <sys/wait.h>

#include "core/file.h"
#include "report/fixture.h"
#include "report/report.h"
#include "testing/gm_test.h"

enum { BROWSER_SECONDS = 100 };

static const char *browser(void)
{
    static const char *const places[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser",
                                         "/usr/bin/google-chrome"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0) return places[i];
    return places[0];
}

/* In the child: becomes the browser, its output going to `dom`. Never returns. */
static void become_browser(const char *folder, const char *url, const char *dom)
{
    char profile[300];
    snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", folder);
    int out = open(dom, O_WRONLY | O_CREAT | O_TRUNC, 0600), null = open("/dev/null", O_WRONLY);
    if (out < 0 || null < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0) _exit(126);
    alarm(BROWSER_SECONDS);
    execl(browser(), browser(), "--headless", "--no-sandbox", "--disable-quic", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--use-angle=swiftshader", "--enable-unsafe-swiftshader", profile,
          "--virtual-time-budget=5000", "--window-size=1280,2400", "--dump-dom", url, (char *)NULL);
    _exit(127);
}

/* The document after all scripts ran; the caller frees it. NULL: the browser failed. */
static char *drawn(const gm_text *page, const char *path)
{
    char folder[] = "/tmp/gemel_report_XXXXXX", full[4096], url[4200], dom[64], command[80];
    if (gm_file_write(path, page->data, page->length) != GM_OK || !realpath(path, full) ||
        !mkdtemp(folder))
        return NULL;
    snprintf(url, sizeof url, "file://%s", full);
    snprintf(dom, sizeof dom, "%s/dom.html", folder);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) become_browser(folder, url, dom);
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

static void a_browser_draws_every_view(void)
{
    NEED_DATA(browser());
    gm_result *r;
    gm_text page = {0};
    EXPECT(fixture_result(&r) == GM_OK);
    EXPECT(gm_report_html(r, &page) == GM_OK);
    char *text = drawn(&page, "report_page.html"), *root = root_tag(text);
    EXPECT_CONTAINS(root, "data-gm-ready=\"ok\"");
    EXPECT_CONTAINS(root, "data-gm-webgl=\"ok\"");
    EXPECT_CONTAINS(root, "data-gm-views=\"8\"");
    EXPECT(root && !strstr(root, "data-gm-error"));
    EXPECT(text && strstr(text, "class=\"chart-series on-paper\"") != NULL);
    EXPECT(text && strstr(text, "<option value=\"1\">Uncertainty (SD) (ms)</option>") != NULL);
    gm_free(root);
    gm_free(text);
    gm_text_free(&page);
    gm_result_destroy(r);
}

int main(int argc, char **argv)
{
    RUN(a_browser_draws_every_view);
    return gm_report();
}
