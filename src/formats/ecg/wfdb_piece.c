#include "ecg/wfdb_piece.h"

#include "core/alloc.h"
#include "ecg/wfdb_format.h"

static gm_status lay_out(gm_wfdb_piece *p)
{
    const gm_wfdb_header *h = p->h;
    for (size_t i = 0; i < h->n_signals; i++) {
        const gm_wfdb_signal *s = &h->signals[i];
        if (s->file == GM_WFDB_NO_FILE) continue;
        gm_wfdb_signal_file *f = &p->files[s->file];
        bool is_first = f->frame_samples == 0;
        /* some headers state the offset with a file's first signal only */
        if (!is_first && (f->format != s->format || (s->offset && f->offset != s->offset)))
            return gm_fail(GM_EFORMAT,
                           "%s:%ld: signal file %s: format %d from byte %zu on, but also format %d "
                           "from byte %zu on",
                           p->name, s->line, h->files[s->file], f->format, f->offset, s->format,
                           s->offset);
        f->format = s->format;
        if (is_first) f->offset = s->offset;
        p->in_frame[i] = f->frame_samples;
        f->frame_samples += s->samples_per_frame;
    }
    return GM_OK;
}

static gm_status load(gm_wfdb_piece *p, const gm_wfdb_store *store)
{
    for (size_t i = 0; i < p->h->n_files; i++) {
        gm_wfdb_signal_file *f = &p->files[i];
        gm_status s = store->load(store->self, &f->bytes, &f->length, p->h->files[i], 0);
        if (s != GM_OK) return gm_fail_in(s, "%s: signal file", p->name);
        if (f->offset > f->length)
            return gm_fail(GM_EFORMAT,
                           "%s: %s: %zu bytes, but the header places the samples at byte %zu",
                           p->name, p->h->files[i], f->length, f->offset);
    }
    return GM_OK;
}

static gm_status count_frames(gm_wfdb_piece *p, size_t wanted)
{
    if (!wanted) wanted = p->h->n_frames;
    size_t most = p->h->n_files ? SIZE_MAX : 0;
    for (size_t i = 0; i < p->h->n_files; i++) {
        const gm_wfdb_signal_file *f = &p->files[i];
        size_t room = gm_wfdb_samples_in(f->format, f->length - f->offset) / f->frame_samples;
        if (room < wanted)
            return gm_fail(GM_EFORMAT,
                           "%s: %s: room for %zu samples a signal in its %zu bytes, but the "
                           "header promises %zu: cut off?",
                           p->name, p->h->files[i], room, f->length, wanted);
        if (room < most) most = room;
    }
    p->n_frames = wanted ? wanted : most;
    if (p->n_frames == 0) return gm_fail(GM_EFORMAT, "%s: the record holds no sample", p->name);
    return GM_OK;
}

gm_status gm_wfdb_piece_open(gm_wfdb_piece *out, const gm_wfdb_header *h, size_t n_frames,
                             const gm_wfdb_store *store, const char *name)
{
    *out = (gm_wfdb_piece){.h = h, .name = name};
    out->files = gm_calloc(h->n_files + 1, sizeof *out->files);
    out->in_frame = gm_calloc(h->n_signals, sizeof *out->in_frame);
    gm_status s = out->files && out->in_frame ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", name);
    if (s == GM_OK) s = lay_out(out);
    if (s == GM_OK) s = load(out, store);
    if (s == GM_OK) s = count_frames(out, n_frames);
    if (s != GM_OK) gm_wfdb_piece_close(out);
    return s;
}

void gm_wfdb_piece_close(gm_wfdb_piece *p)
{
    for (size_t i = 0; p->files && i < p->h->n_files; i++)
        gm_free(p->files[i].bytes);
    gm_free(p->files);
    gm_free(p->in_frame);
    *p = (gm_wfdb_piece){0};
}

static gm_status fail_sum(const gm_wfdb_piece *p, size_t signal)
{
    return gm_fail(GM_EFORMAT, "%s: signal %zu: its differences add up to more than 32 bits hold",
                   p->name, signal);
}

gm_status gm_wfdb_piece_decode(const gm_wfdb_piece *p, size_t signal, int32_t *counts,
                               int32_t *first, uint32_t *sum)
{
    const gm_wfdb_signal *s = &p->h->signals[signal];
    const gm_wfdb_signal_file *f = s->file == GM_WFDB_NO_FILE ? NULL : &p->files[s->file];
    const unsigned char *bytes = f ? (const unsigned char *)f->bytes + f->offset : NULL;
    int64_t last = s->first_stated ? s->first_count : s->adc_zero; /* of format 8 */
    *first = 0;
    *sum = 0;
    for (size_t frame = 0; frame < p->n_frames; frame++) {
        for (size_t k = 0; k < s->samples_per_frame; k++) {
            bool missing = true;
            int32_t v = 0;
            if (f) {
                size_t i = frame * f->frame_samples + p->in_frame[signal] + k;
                v = gm_wfdb_sample(s->format, bytes, i, &missing);
            }
            if (s->format == 8) {
                last += v;
                if (last <= INT32_MIN || last > INT32_MAX) return fail_sum(p, signal);
                v = (int32_t)last;
            }
            if (frame == 0 && k == 0) *first = v;
            *sum += (uint32_t)v;
            *counts++ = missing ? GM_ECG_MISSING_COUNT : v;
        }
    }
    return GM_OK;
}
