#include "ecg/dcm_structure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "core/alloc.h"

enum { PREAMBLE = 132, MAX_DEPTH = 32, MAX_ELEMENTS = 1000000, LONGEST_UID = 64 };
enum { MAX_INFLATED = 256 << 20 };

static const uint32_t undefined_length = 0xFFFFFFFF;
enum { ITEM = 0xE000, ITEM_END = 0xE00D, SEQUENCE_END = 0xE0DD };

typedef struct {
    const unsigned char *bytes;
    size_t at;
    const char *name;
    bool explicit_vr, big_endian;
    size_t n_elements;
} walker;

typedef struct {
    unsigned group, element;
    char vr[3]; /* empty in implicit VR and for items */
    uint32_t length;
    size_t start; /* of the element in the file */
} header;

static gm_status fail_at(const walker *w, const header *h, const char *text)
{
    return gm_fail(GM_EFORMAT, "%s: byte %zu: element (%04x,%04x): %s", w->name, h->start, h->group,
                   h->element, text);
}

static unsigned read_u16(const walker *w, const unsigned char *p)
{
    return w->big_endian ? p[1] | (unsigned)p[0] << 8 : p[0] | (unsigned)p[1] << 8;
}

static uint32_t read_u32(const walker *w, const unsigned char *p)
{
    uint32_t first = read_u16(w, p), second = read_u16(w, p + 2);
    return w->big_endian ? first << 16 | second : second << 16 | first;
}

static bool is_one_of(const char vr[3], const char *list)
{
    const char *found = strstr(list, vr);
    return found && (found - list) % 3 == 0;
}

/* Tag, VR and length; leaves w->at at the value. */
static gm_status read_header(walker *w, size_t end, header *h)
{
    static const char known[] =
        "AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST "
        "SV TM UC UI UL UN UR US UT UV";
    static const char long_form[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";
    const unsigned char *p = w->bytes + w->at;
    *h = (header){.start = w->at};
    if (end - w->at < 8)
        return gm_fail(GM_EFORMAT,
                       "%s: byte %zu: %zu stray bytes, too few for an element: "
                       "cut off?",
                       w->name, w->at, end - w->at);
    h->group = read_u16(w, p);
    h->element = read_u16(w, p + 2);
    if (++w->n_elements > MAX_ELEMENTS) return fail_at(w, h, "more than 1,000,000 elements");
    size_t size = 8;
    if (!w->explicit_vr || h->group == 0xFFFE) {
        h->length = read_u32(w, p + 4);
    } else {
        memcpy(h->vr, p + 4, 2);
        if (strlen(h->vr) != 2 || !is_one_of(h->vr, known))
            return fail_at(w, h, "its value representation is not one of DICOM's");
        h->length = read_u16(w, p + 6);
        if (is_one_of(h->vr, long_form)) {
            size = 12;
            if (end - w->at < size) return fail_at(w, h, "cut off before its length");
            h->length = read_u32(w, p + 8);
        }
    }
    w->at += size;
    if (h->length != undefined_length && h->length > end - w->at)
        return gm_fail(GM_EFORMAT,
                       "%s: byte %zu: element (%04x,%04x): %lu bytes long, %zu are left: cut "
                       "off?",
                       w->name, h->start, h->group, h->element, (unsigned long)h->length,
                       end - w->at);
    return GM_OK;
}

static gm_status walk_items(walker *w, size_t end, bool until_mark, int depth);

/* Whether the value is a sequence. Implicit VR does not say: a value that starts with an item is
 * walked as one, which is stricter than need be for pixels that happen to look so. */
static bool is_sequence(const walker *w, const header *h)
{
    if (h->vr[0]) return strcmp(h->vr, "SQ") == 0;
    if (h->length == undefined_length) return true;
    return h->length >= 8 && read_u16(w, w->bytes + w->at) == 0xFFFE &&
           read_u16(w, w->bytes + w->at + 2) == ITEM;
}

static gm_status walk_value(walker *w, const header *h, size_t end, int depth)
{
    bool undefined = h->length == undefined_length;
    if (is_sequence(w, h))
        return walk_items(w, undefined ? end : w->at + h->length, undefined, depth + 1);
    if (undefined && strcmp(h->vr, "UN") == 0) { /* PS3.5 6.2.2: implicit VR inside */
        bool outer = w->explicit_vr;
        w->explicit_vr = false;
        gm_status s = walk_items(w, end, true, depth + 1);
        w->explicit_vr = outer;
        return s;
    }
    if (undefined) return fail_at(w, h, "undefined length, which only a sequence may have");
    w->at += h->length;
    return GM_OK;
}

/* Elements up to `end`, or up to the item's end mark. */
static gm_status walk_elements(walker *w, size_t end, bool until_mark, int depth)
{
    while (w->at < end) {
        header h;
        GM_TRY(read_header(w, end, &h));
        if (h.group == 0xFFFE) {
            if (until_mark && h.element == ITEM_END && h.length == 0) return GM_OK;
            return fail_at(w, &h, "an item mark out of place");
        }
        if (h.group == 0x0002 && w->explicit_vr && depth > 0)
            return fail_at(w, &h, "a file header's element inside a sequence");
        GM_TRY(walk_value(w, &h, end, depth));
    }
    if (until_mark)
        return gm_fail(GM_EFORMAT, "%s: byte %zu: an item has no end: cut off?", w->name, w->at);
    return GM_OK;
}

static gm_status walk_items(walker *w, size_t end, bool until_mark, int depth)
{
    while (w->at < end) {
        header h;
        GM_TRY(read_header(w, end, &h));
        if (depth > MAX_DEPTH) return fail_at(w, &h, "sequences nested more than 32 deep");
        if (h.group != 0xFFFE) return fail_at(w, &h, "expected an item of a sequence here");
        if (until_mark && h.element == SEQUENCE_END && h.length == 0) return GM_OK;
        if (h.element != ITEM) return fail_at(w, &h, "expected an item of a sequence here");
        bool undefined = h.length == undefined_length;
        GM_TRY(walk_elements(w, undefined ? end : w->at + h.length, undefined, depth));
    }
    if (until_mark)
        return gm_fail(GM_EFORMAT, "%s: byte %zu: a sequence has no end: cut off?", w->name, w->at);
    return GM_OK;
}

static gm_status choose_syntax(gm_dcm_syntax *out, const char *uid, const char *name)
{
    static const struct {
        const char *uid;
        gm_dcm_syntax syntax;
    } known[] = {{"1.2.840.10008.1.2", GM_DCM_IMPLICIT},
                 {"1.2.840.10008.1.2.1", GM_DCM_EXPLICIT},
                 {"1.2.840.10008.1.2.1.99", GM_DCM_DEFLATED},
                 {"1.2.840.10008.1.2.2", GM_DCM_BIG_ENDIAN}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(uid, known[i].uid) != 0) continue;
        *out = known[i].syntax;
        return GM_OK;
    }
    return gm_fail(GM_EFORMAT,
                   "%s: transfer syntax \"%s\" is not read: a waveform is in 1.2.840.10008.1.2 "
                   "(implicit), .1.2.1 (explicit), .1.2.1.99 (deflated) or .1.2.2 (big endian)",
                   name, uid);
}

/* The file header, group 0002, always explicit little endian; it names the syntax of the rest. */
static gm_status walk_file_header(walker *w, size_t length, gm_dcm_syntax *syntax)
{
    char uid[LONGEST_UID + 1] = "";
    w->explicit_vr = true;
    while (length - w->at >= 2 && read_u16(w, w->bytes + w->at) == 0x0002) {
        header h;
        GM_TRY(read_header(w, length, &h));
        if (h.length == undefined_length || strcmp(h.vr, "SQ") == 0)
            return fail_at(w, &h, "a sequence in the file header");
        if (h.element == 0x0010 && h.length <= LONGEST_UID) {
            memcpy(uid, w->bytes + w->at, h.length);
            uid[h.length] = 0;
            for (size_t n = strlen(uid); n && uid[n - 1] == ' '; n--)
                uid[n - 1] = 0;
        }
        w->at += h.length;
    }
    if (!uid[0])
        return gm_fail(GM_EFORMAT, "%s: the DICOM file header names no transfer syntax", w->name);
    return choose_syntax(syntax, uid, w->name);
}

/* One step of inflation into a buffer that grows as it fills. */
static gm_status inflate_more(z_stream *z, gm_dcm_data *d, size_t *capacity, const char *name,
                              int *state)
{
    if (d->length == *capacity) {
        size_t more = *capacity < MAX_INFLATED / 2 ? 2 * *capacity : MAX_INFLATED;
        if (more == *capacity)
            return gm_fail(GM_EFORMAT, "%s: inflates to more than the %d bytes allowed", name,
                           MAX_INFLATED);
        char *grown = gm_realloc(d->inflated, more, 1);
        if (!grown) return gm_fail(GM_ENOMEM, "%s: no memory for %zu bytes", name, more);
        d->inflated = grown;
        *capacity = more;
    }
    z->next_out = (Bytef *)d->inflated + d->length;
    z->avail_out = (uInt)(*capacity - d->length);
    *state = inflate(z, Z_NO_FLUSH);
    d->length = *capacity - z->avail_out;
    if (*state == Z_OK || *state == Z_STREAM_END) return GM_OK;
    return gm_fail(*state == Z_MEM_ERROR ? GM_ENOMEM : GM_EFORMAT,
                   "%s: the deflated data cannot be inflated after %lu bytes: %s", name,
                   z->total_in, *state == Z_BUF_ERROR ? "cut off?" : "damaged");
}

/* The data set is one raw deflate stream (PS3.5 A.5), padded to an even length. */
static gm_status inflate_data(gm_dcm_data *d, const char *name)
{
    z_stream z = {.next_in = (z_const Bytef *)d->bytes, .avail_in = (uInt)d->length};
    size_t n_in = d->length, capacity = 4096;
    if (n_in > MAX_INFLATED)
        return gm_fail(GM_EFORMAT, "%s: %zu deflated bytes, allowed are %d", name, n_in,
                       MAX_INFLATED);
    d->length = 0;
    d->inflated = gm_calloc(capacity, 1);
    if (!d->inflated || inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return gm_fail(GM_ENOMEM, "%s: no memory to inflate", name);
    int state = Z_OK;
    gm_status s = GM_OK;
    while (s == GM_OK && state != Z_STREAM_END)
        s = inflate_more(&z, d, &capacity, name, &state);
    if (s == GM_OK && n_in - z.total_in > 1)
        s = gm_fail(GM_EFORMAT, "%s: %zu bytes after the end of the deflated data", name,
                    n_in - (size_t)z.total_in);
    inflateEnd(&z);
    d->bytes = d->inflated;
    return s;
}

static gm_status find_data(gm_dcm_data *d, const void *bytes, size_t length, const char *name)
{
    walker w = {.bytes = bytes, .at = PREAMBLE, .name = name};
    if (length < PREAMBLE || memcmp(w.bytes + PREAMBLE - 4, "DICM", 4) != 0)
        return gm_fail(GM_EFORMAT, "%s: not a DICOM file (no \"DICM\" at byte 128)", name);
    GM_TRY(walk_file_header(&w, length, &d->syntax));
    w.explicit_vr = d->syntax != GM_DCM_IMPLICIT;
    w.big_endian = d->syntax == GM_DCM_BIG_ENDIAN;
    d->bytes = (const char *)bytes + w.at;
    d->length = length - w.at;
    if (d->syntax != GM_DCM_DEFLATED) return walk_elements(&w, length, false, 0);
    GM_TRY(inflate_data(d, name));
    w.bytes = (const unsigned char *)d->bytes;
    w.at = 0;
    return walk_elements(&w, d->length, false, 0);
}

gm_status gm_dcm_open(gm_dcm_data *out, const void *bytes, size_t length, const char *name)
{
    *out = (gm_dcm_data){0};
    gm_status s = find_data(out, bytes, length, name);
    if (s != GM_OK) gm_dcm_close(out);
    return s;
}

void gm_dcm_close(gm_dcm_data *d)
{
    gm_free(d->inflated);
    *d = (gm_dcm_data){0};
}
