/* Reads an ECG with libgemel, prints each lead's range, and measures it with the verb `ecg measure`.
 *
 *     cc main.c -o ecg_from_c -lgemel && ./ecg_from_c patient.dcm
 */
#include <gemel/gemel.h>
#include <stdio.h>

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, gemel_error_text());
    return 1;
}

static void print_lead(const gemel_ecg *ecg, size_t lead)
{
    const double *mv = gemel_ecg_lead_mv(ecg, lead);
    double low = 0, high = 0;
    for (size_t i = 0; i < gemel_ecg_n_samples(ecg); i++) {
        if (mv[i] < low) low = mv[i];
        if (mv[i] > high) high = mv[i];
    }
    printf("%-4s %7.3f to %6.3f mV\n", gemel_ecg_lead_name(lead), low, high);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: ecg_from_c FILE\n");
        return 2;
    }
    gemel_ecg *ecg;
    if (gemel_ecg_read(&ecg, argv[1]) != GEMEL_OK) return failed("reading");
    printf("%s: %zu samples at %g Hz\n", argv[1], gemel_ecg_n_samples(ecg), gemel_ecg_rate_hz(ecg));
    for (size_t lead = 0; lead < GEMEL_N_LEADS; lead++)
        print_lead(ecg, lead);
    gemel_ecg_destroy(ecg);

    gemel_result *measured;
    const char *words[] = {argv[1]};
    if (gemel_run(&measured, "ecg", "measure", words, 1, NULL) != GEMEL_OK)
        return failed("measuring");
    printf("%s", gemel_result_summary(measured));
    gemel_result_destroy(measured);
    return 0;
}
