/* The header, a line "@@", the bytes of every signal file; then, each after a line "@@NAME", further
 * files by name: segments' headers, signal files, "fuzz.atr". What is read must be written and read
 * again without a changed sample, or be refused by the writer. */
#include <stdint.h>
#include <string.h>

#include "check_ecg.h"
#include "ecg/wfdb_memory.h"
#include "ecg/wfdb_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FILES = 20, MAX_NAME = 32, MAX_SAMPLES = 1 << 20 };

typedef struct {
    gm_wfdb_memory_file files[MAX_FILES];
    char names[MAX_FILES][MAX_NAME];
    size_t n;
} record;

static void add_file(record *r, const char *name, size_t n_name, const char *bytes, size_t length)
{
    if (r->n == MAX_FILES || n_name >= MAX_NAME) return;
    memcpy(r->names[r->n], name, n_name);
    r->names[r->n][n_name] = 0;
    r->files[r->n] = (gm_wfdb_memory_file){n_name ? r->names[r->n] : NULL, bytes, length};
    r->n++;
}

static void cut_into_files(record *r, const char *text, size_t size)
{
    const char *end = text + size, *name = "fuzz.hea";
    size_t n_name = strlen(name);
    for (;;) {
        size_t left = (size_t)(end - text);
        const char *mark = left ? memmem(text, left, "@@", 2) : NULL;
        const char *line = mark ? memchr(mark, '\n', (size_t)(end - mark)) : NULL;
        add_file(r, name, n_name, text, line ? (size_t)(mark - text) : left);
        if (!line) return;
        name = mark + 2;
        n_name = (size_t)(line - name);
        text = line + 1;
    }
}

static void check_same(const gm_ecg *a, const gm_ecg *b)
{
    if (a->n_channels != b->n_channels || a->n_samples != b->n_samples || a->rate_hz != b->rate_hz)
        __builtin_trap();
    for (size_t c = 0; c < a->n_channels; c++) {
        const gm_ecg_channel *x = &a->channels[c], *y = &b->channels[c];
        if (memcmp(x->counts, y->counts, a->n_samples * sizeof *x->counts)) __builtin_trap();
        if (x->baseline != y->baseline || isnan(x->mv_per_count) != isnan(y->mv_per_count) ||
            (!isnan(x->mv_per_count) && x->mv_per_count != y->mv_per_count))
            __builtin_trap();
    }
}

static void check_round_trip(const gm_ecg *e)
{
    gm_ecg_files files = {0};
    gm_wfdb_memory_file in[3];
    gm_ecg *back;
    if (gm_wfdb_write(&files, e, "w.hea") == GM_OK) {
        static const char *const names[] = {"w.hea", "w.dat", "w.atr"};
        for (size_t i = 0; i < files.n; i++)
            in[i] = (gm_wfdb_memory_file){names[i], files.items[i].bytes, files.items[i].length};
        if (gm_wfdb_memory_read(&back, in, files.n, 0) != GM_OK) __builtin_trap();
        check_same(e, back);
        if (back->n_others != e->n_others) __builtin_trap();
        for (size_t k = 0; k < e->n_others; k++)
            check_same(e->others[k], back->others[k]);
        gm_ecg_destroy(back);
    }
    gm_ecg_files_free(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static record r;
    r.n = 0;
    cut_into_files(&r, (const char *)data, size);
    gm_ecg *e;
    if (gm_wfdb_memory_read(&e, r.files, r.n, MAX_SAMPLES) != GM_OK) return 0;
    check_ecg(e);
    for (size_t k = 0; k < e->n_others; k++)
        check_ecg(e->others[k]);
    for (size_t i = 0; i < e->n_marks; i++) {
        const gm_ecg_mark *m = &e->marks[i];
        if (m->group > e->n_others || !m->scheme || !m->code) __builtin_trap();
        const gm_ecg *group = m->group ? e->others[m->group - 1] : e;
        if (m->channel < -1 || m->channel >= (int)group->n_channels) __builtin_trap();
    }
    check_round_trip(e);
    gm_ecg_destroy(e);
    return 0;
}
