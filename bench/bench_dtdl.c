/* bench_dtdl FOLDER - the specification cases of the DTDL suite (GM_SHARED_DIR/data/dtdl/cases/specification where it is
 * there): cases a second, files read and JSON parsed included. The baseline is reading and parsing the same files as
 * JSON alone. */
#include <dirent.h>

#include "bench.h"
#include "core/alloc.h"
#include "core/file.h"
#include "info/dtdl/conformance.h"
#include "info/dtdl/dom.h"

static const char *folder = GM_SHARED_DIR "/data/dtdl/cases/specification";
static size_t n_cases, n_failed;

static void judge(void *context)
{
    gm_conformance c;
    (void)context;
    n_cases = n_failed = 0;
    if (gm_dtdl_judge(&c, GM_SUITE_SPECIFICATION, folder, NULL, NULL) != GM_OK) return;
    for (int v = 2; v <= 4; v++) {
        const gm_conformance_count *k = &c.of[v];
        n_cases += k->valid + k->invalid;
        n_failed += k->valid + k->invalid - k->valid_passed - k->invalid_passed;
    }
}

static void read_json(void *context)
{
    DIR *d = opendir(folder);
    (void)context;
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = gm_path_join(folder, e->d_name), *text = NULL;
        size_t length;
        gm_dom_document *doc = NULL;
        if (path && gm_file_read(&text, &length, path, 0) == GM_OK)
            gm_dom_parse(&doc, text, length);
        gm_dom_destroy(doc);
        gm_free(text);
        gm_free(path);
    }
    if (d) closedir(d);
}

int main(int argc, char **argv)
{
    if (argc > 1) folder = argv[1];
    if (!gm_file_exists(folder)) {
        printf("skipped: %s is not there\n", folder);
        return 0;
    }
    bench_machine(1);
    bench_time json = bench_run(read_json, NULL, 10), all = bench_run(judge, NULL, 10);
    bench_print("reading the files as JSON", json);
    bench_print("judging all cases", all);
    printf("%zu cases, %zu failed: %.0f cases/s, %.1f times the JSON alone\n", n_cases, n_failed,
           (double)n_cases / all.median_s, all.median_s / json.median_s);
    return n_failed != 0;
}
