/* Writing an ECG as a table that csv_waveform.c reads back count for count. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ecg/csv_facts.h"
#include "ecg/csv_waveform.h"
#include "ecg/decimals.h"

enum {
    MOST_ROWS = 9999999, /* what a reader takes (table/csv.h), the heading apart */
    LONGEST_NAME = 255
};

/* A name that reads back as the same lead. */
static gm_status name_of(char name[LONGEST_NAME + 1], gm_ecg_files *files, const gm_ecg *e,
                         size_t c)
{
    const gm_ecg_channel *ch = &e->channels[c];
    if (ch->name && ch->name[0] && gm_lead_index(ch->name) == ch->lead) {
        snprintf(name, LONGEST_NAME + 1, "%s", ch->name);
        return GM_OK;
    }
    if (ch->lead >= 0)
        snprintf(name, LONGEST_NAME + 1, "%s", gm_lead_names[ch->lead]);
    else
        snprintf(name, LONGEST_NAME + 1, "channel %zu", c + 1);
    if (!ch->name) return GM_OK;
    return gm_ecg_files_leave_out(files, "the name \"%.60s\" of %s", ch->name, name);
}

static gm_status check(const gm_ecg *e, const char *path)
{
    if (e->n_samples > MOST_ROWS)
        return gm_fail(GM_EINVAL, "%s: %zu samples, a table of at most %d rows can be read back",
                       path, e->n_samples, MOST_ROWS);
    for (size_t c = 0; c < e->n_channels; c++)
        for (size_t d = 0; d < c; d++)
            if (e->channels[c].lead >= 0 && e->channels[c].lead == e->channels[d].lead)
                return gm_fail(
                    GM_EINVAL,
                    "%s: channels %zu and %zu are both lead %s: a table holds a lead once", path,
                    d + 1, c + 1, gm_lead_names[e->channels[c].lead]);
    return GM_OK;
}

static void add_quoted(gm_text *out, const char *cell)
{
    gm_text_add(out, "\"");
    for (; *cell; cell++)
        gm_text_add_bytes(out, *cell == '"' ? "\"\"" : cell, *cell == '"' ? 2 : 1);
    gm_text_add(out, "\"");
}

static gm_status add_headings(gm_text *out, gm_ecg_files *files, const gm_ecg *e)
{
    char name[LONGEST_NAME + 1], cell[LONGEST_NAME + 16], scale[GM_EXACT_SIZE],
        baseline[GM_EXACT_SIZE];
    gm_text headings = {0};
    gm_status s = GM_OK;
    for (size_t c = 0; c < e->n_channels && s == GM_OK; c++) {
        const gm_ecg_channel *ch = &e->channels[c];
        bool is_mv = !isnan(ch->mv_per_count);
        s = name_of(name, files, e, c);
        gm_write_exactly(scale, ch->mv_per_count);
        gm_write_exactly(baseline, ch->baseline);
        gm_text_addf(out, "# scale: %s %s %s\n", name, is_mv ? scale : "uncalibrated", baseline);
        snprintf(cell, sizeof cell, "%s [%s]", name, is_mv ? "mV" : "counts");
        gm_text_add(&headings, ",");
        if (strpbrk(cell, "\",;\t"))
            add_quoted(&headings, cell);
        else
            gm_text_add(&headings, cell);
        if (s == GM_OK && !is_mv && ch->unit && strcmp(ch->unit, "counts") != 0)
            s = gm_ecg_files_leave_out(files, "unit %.40s of %s, whose scale is not known",
                                       ch->unit, name);
    }
    gm_text_addf(out, "t_ms%s\n", headings.data ? headings.data : "");
    if (s == GM_OK) s = gm_text_status(&headings);
    gm_text_free(&headings);
    return s;
}

static void add_cell(gm_text *out, const gm_ecg_channel *c, size_t i)
{
    double steps = c->counts[i] - c->baseline;
    if (c->counts[i] == GM_ECG_MISSING_COUNT)
        gm_text_add(out, ",");
    else if (isnan(c->mv_per_count))
        gm_text_addf(out, ",%d", c->counts[i]);
    else
        gm_text_addf(out, ",%.*g", fabs(steps) < 1e6 ? 12 : 15, steps * c->mv_per_count);
}

/* The first time exactly, the others to a nanosecond: a reader takes the rate from its comment. */
static void add_rows(gm_text *out, const gm_ecg *e)
{
    char first[GM_EXACT_SIZE];
    gm_write_exactly(first, e->first_ms);
    for (size_t i = 0; i < e->n_samples; i++) {
        double ms = e->first_ms + (double)i * 1000 / e->rate_hz;
        if (i)
            gm_text_addf(out, fabs(ms) < 1e6 ? "%.12g" : "%.15g", ms);
        else
            gm_text_add(out, first);
        for (size_t c = 0; c < e->n_channels; c++)
            add_cell(out, &e->channels[c], i);
        gm_text_add(out, "\n");
    }
}

gm_status gm_ecg_csv_write(gm_ecg_files *files, const gm_ecg *e, const char *path)
{
    char rate[GM_EXACT_SIZE];
    gm_text out = {0};
    GM_TRY(check(e, path));
    gm_write_exactly(rate, e->rate_hz);
    gm_text_addf(&out, "# rate_hz: %s\n", rate);
    gm_ecg_facts_write(&out, e);
    gm_status s = add_headings(&out, files, e);
    if (s == GM_OK) add_rows(&out, e);
    if (s == GM_OK) s = gm_text_status(&out);
    if (s == GM_OK) s = gm_ecg_files_add(files, path, out.data, out.length);
    if (s == GM_OK) s = gm_ecg_leave_out_details(files, e);
    gm_text_free(&out);
    return s;
}
