#include "core/alloc.h"
#include "core/file.h"
#include "plot/axes.h"
#include "plot/ecg_paper.h"
#include "testing/gm_test.h"

/* ---- a made-up recording ------------------------------------------------------------------------ */

enum { RATE_HZ = 500, N_RECORD = 5000, N_BEAT = 600 };
enum { N_LEADS = GM_PAPER_MAX_LEADS };
static double record_mv[N_LEADS][N_RECORD], beat_mv[N_LEADS][N_BEAT];
static gm_paper_lead record_leads[N_LEADS], beat_leads[N_LEADS];
static const gm_paper_mark marks[] = {{250, "P on"},    {350, "P off"}, {410, "QRS on"},
                                      {500, "QRS off"}, {600, "T on"},  {800, "T off"}};

static gm_ecg_paper typical(size_t n_leads)
{
    static const char *const names[N_LEADS] = {"I",  "II", "III", "aVR", "aVL", "aVF", "V1", "V2",
                                               "V3", "V4", "V5",  "V6",  "vx",  "vy",  "vz", "ES"};
    for (int l = 0; l < N_LEADS; l++) {
        for (int i = 0; i < N_RECORD; i++) {
            double t = fmod(i / (double)RATE_HZ, 1) - 0.45;
            record_mv[l][i] = (l - 4) * 0.2 * exp(-t * t / (2 * 0.015 * 0.015));
            if (i < N_BEAT) beat_mv[l][i] = record_mv[l][i];
        }
        record_leads[l] = (gm_paper_lead){names[l], record_mv[l]};
        beat_leads[l] = (gm_paper_lead){names[l], beat_mv[l]};
    }
    return (gm_ecg_paper){.title = "Test",
                          .header = "HR 60 /min\nPR 160 ms",
                          .record = {N_RECORD, RATE_HZ, record_leads, n_leads, NULL, 0, NULL},
                          .beat = {N_BEAT, RATE_HZ, beat_leads, n_leads, marks, 6, "10 beats"}};
}

static char *draw(gm_canvas_format f, const gm_ecg_paper *p, size_t *length)
{
    gm_canvas *c = NULL;
    char *data = NULL;
    EXPECT(gm_plot_ecg_paper(&c, f, p) == GM_OK);
    if (c) EXPECT(gm_canvas_finish(c, &data, length) == GM_OK);
    gm_canvas_destroy(c);
    return data;
}

/* ---- documents ---------------------------------------------------------------------------------- */

static void every_format_is_what_it_says(void)
{
    gm_ecg_paper p = typical(12);
    size_t n;
    char *svg = draw(GM_CANVAS_SVG, &p, &n);
    EXPECT_CONTAINS(svg, "<svg");
    EXPECT_CONTAINS(svg, "</svg>");
    EXPECT_CONTAINS(svg, "width=\"841."); /* 297 mm in points */
    gm_free(svg);
    char *pdf = draw(GM_CANVAS_PDF, &p, &n);
    EXPECT(pdf && !memcmp(pdf, "%PDF-", 5));
    gm_free(pdf);
    char *png = draw(GM_CANVAS_PNG, &p, &n);
    EXPECT(png && !memcmp(png, "\x89PNG\r\n\x1a\n", 8));
    const unsigned char *h = (const unsigned char *)png + 16; /* IHDR: width, height, big-endian */
    EXPECT(png && h[2] * 256 + h[3] == 1754 && h[6] * 256 + h[7] == 1241); /* A4 at 150 dpi */
    gm_free(png);
}

/* Number of path points in an SVG: its L commands. */
static size_t count_segments(const char *svg)
{
    size_t n = 0;
    for (const char *at = svg; (at = strstr(at, " L ")); at += 3)
        n++;
    return n;
}

static void the_same_drawing_gives_the_same_lines(void)
{
    gm_ecg_paper p = typical(12);
    size_t n, m;
    char *a = draw(GM_CANVAS_SVG, &p, &n), *b = draw(GM_CANVAS_SVG, &p, &m);
    EXPECT(a && b && count_segments(a) == count_segments(b) && count_segments(a) > 500);
    gm_free(a);
    gm_free(b);
}

static void any_number_of_leads_and_either_part_alone_can_be_drawn(void)
{
    for (size_t leads = 1; leads <= N_LEADS; leads++) {
        gm_ecg_paper p = typical(leads);
        size_t n;
        gm_free(draw(GM_CANVAS_SVG, &p, &n));
        gm_ecg_paper beat_alone = p, record_alone = p;
        beat_alone.record.n = 0, record_alone.beat.n_leads = 0;
        gm_free(draw(GM_CANVAS_SVG, &beat_alone, &n));
        gm_free(draw(GM_CANVAS_SVG, &record_alone, &n));
    }
}

static void leads_after_the_twelfth_are_drawn(void)
{
    size_t n, segments = 0;
    for (size_t leads = 12; leads <= N_LEADS; leads++) {
        gm_ecg_paper p = typical(leads);
        p.beat.n_leads = 0;
        char *svg = draw(GM_CANVAS_SVG, &p, &n);
        size_t drawn = svg ? count_segments(svg) : 0;
        EXPECT(drawn > segments);
        segments = drawn;
        gm_free(svg);
    }
}

static void a_short_record_with_gaps_is_drawn(void)
{
    gm_ecg_paper p = typical(12);
    size_t n;
    p.record.n = 700;
    for (int i = 100; i < 200; i++)
        record_mv[3][i] = NAN;
    char *svg = draw(GM_CANVAS_SVG, &p, &n);
    EXPECT(svg && !strstr(svg, "nan"));
    gm_free(svg);
}

static void nothing_to_draw_is_refused(void)
{
    gm_ecg_paper p = typical(12);
    gm_canvas *c = (gm_canvas *)&p;
    p.record.n_leads = 0, p.beat.n = 0;
    EXPECT(gm_plot_ecg_paper(&c, GM_CANVAS_SVG, &p) == GM_EINVAL && !c);
    EXPECT_CONTAINS(gm_error_text(), "lead");
    p = typical(12), p.record.rate_hz = NAN;
    EXPECT(gm_plot_ecg_paper(&c, GM_CANVAS_SVG, &p) == GM_EINVAL && !c);
    EXPECT_CONTAINS(gm_error_text(), "rate");
    EXPECT(gm_canvas_create(&c, GM_CANVAS_SVG, NAN, 10) == GM_EINVAL && !c);
    EXPECT(gm_canvas_create(&c, GM_CANVAS_SVG, 10, 1e9) == GM_EINVAL && !c);
    gm_canvas_format f;
    EXPECT(gm_canvas_format_of("a.jpg", &f) == GM_EINVAL);
    EXPECT(gm_canvas_format_of("a.PDF", &f) == GM_OK && f == GM_CANVAS_PDF);
}

static void no_memory_is_reported(void)
{
    gm_ecg_paper p = typical(12);
    gm_status s = GM_ENOMEM;
    for (long n = 0; s == GM_ENOMEM && n < 200; n++) {
        gm_canvas *c = NULL;
        char *data = NULL;
        size_t length;
        gm_alloc_fail_after(n);
        s = gm_plot_ecg_paper(&c, GM_CANVAS_SVG, &p);
        if (s == GM_OK) s = gm_canvas_finish(c, &data, &length);
        gm_alloc_fail_after(-1);
        gm_canvas_destroy(c);
        gm_free(data);
    }
    EXPECT(s == GM_OK);
}

/* ---- primitives --------------------------------------------------------------------------------- */

static void a_straight_line_of_many_points_is_drawn_with_few(void)
{
    static double xy[1000][2];
    for (int i = 0; i < 1000; i++)
        xy[i][0] = i * 0.1, xy[i][1] = 20;
    gm_canvas *c;
    char *straight, *none;
    size_t n;
    EXPECT(gm_canvas_create(&c, GM_CANVAS_SVG, 100, 50) == GM_OK);
    gm_canvas_polyline(c, (const double(*)[2])xy, 1000, 0.2, gm_rgb(0));
    EXPECT(gm_canvas_finish(c, &straight, &n) == GM_OK);
    EXPECT(gm_canvas_finish(c, &none, &n) == GM_ESTATE && !none);
    gm_canvas_destroy(c);
    EXPECT(count_segments(straight) < 30);
    EXPECT(GM_OK == gm_canvas_create(&c, GM_CANVAS_SVG, 100, 50));
    for (int i = 0; i < 1000; i++)
        xy[i][1] = i % 2 * 5; /* a zigzag keeps all its points */
    gm_canvas_polyline(c, (const double(*)[2])xy, 1000, 0.2, gm_rgb(0));
    char *zigzag;
    EXPECT(gm_canvas_finish(c, &zigzag, &n) == GM_OK);
    gm_canvas_destroy(c);
    EXPECT(count_segments(zigzag) > 990);
    gm_free(zigzag);
    gm_free(straight);
}

static void steps_between_ticks_are_round(void)
{
    EXPECT_CLOSE(gm_nice_step(10, 5), 2, 1e-12, 0);
    EXPECT_CLOSE(gm_nice_step(1200, 5), 200, 1e-12, 0);
    EXPECT_CLOSE(gm_nice_step(0.033, 4), 0.01, 1e-12, 0);
    EXPECT_CLOSE(gm_nice_step(97, 2), 50, 1e-12, 0);
}

static void axes_map_their_corners_and_refuse_an_empty_range(void)
{
    gm_axes a = {.frame = {10, 5, 80, 40}, .x_min = -1, .x_max = 3, .y_min = 0, .y_max = 2};
    EXPECT_CLOSE(gm_axes_x(&a, -1), 10, 0, 1e-12);
    EXPECT_CLOSE(gm_axes_x(&a, 3), 90, 0, 1e-12);
    EXPECT_CLOSE(gm_axes_y(&a, 0), 45, 0, 1e-12);
    EXPECT_CLOSE(gm_axes_y(&a, 2), 5, 0, 1e-12);
    gm_canvas *c;
    double x[3] = {-1, 0, 3}, y[3] = {0, NAN, 2};
    EXPECT(gm_canvas_create(&c, GM_CANVAS_PNG, 100, 60) == GM_OK);
    a.x_label = "time (ms)", a.y_label = "mV";
    EXPECT(gm_axes_draw(c, &a) == GM_OK);
    EXPECT(gm_axes_curve(c, &a, x, y, 3, 0.3, gm_rgb(0x1f4e9c)) == GM_OK);
    a.y_max = 0;
    EXPECT(gm_axes_draw(c, &a) == GM_EINVAL);
    gm_canvas_destroy(c);
}

int main(int argc, char **argv)
{
    RUN(every_format_is_what_it_says);
    RUN(the_same_drawing_gives_the_same_lines);
    RUN(any_number_of_leads_and_either_part_alone_can_be_drawn);
    RUN(leads_after_the_twelfth_are_drawn);
    RUN(a_short_record_with_gaps_is_drawn);
    RUN(nothing_to_draw_is_refused);
    RUN(no_memory_is_reported);
    RUN(a_straight_line_of_many_points_is_drawn_with_few);
    RUN(steps_between_ticks_are_round);
    RUN(axes_map_their_corners_and_refuse_an_empty_range);
    return gm_report();
}
