#include "heart/case/electrodes.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

const char *const gm_electrode_names[GM_N_ELECTRODES] = {"RA", "LA", "LL", "V1", "V2",
                                                         "V3", "V4", "V5", "V6"};

int gm_electrode_index(const char *name)
{
    while (isspace((unsigned char)*name))
        name++;
    size_t n = strlen(name);
    while (n && isspace((unsigned char)name[n - 1]))
        n--;
    for (int i = 0; i < GM_N_ELECTRODES; i++)
        if (n == strlen(gm_electrode_names[i]) && !strncasecmp(name, gm_electrode_names[i], n))
            return i;
    return -1;
}

static gm_status find_columns(const gm_csv *table, size_t column[4])
{
    static const char *const headings[4] = {"name", "x", "y", "z"};
    for (int k = 0; k < 4; k++) {
        long c = gm_csv_column(table, headings[k]);
        if (c < 0)
            return gm_csv_fail(table, 0,
                               "the heading has no column \"%s\"; it must be name,x,y,z "
                               "(coordinates in mm)",
                               headings[k]);
        column[k] = (size_t)c;
    }
    return GM_OK;
}

static gm_status refuse_missing(const gm_csv *table, const bool seen[GM_N_ELECTRODES])
{
    for (int i = 0; i < GM_N_ELECTRODES; i++)
        if (!seen[i])
            return gm_fail(GM_EFORMAT,
                           "%s: electrode %s is missing; needed are RA, LA, LL and V1 to V6",
                           gm_csv_name(table), gm_electrode_names[i]);
    return GM_OK;
}

gm_status gm_electrodes_from_csv(double out_mm[GM_N_ELECTRODES][3], const gm_csv *table)
{
    static const char *const what[3] = {"x in mm", "y in mm", "z in mm"};
    size_t column[4];
    bool seen[GM_N_ELECTRODES] = {false};
    GM_TRY(find_columns(table, column));
    for (size_t row = 1; row < gm_csv_n_rows(table); row++) {
        int i = gm_electrode_index(gm_csv_cell(table, row, column[0]));
        if (i < 0) continue;
        if (seen[i])
            return gm_csv_fail(table, row, "electrode %s is given twice", gm_electrode_names[i]);
        seen[i] = true;
        for (int k = 0; k < 3; k++)
            GM_TRY(gm_csv_real(table, row, column[k + 1], what[k], &out_mm[i][k]));
    }
    return refuse_missing(table, seen);
}

gm_status gm_electrodes_read(double out_mm[GM_N_ELECTRODES][3], const char *path)
{
    gm_csv *table;
    GM_TRY(gm_csv_read(&table, path, NULL));
    gm_status s = gm_electrodes_from_csv(out_mm, table);
    gm_csv_destroy(table);
    return s;
}

gm_status gm_electrodes_check(double electrodes_mm[GM_N_ELECTRODES][3], const gm_locator *muscle,
                              const gm_tetmesh_facts *facts, const char *name)
{
    for (int i = 0; i < GM_N_ELECTRODES; i++) {
        const double *at = electrodes_mm[i];
        double d2 = 0;
        for (int k = 0; k < 3; k++) {
            double d = at[k] - 0.5 * (facts->box_min_mm[k] + facts->box_max_mm[k]);
            d2 += d * d;
        }
        if (!(d2 <= GM_ELECTRODE_MAX_DISTANCE_MM * GM_ELECTRODE_MAX_DISTANCE_MM))
            return gm_fail(
                GM_EFORMAT,
                "%s: electrode %s at (%g, %g, %g) is %.4g mm from the heart, allowed up to "
                "%g mm; are the coordinates in mm?",
                name, gm_electrode_names[i], at[0], at[1], at[2], sqrt(d2),
                GM_ELECTRODE_MAX_DISTANCE_MM);
        gm_place place = gm_locate(muscle, at);
        if (!(place.distance_mm >= GM_CASE_ELECTRODE_GAP_MM))
            return gm_fail(
                GM_EFORMAT,
                "%s: electrode %s at (%g, %g, %g) mm is %s, allowed at least %g mm outside "
                "the muscle; are mesh and electrodes in the same coordinates and in mm?",
                name, gm_electrode_names[i], at[0], at[1], at[2],
                place.distance_mm > 0 ? "too near to the muscle" : "inside the muscle",
                GM_CASE_ELECTRODE_GAP_MM);
    }
    return GM_OK;
}
