/* The public header alone, as another program sees it. */
#include <gemel/gemel.h>

#include "testing/gm_test.h"

static void a_wrong_call_says_what_is_wrong(void)
{
    gemel_result *r;
    EXPECT(gemel_run(&r, "spleen", "fit", NULL, 0, NULL) == GEMEL_EUSAGE && !r);
    EXPECT_CONTAINS(gemel_error_text(), "spleen");
    EXPECT(gemel_run(&r, NULL, "fit", NULL, 0, NULL) == GEMEL_EINVAL && !r);
    const char *words[] = {"--help"};
    EXPECT(gemel_run(&r, "ecg", "measure", words, 1, NULL) == GEMEL_EUSAGE && !r);
    EXPECT(strcmp(gemel_status_name(GEMEL_EFORMAT), "GM_EFORMAT") == 0);
    EXPECT(strchr(gemel_version(), '.') != NULL);
    gemel_result_destroy(NULL);
}

static const char *ecg_file(void)
{
    static char path[32];
    strcpy(path, "/tmp/gemel_embed_XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) return "";
    fprintf(f, "t_ms,I,II\n");
    for (int i = 0; i < 1000; i++)
        fprintf(f, "%d,%.4f,%.4f\n", 2 * i, 0.001 * (i % 100), 0.002 * (i % 100));
    fclose(f);
    return path;
}

static void an_ecg_is_read_with_its_derived_leads(void)
{
    const char *path = ecg_file();
    gemel_ecg *e;
    EXPECT(gemel_ecg_read(&e, path) == GEMEL_OK);
    if (!e) return;
    EXPECT_CLOSE(gemel_ecg_rate_hz(e), 500, 1e-9, 0);
    EXPECT(gemel_ecg_n_samples(e) == 1000);
    EXPECT(strcmp(gemel_ecg_lead_name(2), "III") == 0 && !gemel_ecg_lead_name(12));
    EXPECT_CLOSE(gemel_ecg_lead_mv(e, 1)[50], 0.1, 0, 1e-3);
    EXPECT_CLOSE(gemel_ecg_lead_mv(e, 2)[50], 0.05, 0, 2e-3); /* III = II - I */
    EXPECT(isnan(gemel_ecg_lead_mv(e, 6)[50]));               /* V1 was not recorded */
    EXPECT(!gemel_ecg_lead_mv(e, 12));
    gemel_ecg_destroy(e);
    unlink(path);
}

static void a_verb_gives_its_values(void)
{
    const char *path = ecg_file();
    gemel_result *r;
    EXPECT(gemel_run(&r, "ecg", "info", &path, 1, NULL) == GEMEL_OK);
    if (r) EXPECT_CONTAINS(gemel_result_json(r), "\"rate_hz\": 500");
    gemel_result_destroy(r);
    unlink(path);
}

static void a_missing_ecg_is_not_found(void)
{
    gemel_ecg *e;
    EXPECT(gemel_ecg_read(&e, "no-such-ecg.csv") == GEMEL_ENOTFOUND && !e);
    EXPECT_CONTAINS(gemel_error_text(), "no-such-ecg.csv");
    gemel_ecg_destroy(NULL);
}

int main(int argc, char **argv)
{
    RUN(a_wrong_call_says_what_is_wrong);
    RUN(an_ecg_is_read_with_its_derived_leads);
    RUN(a_verb_gives_its_values);
    RUN(a_missing_ecg_is_not_found);
    return gm_report();
}
