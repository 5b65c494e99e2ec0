/* twin_from_c LAB - a ward bed as a living twin, from another program: made, observed, branched, and looked back at. */
#include <gemel/gemel.h>
#include <stdio.h>
#include <stdlib.h>

/* `gemel <noun> <verb> <words>`; prints what a person would read, stops at the first failure. */
static void run(const char *noun, const char *verb, const char *const words[], size_t n)
{
    gemel_result *r;
    if (gemel_run(&r, noun, verb, words, n, NULL) != GEMEL_OK) {
        fprintf(stderr, "%s %s: %s\n", noun, verb, gemel_error_text());
        exit(1);
    }
    fputs(gemel_result_summary(r), stdout);
    gemel_result_destroy(r);
}

#define RUN(noun, verb, ...)                            \
    run(noun, verb, (const char *const[]){__VA_ARGS__}, \
        sizeof(const char *[]){__VA_ARGS__} / sizeof(char *))

int main(int argc, char **argv)
{
    const char *lab = argc > 1 ? argv[1] : "lab";
    const char *rate = "/features/vitals/properties/heartRate";
    RUN("lab", "init", lab);
    RUN("twin", "create", "ward:bed-1", "--lab", lab, "--by", "twin_from_c");
    RUN("observe", "value", "ward:bed-1", rate, "72", "--unit", "/min", "--sd", "1.5", "--lab",
        lab);
    RUN("observe", "value", "ward:bed-1", rate, "118", "--unit", "/min", "--sd", "1.5", "--lab",
        lab);
    RUN("twin", "fork", "ward:bed-1", "ward:bed-1~before", "--at", "2", "--lab", lab);
    RUN("twin", "diff", "ward:bed-1~before", "ward:bed-1", "--lab", lab);
    RUN("audit", "verify", "--lab", lab);
    return 0;
}
