#include "ecg/wfdb_header.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "ecg/build.h"
#include "ecg/wfdb_format.h"

enum { LONGEST_LINE = 1023, MAX_COMMENTS = 10000, MAX_SAMPLES_PER_FRAME = 1000 };
enum { MAX_SEGMENTS = 1 << 16, MAX_SKEW_FRAMES = 1000000 };

typedef struct {
    const char *at, *end, *name;
    long line;
    bool record_line_read;
    size_t n_signals_read, n_segments_read;
    gm_wfdb_header *h;
} reader;

static gm_status fail_at(const reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static gm_status fail_at(const reader *r, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return gm_fail(GM_EFORMAT, "%s:%ld: %s", r->name, r->line ? r->line : 1, text);
}

/* Copies the next line; *found is false at the end. */
static gm_status next_line(reader *r, char line[LONGEST_LINE + 1], bool *found)
{
    *found = r->at < r->end;
    if (!*found) return GM_OK;
    r->line++;
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    if (!stop) stop = r->end;
    size_t n = (size_t)(stop - r->at);
    if (n > LONGEST_LINE) return fail_at(r, "a line of more than %d bytes", LONGEST_LINE);
    if (memchr(r->at, 0, n)) return fail_at(r, "a NUL byte: not a text header");
    memcpy(line, r->at, n);
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    line[n] = 0;
    r->at = stop < r->end ? stop + 1 : stop;
    return GM_OK;
}

/* The next blank-separated word, cut out of *line in place; NULL at the end. */
static char *next_word(char **line)
{
    char *p = *line;
    while (isspace((unsigned char)*p))
        p++;
    if (!*p) return NULL;
    char *word = p;
    while (*p && !isspace((unsigned char)*p))
        p++;
    if (*p) *p++ = 0;
    *line = p;
    return word;
}

/* A whole number in [min, max] that must use up all of `word`. */
static gm_status whole(const reader *r, const char *word, const char *what, long min, long max,
                       long *out)
{
    if (!gm_parse_long(word, out) || *out < min || *out > max)
        return fail_at(r, "%s is \"%.40s\", expected a whole number from %ld to %ld", what, word,
                       min, max);
    return GM_OK;
}

/* Cuts "500/250(10)" after the number in front, whose end strtod finds. */
static gm_status read_rate(reader *r, char *word)
{
    word[strcspn(word, "/(")] = 0; /* the counter frequency says nothing about time */
    double rate;
    if (!gm_parse_real(word, &rate) || !(rate > 0))
        return fail_at(r, "the sampling rate is \"%.40s\", expected a number of Hz above 0", word);
    r->h->rate_hz = rate;
    return GM_OK;
}

/* Cuts the number of segments off "name/3"; room for them is made here, at most as many as the rest
 * of the file can have lines for. */
static gm_status read_segment_count(reader *r, char *name)
{
    char *slash = strchr(name, '/');
    long n;
    if (!slash) return GM_OK;
    GM_TRY(whole(r, slash + 1, "the number of segments", 1, MAX_SEGMENTS, &n));
    *slash = 0;
    if (n > (r->end - r->at) / 4 + 1)
        return fail_at(r, "%ld segments, but the header has only %td bytes for them", n,
                       r->end - r->at);
    r->h->n_segments = (size_t)n;
    r->h->segments = gm_calloc(r->h->n_segments, sizeof *r->h->segments);
    return r->h->segments ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", r->name);
}

static gm_status make_signals(reader *r)
{
    gm_wfdb_header *h = r->h;
    if (h->n_segments) return GM_OK;
    h->signals = gm_calloc(h->n_signals, sizeof *h->signals);
    h->files = gm_calloc(h->n_signals, sizeof *h->files);
    return h->signals && h->files ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", r->name);
}

/* name[/segments] signals [rate [samples [time [date]]]] */
static gm_status read_record_line(reader *r, char *line)
{
    gm_wfdb_header *h = r->h;
    char *name = next_word(&line), *n_signals = next_word(&line);
    if (!n_signals) return fail_at(r, "the number of signals is missing after \"%.60s\"", name);
    long n;
    GM_TRY(whole(r, n_signals, "the number of signals", 1, GM_ECG_MAX_CHANNELS, &n));
    h->n_signals = (size_t)n;
    GM_TRY(read_segment_count(r, name));
    GM_TRY(gm_ecg_set(&h->record, name));
    GM_TRY(make_signals(r));
    r->record_line_read = true;
    char *word = next_word(&line);
    if (word) GM_TRY(read_rate(r, word));
    if (word && (word = next_word(&line))) {
        GM_TRY(whole(r, word, "the number of samples", 0, LONG_MAX, &n));
        h->n_frames = (size_t)n;
    }
    if (word && (word = next_word(&line))) GM_TRY(gm_ecg_set(&h->time, word));
    if (word && (word = next_word(&line))) GM_TRY(gm_ecg_set(&h->date, word));
    return GM_OK;
}

/* The name must not lead out of the header's folder. */
static bool is_record_name(const char *name)
{
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-') return false;
    return *name != 0;
}

/* record samples */
static gm_status read_segment_line(reader *r, char *line)
{
    gm_wfdb_segment *s = &r->h->segments[r->n_segments_read];
    char *name = next_word(&line), *n_frames = next_word(&line);
    if (!n_frames) return fail_at(r, "the number of samples is missing after \"%.60s\"", name);
    if (strcmp(name, "~") != 0 && !is_record_name(name))
        return fail_at(r,
                       "segment \"%.80s\": a record's name has only letters, digits, - and _ (a "
                       "file beside the header)",
                       name);
    long n;
    GM_TRY(whole(r, n_frames, "the number of samples", 0, LONG_MAX, &n));
    *s = (gm_wfdb_segment){gm_strdup(name), (size_t)n, r->line};
    r->n_segments_read++;
    return s->name ? GM_OK : gm_fail(GM_ENOMEM, "%s: no memory", r->name);
}

static gm_status find_file(reader *r, const char *file, size_t *index)
{
    gm_wfdb_header *h = r->h;
    if (strchr(file, '/') || strcmp(file, "-") == 0 || strcmp(file, "~") == 0)
        return fail_at(r, "signal file \"%.80s\": only a file beside the header is read", file);
    for (*index = 0; *index < h->n_files; ++*index)
        if (strcmp(h->files[*index], file) == 0) return GM_OK;
    h->files[*index] = gm_strdup(file);
    if (!h->files[*index]) return gm_fail(GM_ENOMEM, "%s: no memory", r->name);
    h->n_files++;
    return GM_OK;
}

/* A number inside `*p`, which moves past it. */
static gm_status number_at(const reader *r, char **p, const char *what, long min, long max,
                           long *out)
{
    char *end;
    errno = 0;
    *out = strtol(*p, &end, 10);
    if (end == *p || errno || *out < min || *out > max)
        return fail_at(r, "%s at \"%.40s\", expected a whole number from %ld to %ld", what, *p, min,
                       max);
    *p = end;
    return GM_OK;
}

/* format[xN][:skew][+offset] */
static gm_status read_format(reader *r, char *word, gm_wfdb_signal *s)
{
    const char *whole_word = word;
    long n;
    GM_TRY(number_at(r, &word, "the signal format", 0, 10000, &n));
    s->format = (int)n;
    if (!gm_wfdb_format_is_known(s->format))
        return fail_at(r, "signal format %ld is not read (known are " GM_WFDB_FORMATS ")", n);
    s->samples_per_frame = 1;
    if (*word == 'x') {
        word++;
        GM_TRY(number_at(r, &word, "samples a frame", 1, MAX_SAMPLES_PER_FRAME, &n));
        s->samples_per_frame = (size_t)n;
    }
    if (*word == ':') {
        word++;
        GM_TRY(number_at(r, &word, "the skew", 0, MAX_SKEW_FRAMES, &s->skew_frames));
        s->skew_stated = true;
    }
    if (*word == '+') {
        word++;
        GM_TRY(number_at(r, &word, "the byte offset", 0, LONG_MAX, &n));
        s->offset = (size_t)n;
    }
    if (*word)
        return fail_at(r, "signal format \"%.40s\" goes on with \"%.20s\"", whole_word, word);
    return GM_OK;
}

/* gain[(baseline)][/units] */
static gm_status read_gain(reader *r, char *word, gm_wfdb_signal *s, bool *baseline_stated)
{
    char *unit = strchr(word, '/'), *open = strchr(word, '(');
    if (unit) {
        GM_TRY(gm_ecg_set(&s->unit, unit + 1));
        *unit = 0;
    }
    if (open && (!unit || open < unit)) {
        char *close = strchr(open, ')');
        if (!close || close[1]) return fail_at(r, "the baseline \"%.40s\" is not in ( )", open);
        *close = *open = 0;
        long baseline;
        GM_TRY(whole(r, open + 1, "the baseline", INT32_MIN, INT32_MAX, &baseline));
        s->baseline = (double)baseline;
        *baseline_stated = true;
    }
    if (!gm_parse_real(word, &s->gain) || s->gain < 0)
        return fail_at(r, "the gain is \"%.40s\", expected counts per unit, above 0 (0: unknown)",
                       word);
    if (s->gain == 0) s->gain = NAN;
    return GM_OK;
}

/* file format [gain [adc-bits [adc-zero [first [checksum [block [description]]]]]]] */
static gm_status read_signal_line(reader *r, char *line)
{
    gm_wfdb_signal *s = &r->h->signals[r->n_signals_read];
    bool baseline_stated = false;
    long n;
    *s = (gm_wfdb_signal){.gain = NAN, .line = r->line};
    char *file = next_word(&line), *format = next_word(&line), *word;
    if (!format) return fail_at(r, "the signal format is missing after \"%.60s\"", file);
    GM_TRY(read_format(r, format, s));
    s->file = GM_WFDB_NO_FILE;
    if (s->format) GM_TRY(find_file(r, file, &s->file));
    r->n_signals_read++;
    if (!(word = next_word(&line))) return GM_OK;
    GM_TRY(read_gain(r, word, s, &baseline_stated));
    if (!(word = next_word(&line))) return GM_OK;
    GM_TRY(whole(r, word, "the ADC resolution", 0, 64, &n));
    if (!(word = next_word(&line))) return GM_OK;
    GM_TRY(whole(r, word, "the ADC zero", INT32_MIN, INT32_MAX, &n));
    s->adc_zero = n;
    if (!baseline_stated) s->baseline = (double)n;
    if (!(word = next_word(&line))) return GM_OK;
    GM_TRY(whole(r, word, "the first count", INT32_MIN, INT32_MAX, &s->first_count));
    s->first_stated = true;
    if (!(word = next_word(&line))) return GM_OK;
    GM_TRY(whole(r, word, "the checksum", -65536, 65536, &s->checksum));
    s->checksum_stated = true;
    if (!(word = next_word(&line))) return GM_OK;
    GM_TRY(whole(r, word, "the block size", 0, LONG_MAX, &n));
    return gm_ecg_set(&s->name, line);
}

static gm_status add_comment(reader *r, const char *text)
{
    gm_wfdb_header *h = r->h;
    if (h->n_comments == MAX_COMMENTS) return fail_at(r, "more than %d comments", MAX_COMMENTS);
    char **comments = gm_realloc(h->comments, h->n_comments + 1, sizeof *comments);
    if (!comments) return gm_fail(GM_ENOMEM, "%s: no memory", r->name);
    h->comments = comments;
    comments[h->n_comments] = gm_strdup(text);
    if (!comments[h->n_comments]) return gm_fail(GM_ENOMEM, "%s: no memory", r->name);
    h->n_comments++;
    return GM_OK;
}

static gm_status read_lines(reader *r)
{
    char line[LONGEST_LINE + 1];
    for (;;) {
        bool found;
        GM_TRY(next_line(r, line, &found));
        if (!found) break;
        const char *text = line + strspn(line, " \t");
        if (*text == '#')
            GM_TRY(add_comment(r, text + 1));
        else if (!*text)
            continue;
        else if (!r->record_line_read)
            GM_TRY(read_record_line(r, line));
        else if (r->n_segments_read < r->h->n_segments)
            GM_TRY(read_segment_line(r, line));
        else if (r->h->signals && r->n_signals_read < r->h->n_signals)
            GM_TRY(read_signal_line(r, line));
        else
            return fail_at(r, "a line after the last of %zu %s",
                           r->h->signals ? r->h->n_signals : r->h->n_segments,
                           r->h->signals ? "signals" : "segments");
    }
    if (!r->record_line_read) return fail_at(r, "the record line is missing");
    if (r->n_segments_read < r->h->n_segments)
        return fail_at(r, "the header ends after %zu of %zu segments", r->n_segments_read,
                       r->h->n_segments);
    if (r->h->signals && r->n_signals_read < r->h->n_signals)
        return fail_at(r, "the header ends after %zu of %zu signals", r->n_signals_read,
                       r->h->n_signals);
    return GM_OK;
}

gm_status gm_wfdb_header_parse(gm_wfdb_header **out, const char *bytes, size_t length,
                               const char *name)
{
    *out = NULL;
    gm_wfdb_header *h = gm_calloc(1, sizeof *h);
    if (!h) return gm_fail(GM_ENOMEM, "%s: no memory", name);
    h->rate_hz = NAN;
    reader r = {.at = bytes, .end = bytes + length, .name = name, .h = h};
    gm_status s = read_lines(&r);
    if (s != GM_OK) {
        gm_wfdb_header_destroy(h);
        return s;
    }
    *out = h;
    return GM_OK;
}

void gm_wfdb_header_destroy(gm_wfdb_header *h)
{
    if (!h) return;
    for (size_t i = 0; h->signals && i < h->n_signals; i++) {
        gm_free(h->signals[i].unit);
        gm_free(h->signals[i].name);
    }
    for (size_t i = 0; h->segments && i < h->n_segments; i++)
        gm_free(h->segments[i].name);
    for (size_t i = 0; i < h->n_files; i++)
        gm_free(h->files[i]);
    for (size_t i = 0; i < h->n_comments; i++)
        gm_free(h->comments[i]);
    gm_free(h->signals);
    gm_free(h->segments);
    gm_free(h->files);
    gm_free(h->comments);
    gm_free(h->record);
    gm_free(h->time);
    gm_free(h->date);
    gm_free(h);
}
