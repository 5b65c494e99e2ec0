#include <stdint.h>

#include "table/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gm_csv *t;
    if (gm_csv_parse(&t, data, size, "fuzz.csv", NULL) != GM_OK) return 0;
    for (size_t row = 0; row < gm_csv_n_rows(t); row++) {
        for (size_t column = 0; column <= gm_csv_n_cells(t, row); column++) {
            double x;
            (void)gm_csv_real(t, row, column, "a number", &x);
        }
    }
    (void)gm_csv_column(t, "name");
    gm_csv_destroy(t);
    return 0;
}
