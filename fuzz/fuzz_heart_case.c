#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "heart/case/case.h"
#include "heart/case/files_for_tests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[128];

static void drop(void)
{
    gm_folder_drop(folder);
}

/* Files that a case may name: a cube of 3 x 3 x 3 cells, two of its sides as endocardia, electrodes. */
static void set_up(void)
{
    gm_folder_for_test(folder);
    atexit(drop);
    gm_tetmesh *m = gm_muscle_cube(3, 10);
    gm_put_mesh(folder, "m", m, 1000, true);
    gm_put_mesh(folder, "bare", m, 1000, false);
    gm_tetmesh_destroy(m);
    gm_put(folder, "e.csv",
           "name,x,y,z\nV1,-100,0,0\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\nV6,100,0,0\n"
           "RA,-200,0,200\nLA,200,0,200\nLL,100,0,-300\n");
    gm_text lv = {0}, rv = {0};
    gm_text_add(&lv, "16\nintra\n");
    gm_text_add(&rv, "16\nintra\n");
    for (int k = 0; k < 16; k++) {
        gm_text_addf(&lv, "%d\n", 4 * k);
        gm_text_addf(&rv, "%d\n", 4 * k + 3);
    }
    gm_put_text(folder, "l.vtx", &lv);
    gm_put_text(folder, "r.vtx", &rv);
    snprintf(path, sizeof path, "%s/case.json", folder);
}

/* The whole way from a case.json; what is accepted keeps the promises of case.h. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!folder[0]) set_up();
    if (gm_file_write(path, data, size) != GM_OK) abort();
    gm_heart_case *c;
    if (gm_heart_case_read(&c, path, NULL) != GM_OK) return 0;
    if (!c->mesh->fibres || !(c->conductivity.gil_mS_cm > 0)) abort();
    if (!(c->shape.v_rest_mv < c->shape.v_peak_mv)) abort();
    for (int i = 0; i < GM_N_ELECTRODES; i++)
        if (!isfinite(c->electrodes_mm[i][0])) abort();
    gm_heart_case_destroy(c);
    return 0;
}
