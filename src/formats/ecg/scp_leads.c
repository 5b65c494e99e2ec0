#include <stdio.h>

#include "core/alloc.h"
#include "ecg/scp_parts.h"

enum { LEAD_BYTES = 9, BEAT_BYTES = 14, AREA_BYTES = 8 };
enum { SUBTRACTED = 1, SIMULTANEOUS = 4 }; /* flags of section 3 */

/* 5.6.3, Table 7, and ISO 11073-91064 beyond 85. Frank's electrodes carry his name, so that his I is not
 * taken for Einthoven's. "cal": the calibration of that lead. */
static const char *const lead_names[] = {"unspecified",
                                         "I",
                                         "II",
                                         "V1",
                                         "V2",
                                         "V3",
                                         "V4",
                                         "V5",
                                         "V6",
                                         "V7",
                                         "V2R",
                                         "V3R",
                                         "V4R",
                                         "V5R",
                                         "V6R",
                                         "V7R",
                                         "X",
                                         "Y",
                                         "Z",
                                         "CC5",
                                         "CM5",
                                         "left arm",
                                         "right arm",
                                         "left leg",
                                         "Frank I",
                                         "Frank E",
                                         "Frank C",
                                         "Frank A",
                                         "Frank M",
                                         "Frank F",
                                         "Frank H",
                                         "I-cal",
                                         "II-cal",
                                         "V1-cal",
                                         "V2-cal",
                                         "V3-cal",
                                         "V4-cal",
                                         "V5-cal",
                                         "V6-cal",
                                         "V7-cal",
                                         "V2R-cal",
                                         "V3R-cal",
                                         "V4R-cal",
                                         "V5R-cal",
                                         "V6R-cal",
                                         "V7R-cal",
                                         "X-cal",
                                         "Y-cal",
                                         "Z-cal",
                                         "CC5-cal",
                                         "CM5-cal",
                                         "left arm-cal",
                                         "right arm-cal",
                                         "left leg-cal",
                                         "Frank I-cal",
                                         "Frank E-cal",
                                         "Frank C-cal",
                                         "Frank A-cal",
                                         "Frank M-cal",
                                         "Frank F-cal",
                                         "Frank H-cal",
                                         "III",
                                         "aVR",
                                         "aVL",
                                         "aVF",
                                         "-aVR",
                                         "V8",
                                         "V9",
                                         "V8R",
                                         "V9R",
                                         "Nehb D",
                                         "Nehb A",
                                         "Nehb J",
                                         "defibrillator",
                                         "external pacing",
                                         "A1",
                                         "A2",
                                         "A3",
                                         "A4",
                                         "V8-cal",
                                         "V9-cal",
                                         "V8R-cal",
                                         "V9R-cal",
                                         "Nehb D-cal",
                                         "Nehb A-cal",
                                         "Nehb J-cal",
                                         "chest",
                                         "V",
                                         "VR",
                                         "VL",
                                         "VF",
                                         "MCL",
                                         "MCL1",
                                         "MCL2",
                                         "MCL3",
                                         "MCL4",
                                         "MCL5",
                                         "MCL6",
                                         "CC",
                                         "CC1",
                                         "CC2",
                                         "CC3",
                                         "CC4",
                                         "CC6",
                                         "CC7",
                                         "CM",
                                         "CM1",
                                         "CM2",
                                         "CM3",
                                         "CM4",
                                         "CM6",
                                         "III-cal",
                                         "aVR-cal",
                                         "aVL-cal",
                                         "aVF-cal",
                                         "-aVR-cal",
                                         "chest-cal",
                                         "V-cal",
                                         "VR-cal",
                                         "VL-cal",
                                         "VF-cal",
                                         "CM7",
                                         "CH5",
                                         "CS5",
                                         "CB5",
                                         "CR5",
                                         "ML",
                                         "AB1",
                                         "AB2",
                                         "AB3",
                                         "AB4",
                                         "ES",
                                         "AS",
                                         "AI",
                                         "S",
                                         "defibrillator-cal",
                                         "external pacing-cal",
                                         "A1-cal",
                                         "A2-cal",
                                         "A3-cal",
                                         "A4-cal",
                                         "MCL1-cal",
                                         "MCL2-cal",
                                         "MCL3-cal",
                                         "MCL4-cal",
                                         "MCL5-cal",
                                         "MCL6-cal",
                                         "RL",
                                         "CV5RL",
                                         "CV6LL",
                                         "CV6LU",
                                         "V10"};
_Static_assert(sizeof lead_names / sizeof *lead_names == 152, "numbers 0 to 151");

const char *gm_scp_lead_name(int id)
{
    static _Thread_local char unassigned[16];
    if (id >= 0 && (size_t)id < sizeof lead_names / sizeof *lead_names) return lead_names[id];
    snprintf(unassigned, sizeof unassigned, "lead %d", id);
    return unassigned;
}

int gm_scp_lead_index(int id)
{
    if (id == 1 || id == 2) return id - 1;      /* I, II */
    if (id >= 3 && id <= 8) return id + 3;      /* V1 to V6 */
    return id >= 61 && id <= 64 ? id - 59 : -1; /* III, aVR, aVL, aVF */
}

size_t gm_scp_declared(const gm_scp_lead *lead)
{
    /* Files that count from 0 write the number of samples as the end. */
    return (size_t)lead->end - lead->start + (lead->start > 0);
}

static gm_status read_leads(gm_scp_layout *l, const gm_scp_file *f)
{
    const gm_scp_section *s = &f->sections[3];
    if (!s->data) return gm_scp_fail(f, 3, "missing: the leads are unknown");
    l->n_leads = s->length >= 2 ? s->data[0] : 0;
    if (l->n_leads == 0) return gm_scp_fail(f, 3, "no leads");
    if (s->length < 2 + l->n_leads * LEAD_BYTES)
        return gm_scp_fail(f, 3, "%zu leads in %zu bytes, expected %d for each", l->n_leads,
                           s->length - 2, LEAD_BYTES);
    l->subtracted = s->data[1] & SUBTRACTED;
    l->simultaneous = s->data[1] & SIMULTANEOUS;
    l->first = UINT32_MAX;
    for (size_t i = 0; i < l->n_leads; i++) {
        const unsigned char *p = s->data + 2 + i * LEAD_BYTES;
        gm_scp_lead *lead = &l->leads[i];
        *lead = (gm_scp_lead){gm_scp_u32(p), gm_scp_u32(p + 4), p[8]};
        if (lead->end < lead->start)
            return gm_scp_fail(f, 3, "lead %s ends at sample %lu, before it starts at %lu",
                               gm_scp_lead_name(lead->id), (unsigned long)lead->end,
                               (unsigned long)lead->start);
        if (lead->start < l->first) l->first = lead->start;
    }
    return GM_OK;
}

static gm_status read_beats(gm_scp_layout *l, const gm_scp_file *f)
{
    const gm_scp_section *s = &f->sections[4];
    if (!s->data) return GM_OK;
    if (s->length < 6) return gm_scp_fail(f, 4, "%zu bytes, expected 6 or more", s->length);
    l->beat_ms = gm_scp_u16(s->data);
    l->beat_mark = gm_scp_u16(s->data + 2);
    size_t n = gm_scp_u16(s->data + 4), left = s->length - 6;
    if (left < n * BEAT_BYTES)
        return gm_scp_fail(f, 4, "%zu QRS complexes in %zu bytes, expected %d for each", n, left,
                           BEAT_BYTES);
    if (n == 0) return GM_OK;
    l->beats = gm_calloc(n, sizeof *l->beats);
    if (!l->beats) return gm_fail(GM_ENOMEM, "%s: no memory for %zu beats", f->name, n);
    l->n_beats = n;
    const unsigned char *areas = s->data + 6 + n * BEAT_BYTES;
    bool has_areas = left - n * BEAT_BYTES >= n * AREA_BYTES;
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = s->data + 6 + i * BEAT_BYTES;
        l->beats[i] = (gm_scp_beat){.type = gm_scp_u16(p),
                                    .from = gm_scp_u32(p + 2),
                                    .fiducial = gm_scp_u32(p + 6),
                                    .to = gm_scp_u32(p + 10)};
        if (!has_areas) continue;
        l->beats[i].keep_from = gm_scp_u32(areas + i * AREA_BYTES);
        l->beats[i].keep_to = gm_scp_u32(areas + i * AREA_BYTES + 4);
    }
    return GM_OK;
}

gm_status gm_scp_layout_read(gm_scp_layout *l, const gm_scp_file *f)
{
    *l = (gm_scp_layout){0};
    GM_TRY(read_leads(l, f));
    return read_beats(l, f);
}

void gm_scp_layout_free(gm_scp_layout *l)
{
    gm_free(l->beats);
    l->beats = NULL;
}
