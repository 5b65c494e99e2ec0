#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "heart/case/electrodes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_csv *table;
    double xyz_mm[GM_N_ELECTRODES][3];
    if (gm_csv_parse(&table, data, size, "electrodes.csv", NULL) != GM_OK) return 0;
    if (gm_electrodes_from_csv(xyz_mm, table) == GM_OK)
        for (int i = 0; i < GM_N_ELECTRODES; i++)
            for (int k = 0; k < 3; k++)
                if (!isfinite(xyz_mm[i][k])) abort();
    gm_csv_destroy(table);
    return 0;
}
