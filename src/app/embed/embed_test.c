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
    RUN(a_missing_ecg_is_not_found);
    return gm_report();
}
