/* decimals.h - numbers as decimal text and back without losing a bit, for the ECG formats that are text.
 */
#ifndef GM_ECG_DECIMALS_H
#define GM_ECG_DECIMALS_H

enum { GM_MOST_DECIMALS = 9, GM_EXACT_SIZE = 32 };

/* 10^0 to 10^9, so that no libm decides the last bit of a scale. */
extern const double gm_power_of_ten[GM_MOST_DECIMALS + 1];

/* Decimals after the point that the number's text needs: "1.25" 2, "1.5e-3" 4, "2e3" 0. */
int gm_decimals_of(const char *text);

/* The fewest digits, 15 to 17, that read back as the same double; returns how many. */
int gm_write_exactly(char out[GM_EXACT_SIZE], double v);

#endif
