#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ecg/build.h"
#include "ecg/scp_parts.h"

enum { RECORD_HEADER = 6, SECTION_HEADER = 16, POINTER = 10, LONGEST_TEXT = 256 };

uint16_t gm_scp_crc(const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned)p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1;
    }
    return (uint16_t)crc;
}

gm_status gm_scp_fail(const gm_scp_file *f, int section, const char *fmt, ...)
{
    char text[768];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return gm_fail(GM_EFORMAT, "%s: section %d: %s", f->name, section, text);
}

gm_status gm_scp_text(char **field, const unsigned char *bytes, size_t n)
{
    char text[LONGEST_TEXT + 1];
    size_t length = 0;
    while (n && bytes[0] && (iscntrl(bytes[0]) || isspace(bytes[0])))
        bytes++, n--;
    for (; length < n && length < LONGEST_TEXT && bytes[length]; length++)
        text[length] = (char)bytes[length];
    while (length && iscntrl((unsigned char)text[length - 1]))
        length--;
    text[length] = 0;
    return gm_ecg_set(field, text);
}

/* Finds the section that a pointer names. */
static gm_status add_section(gm_scp_file *f, const unsigned char *pointer)
{
    unsigned id = gm_scp_u16(pointer);
    uint32_t length = gm_scp_u32(pointer + 2), start = gm_scp_u32(pointer + 6);
    if (length == 0 || id == 0 || id >= GM_SCP_N_SECTIONS)
        return GM_OK; /* absent, or a maker's own */
    if (f->sections[id].data) return gm_scp_fail(f, (int)id, "the pointer section lists it twice");
    if (start < 1 || start - 1 > f->length || f->length - (start - 1) < SECTION_HEADER)
        return gm_scp_fail(f, (int)id, "starts at byte %lu (from 1) of %zu: cut off?",
                           (unsigned long)start, f->length);
    const unsigned char *header = f->bytes + start - 1;
    size_t left = f->length - (start - 1);
    if (gm_scp_u16(header + 2) != id)
        return gm_scp_fail(f, (int)id, "at byte %lu (from 1) is section %u", (unsigned long)start,
                           gm_scp_u16(header + 2));
    length = gm_scp_u32(header + 4);
    if (length < SECTION_HEADER || length > left)
        return gm_scp_fail(f, (int)id,
                           "%lu bytes long at byte %lu (from 1), %zu are left: cut off?",
                           (unsigned long)length, (unsigned long)start, left);
    f->sections[id] = (gm_scp_section){header + SECTION_HEADER, length - SECTION_HEADER};
    return GM_OK;
}

gm_status gm_scp_open(gm_scp_file *f, const void *bytes, size_t length, const char *name)
{
    *f = (gm_scp_file){.bytes = bytes, .length = length, .name = name};
    if (length < RECORD_HEADER + SECTION_HEADER)
        return gm_fail(GM_EFORMAT, "%s: %zu bytes, an SCP-ECG record has 22 at least: cut off?",
                       name, length);
    const unsigned char *header = f->bytes + RECORD_HEADER;
    size_t own = gm_scp_u32(header + 4);
    if (gm_scp_u16(header + 2) != 0)
        return gm_fail(GM_EFORMAT, "%s: byte 8: section %u, expected the pointer section, 0", name,
                       gm_scp_u16(header + 2));
    if (own < SECTION_HEADER || own > length - RECORD_HEADER)
        return gm_scp_fail(f, 0, "%zu bytes long, %zu are left: cut off?", own,
                           length - RECORD_HEADER);
    f->sections[0] = (gm_scp_section){header + SECTION_HEADER, own - SECTION_HEADER};
    for (size_t at = 0; f->sections[0].length - at >= POINTER; at += POINTER)
        GM_TRY(add_section(f, f->sections[0].data + at));
    return GM_OK;
}

static gm_status note_crc(gm_ecg *e, int section, const unsigned char *start, size_t length)
{
    char what[32] = "file";
    if (section >= 0) snprintf(what, sizeof what, "section %d", section);
    unsigned stated = gm_scp_u16(start), computed = gm_scp_crc(start + 2, length - 2);
    if (stated == computed) return GM_OK;
    return gm_ecg_note(e, "%s: the checksum is %04x, the file says %04x: changed or damaged", what,
                       computed, stated);
}

static gm_status note_pointers(gm_ecg *e, const gm_scp_file *f)
{
    const gm_scp_section *table = &f->sections[0];
    for (size_t at = 0; table->length - at >= POINTER; at += POINTER) {
        const unsigned char *p = table->data + at;
        unsigned id = gm_scp_u16(p);
        if (id == 0 || id >= GM_SCP_N_SECTIONS || !f->sections[id].data) continue;
        if (gm_scp_u32(p + 2) != f->sections[id].length + SECTION_HEADER)
            GM_TRY(gm_ecg_note(e, "section %u: %zu bytes by its header, %lu by the pointer section",
                               id, f->sections[id].length + SECTION_HEADER,
                               (unsigned long)gm_scp_u32(p + 2)));
    }
    return GM_OK;
}

gm_status gm_scp_note_integrity(gm_ecg *e, const gm_scp_file *f)
{
    size_t stated = gm_scp_u32(f->bytes + 2);
    if (stated != f->length)
        GM_TRY(
            gm_ecg_note(e, "the file is %zu bytes long, its header says %zu", f->length, stated));
    GM_TRY(note_crc(e, -1, f->bytes, stated > 2 && stated < f->length ? stated : f->length));
    for (int id = 0; id < GM_SCP_N_SECTIONS; id++) {
        const gm_scp_section *s = &f->sections[id];
        if (s->data) GM_TRY(note_crc(e, id, s->data - SECTION_HEADER, s->length + SECTION_HEADER));
    }
    return note_pointers(e, f);
}
