#include "heart/anatomy/torso.h"

#include <string.h>

/* Rows: the heart's u, v, w in the torso frame; orthonormal, right-handed. */
static const double AXES[3][3] = {
    {-0.7215463867896642, -0.6912892907864926, -0.0385995874937580},
    {0.3112582965594821, -0.3736710209666227, 0.8737781416999691},
    {-0.6184570191481942, 0.6184570191481942, 0.4847905021064877},
};

void gm_torso_place(double x[3])
{
    double y[3] = {0, 0, 0};
    for (int a = 0; a < 3; a++)
        for (int c = 0; c < 3; c++)
            y[c] += x[a] * AXES[a][c];
    memcpy(x, y, sizeof y);
}

void gm_torso_electrodes(double out_mm[GM_N_ELECTRODES][3])
{
    static const double places[GM_N_ELECTRODES][3] = {
        [GM_RA] = {-165, 10, 145}, [GM_LA] = {135, 10, 150},  [GM_LL] = {70, 15, -340},
        [GM_V1] = {-45, -122, 0},  [GM_V2] = {5, -130, 0},    [GM_V3] = {40, -130, -18},
        [GM_V4] = {75, -118, -35}, [GM_V5] = {112, -85, -38}, [GM_V6] = {132, -25, -40},
    };
    memcpy(out_mm, places, sizeof places);
}
