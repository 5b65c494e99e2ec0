#include "plot/ecg_paper.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static const double PAGE_WIDTH_MM = 297, PAGE_HEIGHT_MM = 210;
static const double RECORD_MM_PER_S = 25, COLUMN_S = 2.5, RECORD_S = 10, BEAT_S = 1.2;
static const double TALLEST_MM = 42; /* of a lead, peak to peak: higher ones get a smaller scale */
static const gm_rect sheet = {13.5, 28, 270, 170}; /* the grid; multiples of 5 mm */
static const double PULSE_MM = 12, TRACE_MM = 0.28, NAME_MM = 3.4;
static const double TITLE_MM = 5.2, HEADER_X_MM = 175;
static const double DOUBLE_BELOW_MV = 2.4; /* a beat alone up to this gets 20 mm/mV */
static const double ABOVE_MM = 5; /* a peak of the first row may leave the grid by as much */
enum { COLUMNS = 4, ROWS = 3 };

typedef struct {
    gm_canvas *c;
    double mm_per_s, mm_per_mv;
    size_t beats_in_row;
    double beat_cell_mm; /* of a median beat, signal and gap */
    double (*xy)[2];     /* scratch for one trace */
    gm_colour ink, faint;
} pen;

/* ---- paper -------------------------------------------------------------------------------------- */

static void draw_grid(gm_canvas *c)
{
    gm_colour thin = gm_rgb(0xf5cfcb), thick = gm_rgb(0xe8a09a);
    gm_canvas_fill(c, sheet, gm_rgb(0xfffbfa));
    for (int pass = 0; pass < 2; pass++)
        for (int axis = 0; axis < 2; axis++) {
            int n = (int)(axis ? sheet.height : sheet.width);
            for (int i = 0; i <= n; i++) {
                if ((i % 5 == 0) != (pass == 1)) continue;
                double x = sheet.x + i, y = sheet.y + i, width = pass ? 0.18 : 0.09;
                if (axis)
                    gm_canvas_line(c, sheet.x, y, sheet.x + sheet.width, y, width,
                                   pass ? thick : thin);
                else
                    gm_canvas_line(c, x, sheet.y, x, sheet.y + sheet.height, width,
                                   pass ? thick : thin);
            }
        }
}

/* Lines of `text` in columns of `per_column`, the left edge of the first at x. */
static void draw_header(gm_canvas *c, const char *text, double x, gm_colour ink)
{
    char line[128];
    for (int row = 0; text && *text; row++) {
        size_t length = strcspn(text, "\n"),
               kept = length < sizeof line - 1 ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = 0;
        gm_canvas_text(c, x, 7 + 4.5 * row, 3.7, GM_ALIGN_LEFT, row == 0, ink, line);
        text += length + (text[length] == '\n');
    }
}

static void draw_margins(pen *p, const gm_ecg_paper *paper)
{
    char footer[96];
    gm_canvas *c = p->c;
    if (paper->title) {
        double room = HEADER_X_MM - sheet.x - 3;
        double width = gm_canvas_text_width(c, TITLE_MM, true, paper->title);
        gm_canvas_text(c, sheet.x, 11, TITLE_MM * fmin(1, room / fmax(width, 1)), GM_ALIGN_LEFT,
                       true, p->ink, paper->title);
    }
    if (paper->subtitle)
        gm_canvas_text(c, sheet.x, 17.5, 3.4, GM_ALIGN_LEFT, false, p->faint, paper->subtitle);
    draw_header(c, paper->header, HEADER_X_MM, p->ink);
    snprintf(footer, sizeof footer, "%g mm/s    %g mm/mV", p->mm_per_s, p->mm_per_mv);
    gm_canvas_text(c, sheet.x, sheet.y + sheet.height + 5.5, 3.4, GM_ALIGN_LEFT, false, p->ink,
                   footer);
    gm_canvas_text(c, sheet.x + sheet.width, sheet.y + sheet.height + 5.5, 3.0, GM_ALIGN_RIGHT,
                   false, p->faint, "For research. Not a medical device.");
}

/* ---- traces ------------------------------------------------------------------------------------- */

/* Name with a light ground, so that it reads on grid and trace. */
static void draw_name(pen *p, double x, double y, const char *name)
{
    double width = gm_canvas_text_width(p->c, NAME_MM, true, name);
    gm_canvas_fill(p->c, (gm_rect){x - 0.5, y - NAME_MM * 0.85, width + 1, NAME_MM * 1.05},
                   gm_faded(gm_rgb(0xfffbfa), 0.75));
    gm_canvas_text(p->c, x, y, NAME_MM, GM_ALIGN_LEFT, true, p->ink, name);
}

/* The stretch from_s .. to_s of a lead, its beginning at x, 0 mV at y. */
static void draw_trace(pen *p, const gm_paper_part *part, const double *mv, double from_s,
                       double to_s, double x, double y)
{
    size_t first = (size_t)(from_s * part->rate_hz + 0.5), n = 0;
    size_t last = (size_t)(to_s * part->rate_hz + 0.5);
    for (size_t i = first; i <= last && i < part->n; i++, n++) {
        p->xy[n][0] = x + (double)(i - first) / part->rate_hz * p->mm_per_s;
        p->xy[n][1] = y - mv[i] * p->mm_per_mv;
    }
    gm_canvas_polyline(p->c, (const double(*)[2])p->xy, n, TRACE_MM, p->ink);
}

/* 1 mV, 5 mm wide: 200 ms at 25 mm/s. */
static void draw_pulse(pen *p, double x, double y)
{
    const double h = p->mm_per_mv;
    const double xy[6][2] = {{x + 1, y},       {x + 3.5, y}, {x + 3.5, y - h},
                             {x + 8.5, y - h}, {x + 8.5, y}, {x + 11, y}};
    gm_canvas_polyline(p->c, xy, 6, TRACE_MM, p->ink);
}

static void draw_strip(pen *p, const gm_paper_part *part, const gm_paper_lead *lead, double y)
{
    double x = sheet.x + PULSE_MM, length_s = fmin(RECORD_S, (double)part->n / part->rate_hz);
    draw_pulse(p, sheet.x, y);
    draw_trace(p, part, lead->mv, 0, length_s, x, y);
    draw_name(p, x + 1, y - 7.5, lead->name);
}

/* Twelve leads down three rows of four columns, four more along a fourth row: stretches of 2.5 s, one
 * column after the other in time where the record is long enough. */
static void draw_columns(pen *p, const gm_paper_part *part, size_t n, size_t n_rows, double top,
                         double row_mm)
{
    bool in_turn = (double)part->n / part->rate_hz > RECORD_S - 0.1;
    for (size_t row = 0; row < n_rows; row++)
        draw_pulse(p, sheet.x, top + row_mm * ((double)row + 0.5));
    for (size_t k = 0; k < n; k++) {
        bool further = k >= COLUMNS * ROWS;
        size_t column = further ? k - COLUMNS * ROWS : k / ROWS, row = further ? ROWS : k % ROWS;
        double x = sheet.x + PULSE_MM + (double)column * COLUMN_S * p->mm_per_s;
        double y = top + row_mm * ((double)row + 0.5),
               from_s = in_turn ? (double)column * COLUMN_S : 0;
        draw_trace(p, part, part->leads[k].mv, from_s, from_s + COLUMN_S, x, y);
        if (column > 0) gm_canvas_line(p->c, x, y - 3, x, y + 3, TRACE_MM, p->ink);
        draw_name(p, x + 1, y - 7.5, part->leads[k].name);
    }
}

static const gm_paper_lead *rhythm_of(const gm_ecg_paper *p)
{
    const gm_paper_part *r = &p->record;
    for (size_t k = 0; p->rhythm_lead && k < r->n_leads; k++)
        if (!strcmp(r->leads[k].name, p->rhythm_lead)) return &r->leads[k];
    return &r->leads[r->n_leads > 1 ? 1 : 0];
}

/* Returns the height that it used. */
static double draw_record(pen *p, const gm_ecg_paper *paper, double top, double height)
{
    const gm_paper_part *r = &paper->record;
    size_t n = r->n_leads < GM_PAPER_MAX_LEADS ? r->n_leads : GM_PAPER_MAX_LEADS;
    if (n > 6) {
        size_t n_rows = n > COLUMNS * ROWS ? ROWS + 1 : ROWS;
        double row = floor(height / (double)(n_rows + 1));
        draw_columns(p, r, n, n_rows, top, row);
        draw_strip(p, r, rhythm_of(paper), top + row * ((double)n_rows + 0.5));
        return height;
    }
    double row = fmin(floor(height / (double)r->n_leads), 35);
    for (size_t k = 0; k < r->n_leads; k++)
        draw_strip(p, r, &r->leads[k], top + row * ((double)k + 0.5));
    return fmin(height, row * (double)r->n_leads + 10);
}

/* ---- the median beat ---------------------------------------------------------------------------- */

/* A wave's stretch is shaded; its two marks share the first word of their labels. */
static gm_colour wave_colour(const char *label)
{
    return label[0] == 'P'   ? gm_rgb(0x2f7d4f)
           : label[0] == 'Q' ? gm_rgb(0x1f4e9c)
                             : gm_rgb(0x9a5a00);
}

static void draw_marks(pen *p, const gm_paper_part *b, double x, double top, double height)
{
    for (size_t k = 0; k < b->n_marks; k++) {
        const gm_paper_mark *m = &b->marks[k];
        gm_colour colour = wave_colour(m->label);
        double at = x + m->at_ms / 1000 * p->mm_per_s;
        if (!(at >= x && at <= x + BEAT_S * p->mm_per_s)) continue;
        gm_canvas_line(p->c, at, top, at, top + height, 0.15, gm_faded(colour, 0.9));
        const gm_paper_mark *next = k + 1 < b->n_marks ? m + 1 : NULL;
        size_t word = strcspn(m->label, " ");
        if (!next || strncmp(m->label, next->label, word + 1) != 0) continue;
        double width = (next->at_ms - m->at_ms) / 1000 * p->mm_per_s;
        gm_canvas_fill(p->c, (gm_rect){at, top, width, height}, gm_faded(colour, 0.10));
        char name[8];
        snprintf(name, sizeof name, "%.*s", (int)(word < 7 ? word : 7), m->label);
        double up = word > 1 ? 3.0 : 0.6; /* QRS is narrow: its name stands above its neighbours' */
        gm_canvas_text(p->c, at + width / 2, top + height - up, 2.2, GM_ALIGN_CENTRE, true, colour,
                       name);
    }
}

/* Where 0 mV lies in a row of leads [first, last) so that all of them have room. */
static double zero_line(const pen *p, const gm_paper_part *b, size_t first, size_t last, double top,
                        double height)
{
    double low = 0, high = 0;
    for (size_t k = first; k < last; k++)
        for (size_t i = 0; i < b->n; i++)
            if (isfinite(b->leads[k].mv[i]))
                low = fmin(low, b->leads[k].mv[i]), high = fmax(high, b->leads[k].mv[i]);
    return top + height / 2 + (high + low) / 2 * p->mm_per_mv;
}

static void draw_beat_row(pen *p, const gm_paper_part *b, size_t first, size_t last, double top,
                          double height)
{
    double length_s = fmin(BEAT_S, (double)b->n / b->rate_hz);
    double y = zero_line(p, b, first, last, top, height);
    draw_pulse(p, sheet.x, y);
    for (size_t k = first; k < last; k++) {
        double x = sheet.x + PULSE_MM + (double)(k - first) * p->beat_cell_mm;
        draw_marks(p, b, x, top + 1, height - 2);
        gm_canvas_clip(p->c, (gm_rect){x - 1, top, p->beat_cell_mm, height});
        draw_trace(p, b, b->leads[k].mv, 0, length_s, x, y);
        gm_canvas_unclip(p->c);
        draw_name(p, x + 0.6, top + NAME_MM + 0.6, b->leads[k].name);
    }
}

static void draw_beats(pen *p, const gm_paper_part *b, double top, double height)
{
    size_t n = b->n_leads < GM_PAPER_MAX_LEADS ? b->n_leads : GM_PAPER_MAX_LEADS;
    size_t rows = (n + p->beats_in_row - 1) / p->beats_in_row;
    double row_mm = fmin(floor(height / (double)rows), 55);
    for (size_t r = 0; r < rows; r++) {
        size_t first = r * p->beats_in_row,
               last = first + p->beats_in_row < n ? first + p->beats_in_row : n;
        draw_beat_row(p, b, first, last, top + row_mm * (double)r, row_mm);
    }
    if (b->caption)
        gm_canvas_text(p->c, sheet.x + sheet.width / 2, sheet.y + sheet.height + 5.5, 3.4,
                       GM_ALIGN_CENTRE, false, p->ink, b->caption);
}

/* ---- the sheet ---------------------------------------------------------------------------------- */

/* Greatest range of one lead; with `together`, of all leads as if drawn in one row. */
static double largest_range(const gm_paper_part *part, bool together)
{
    double most = 0, low = INFINITY, high = -INFINITY;
    for (size_t k = 0; k < part->n_leads; k++) {
        if (!together) low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < part->n; i++) {
            double v = part->leads[k].mv[i];
            if (isfinite(v)) low = fmin(low, v), high = fmax(high, v);
        }
        most = fmax(most, high - low);
    }
    return most;
}

static gm_status check_part(const gm_paper_part *part, const char *what)
{
    if (part->n == 0 || part->n_leads == 0) return GM_OK;
    if (!(part->rate_hz > 0 && isfinite(part->rate_hz)))
        return gm_fail(GM_EINVAL, "ECG paper: the %s's rate of %g Hz must be positive", what,
                       part->rate_hz);
    return GM_OK;
}

static bool has(const gm_paper_part *part)
{
    return part->n > 0 && part->n_leads > 0;
}

/* Speed, gain and arrangement: a beat alone has room for twice the scale. */
static void choose_scales(pen *p, const gm_ecg_paper *paper)
{
    double mv = fmax(largest_range(&paper->record, false), largest_range(&paper->beat, false));
    bool alone = !has(&paper->record);
    p->mm_per_s = alone ? 2 * RECORD_MM_PER_S : RECORD_MM_PER_S;
    static const double gains[] = {10, 5, 2, 1, 0.5, 0.2, 0.1};
    p->mm_per_mv = gains[0];
    for (size_t k = 1; k < sizeof gains / sizeof *gains && mv * p->mm_per_mv > TALLEST_MM; k++)
        p->mm_per_mv = gains[k];
    if (alone && largest_range(&paper->beat, true) < DOUBLE_BELOW_MV) p->mm_per_mv = 2 * gains[0];
    p->beats_in_row = alone ? 4 : 6;
    p->beat_cell_mm = alone ? 64 : 42;
}

static void draw_sheet(pen *p, const gm_ecg_paper *paper)
{
    bool record = has(&paper->record), beat = has(&paper->beat);
    double beat_mm = !beat    ? 0
                     : record ? 65
                              : sheet.height - 10,
           record_mm = sheet.height - beat_mm;
    draw_grid(p->c);
    draw_margins(p, paper);
    gm_canvas_clip(p->c,
                   (gm_rect){sheet.x, sheet.y - ABOVE_MM, sheet.width, sheet.height + ABOVE_MM});
    double used = record ? draw_record(p, paper, sheet.y, record_mm) : 5;
    gm_canvas_unclip(p->c);
    if (beat) draw_beats(p, &paper->beat, sheet.y + used, beat_mm);
}

gm_status gm_plot_ecg_paper(gm_canvas **out, gm_canvas_format format, const gm_ecg_paper *paper)
{
    *out = NULL;
    GM_TRY(check_part(&paper->record, "record"));
    GM_TRY(check_part(&paper->beat, "beat"));
    if (!has(&paper->record) && !has(&paper->beat))
        return gm_fail(GM_EINVAL, "ECG paper: neither a record nor a beat has a lead to draw");
    GM_TRY(gm_canvas_create(out, format, PAGE_WIDTH_MM, PAGE_HEIGHT_MM));
    size_t most = paper->record.n > paper->beat.n ? paper->record.n : paper->beat.n;
    pen p = {.c = *out, .ink = gm_rgb(0x111111), .faint = gm_rgb(0x555555)};
    choose_scales(&p, paper);
    p.xy = gm_calloc(most, sizeof *p.xy);
    if (!p.xy) {
        gm_canvas_destroy(*out);
        *out = NULL;
        return gm_fail(GM_ENOMEM, "no memory for a trace of %zu points", most);
    }
    draw_sheet(&p, paper);
    gm_free(p.xy);
    return GM_OK;
}
