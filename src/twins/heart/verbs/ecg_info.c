/* gemel ecg info: what a file says of itself, with everything unknown left unknown. */
#include <math.h>
#include <string.h>

#include "core/file.h"
#include "ecg/waveform.h"
#include "heart/verbs/ecg_said.h"
#include "heart/verbs/verbs.h"

const gm_option gm_ecg_info_options[] = {{0}};

const char gm_ecg_info_description[] =
    "Says what FILE (any ECG format that is read here, recognised by content) holds and what is "
    "known about it: leads with rate, time of the first sample, scale, unit and filters, the span "
    "of their raw counts, when and with what the ECG was taken, who the patient is, marks and "
    "measurements of the device, other waveforms of the same file, and what the reader noticed. "
    "What the file does not say is unknown (null in --json). FILE is the main file of a record: "
    "NAME.hea of WFDB.";

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static json_t *channel_json(const gm_ecg *e, const gm_ecg_channel *c)
{
    const struct {
        const char *key;
        double value;
    } rows[] = {{"mv_per_count", c->mv_per_count}, {"baseline_counts", c->baseline},
                {"skew_ms", c->skew_ms},           {"low_cut_hz", c->low_cut_hz},
                {"high_cut_hz", c->high_cut_hz},   {"notch_hz", c->notch_hz}};
    int32_t low = INT32_MAX, high = INT32_MIN;
    size_t missing = 0;
    for (size_t i = 0; i < e->n_samples; i++) {
        int32_t v = c->counts[i];
        missing += v == GM_ECG_MISSING_COUNT;
        if (v == GM_ECG_MISSING_COUNT) continue;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    json_t *o = json_object();
    json_object_set_new(o, "name", text_or_null(c->name));
    json_object_set_new(o, "lead", text_or_null(c->lead < 0 ? NULL : gm_lead_names[c->lead]));
    json_object_set_new(o, "unit", text_or_null(c->unit));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        json_object_set_new(o, rows[i].key, gm_json_real_or_null(rows[i].value));
    json_object_set_new(o, "least_count", low <= high ? json_integer(low) : json_null());
    json_object_set_new(o, "largest_count", low <= high ? json_integer(high) : json_null());
    json_object_set_new(o, "n_missing", json_integer((json_int_t)missing));
    return o;
}

static void set_waveform(json_t *o, const gm_ecg *e)
{
    json_object_set_new(o, "group", text_or_null(e->group));
    json_object_set_new(o, "rate_hz", gm_json_real_or_null(e->rate_hz));
    json_object_set_new(o, "first_ms", gm_json_real_or_null(e->first_ms));
    json_object_set_new(o, "n_samples", json_integer((json_int_t)e->n_samples));
    json_object_set_new(o, "duration_s", gm_json_real_or_null((double)e->n_samples / e->rate_hz));
    json_t *channels = json_array();
    for (size_t c = 0; c < e->n_channels; c++)
        json_array_append_new(channels, channel_json(e, &e->channels[c]));
    json_object_set_new(o, "channels", channels);
    json_object_set_new(o, "notes", gm_ecg_lines_json(e->notes, e->n_notes));
}

static const char *sex_name(gm_sex s)
{
    return s == GM_SEX_FEMALE  ? "female"
           : s == GM_SEX_MALE  ? "male"
           : s == GM_SEX_OTHER ? "other"
                               : NULL;
}

static json_t *patient_json(const gm_ecg_patient *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", text_or_null(p->name));
    json_object_set_new(o, "id", text_or_null(p->id));
    json_object_set_new(o, "birth_date", text_or_null(p->birth_date));
    json_object_set_new(o, "sex", text_or_null(sex_name(p->sex)));
    json_object_set_new(o, "age_years", gm_json_real_or_null(p->age_years));
    json_object_set_new(o, "height_cm", gm_json_real_or_null(p->height_cm));
    json_object_set_new(o, "weight_kg", gm_json_real_or_null(p->weight_kg));
    return o;
}

static json_t *mark_json(const gm_ecg_mark *m)
{
    json_t *o = json_object();
    json_object_set_new(o, "what", text_or_null(m->what));
    if (m->code) json_object_set_new(o, "code", json_string(m->code));
    if (m->scheme) json_object_set_new(o, "scheme", json_string(m->scheme));
    json_object_set_new(o, "group", json_integer((json_int_t)m->group));
    if (m->channel >= 0) json_object_set_new(o, "channel", json_integer(m->channel));
    if (isfinite(m->sample)) json_object_set_new(o, "sample", json_real(m->sample));
    if (isfinite(m->duration_ms)) json_object_set_new(o, "duration_ms", json_real(m->duration_ms));
    if (isfinite(m->value)) json_object_set_new(o, "value", json_real(m->value));
    if (m->unit) json_object_set_new(o, "unit", json_string(m->unit));
    if (m->text) json_object_set_new(o, "text", json_string(m->text));
    return o;
}

static void set_values(json_t *o, const gm_ecg *e, const char *path)
{
    json_object_set_new(o, "file", json_string(path));
    json_object_set_new(o, "format", text_or_null(e->format));
    json_object_set_new(o, "acquired", text_or_null(e->acquired));
    json_object_set_new(o, "device", text_or_null(e->device));
    json_object_set_new(o, "device_id", text_or_null(e->device_id));
    json_object_set_new(o, "institution", text_or_null(e->institution));
    json_object_set_new(o, "physician", text_or_null(e->physician));
    json_object_set_new(o, "patient", patient_json(&e->patient));
    json_t *device_says = gm_ecg_device_says_json(e);
    json_object_set_new(o, "device_says", device_says ? device_says : json_null());
    set_waveform(o, e);
    json_t *others = json_array();
    for (size_t i = 0; i < e->n_others; i++) {
        json_t *other = json_object();
        set_waveform(other, e->others[i]);
        json_array_append_new(others, other);
    }
    json_object_set_new(o, "other_waveforms", others);
    json_t *marks = json_array();
    for (size_t i = 0; i < e->n_marks; i++)
        json_array_append_new(marks, mark_json(&e->marks[i]));
    json_object_set_new(o, "marks", marks);
    json_object_set_new(o, "comments", gm_ecg_lines_json(e->comments, e->n_comments));
}

/* ---- for people --------------------------------------------------------------------------------- */

static void say_fact(gm_text *t, const char *what, const char *value)
{
    gm_text_addf(t, "  %-12s %s\n", what, value ? value : "unknown");
}

static void say_number(gm_text *t, const char *what, double v, const char *unit)
{
    if (isfinite(v))
        gm_text_addf(t, "  %-12s %g %s\n", what, v, unit);
    else
        say_fact(t, what, NULL);
}

static void say_notes(gm_text *t, const gm_ecg *e)
{
    for (size_t i = 0; i < e->n_notes; i++)
        gm_text_addf(t, "  note: %s\n", e->notes[i]);
}

static void say_waveform(gm_text *t, const gm_ecg *e)
{
    gm_text_addf(t, "%s%s%zu channels, %zu samples at %g Hz, %.2f s", e->group ? e->group : "",
                 e->group ? ": " : "", e->n_channels, e->n_samples, e->rate_hz,
                 (double)e->n_samples / e->rate_hz);
    if (e->first_ms != 0) gm_text_addf(t, ", from %.15g ms", e->first_ms);
    gm_text_add(t, "\n");
    gm_text_add(t, "  channel       lead  uV/count  baseline  band Hz        notch\n");
    for (size_t i = 0; i < e->n_channels; i++) {
        const gm_ecg_channel *c = &e->channels[i];
        gm_text_addf(t, "  %-13s %-5s", c->name ? c->name : "?",
                     c->lead < 0 ? "-" : gm_lead_names[c->lead]);
        if (isfinite(c->mv_per_count))
            gm_text_addf(t, " %8.4g  %8g", 1000 * c->mv_per_count, c->baseline);
        else
            gm_text_addf(t, "  unknown  %8g", c->baseline);
        if (isfinite(c->low_cut_hz)) gm_text_addf(t, "  from %g", c->low_cut_hz);
        if (isfinite(c->high_cut_hz)) gm_text_addf(t, "  to %g", c->high_cut_hz);
        if (isfinite(c->notch_hz)) gm_text_addf(t, "  %g", c->notch_hz);
        gm_text_add(t, "\n");
    }
}

static gm_status say(gm_result *out, const gm_ecg *e, const char *path)
{
    gm_text t = {0};
    gm_text_addf(&t, "%s: %s\n", path, e->format);
    say_fact(&t, "acquired", e->acquired);
    say_fact(&t, "device", e->device);
    say_fact(&t, "institution", e->institution);
    say_fact(&t, "patient", e->patient.name);
    say_fact(&t, "patient id", e->patient.id);
    say_fact(&t, "born", e->patient.birth_date);
    say_fact(&t, "sex", sex_name(e->patient.sex));
    say_number(&t, "age", e->patient.age_years, "years");
    say_number(&t, "height", e->patient.height_cm, "cm");
    say_number(&t, "weight", e->patient.weight_kg, "kg");
    gm_ecg_device_says_text(&t, "  device says  ", e);
    say_waveform(&t, e);
    for (size_t i = 0; i < e->n_others; i++) {
        say_waveform(&t, e->others[i]);
        say_notes(&t, e->others[i]);
    }
    if (e->n_marks)
        gm_text_addf(&t, "%zu marks and measurements of the file (--json lists them)\n",
                     e->n_marks);
    for (size_t i = 0; i < e->n_comments; i++)
        gm_text_addf(&t, "  comment: %s\n", e->comments[i]);
    say_notes(&t, e);
    gm_status s = gm_text_status(&t);
    if (s == GM_OK) s = gm_result_say(out, "%s", t.data);
    gm_text_free(&t);
    return s;
}

gm_status gm_ecg_info_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    gm_ecg *e;
    GM_TRY(gm_ecg_read(&e, args->words[0]));
    if (run->wants_values) set_values(out->values, e, args->words[0]);
    gm_status s = gm_result_set_title(out, gm_path_leaf(args->words[0]));
    if (s == GM_OK) s = say(out, e, args->words[0]);
    gm_ecg_destroy(e);
    return s;
}
