/* bench_million.c - a million twins of a type with 20 properties: making them, opening the store again, reading some
 * of them, and the memory that takes. Half a gigabyte on disk.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "core/rng.h"
#include "store/store.h"

enum { TWINS = 1000000, GROUP = 1000, PROPERTIES = 20, READS = 20000 };

static double resident_mib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static json_t *state_of(int k)
{
    json_t *attributes = json_object();
    for (int i = 0; i < PROPERTIES; i++) {
        char name[16];
        snprintf(name, sizeof name, "property%02d", i);
        json_object_set_new(attributes, name, json_real(k + 0.25 * i));
    }
    return json_pack("{s:s,s:o}", "definition", "dtmi:gemel:Device;1", "attributes", attributes);
}

static void make(gm_store *s)
{
    static gm_update u[GROUP];
    static char ids[GROUP][24];
    for (int from = 0; from < TWINS; from += GROUP) {
        for (int k = 0; k < GROUP; k++) {
            snprintf(ids[k], sizeof ids[k], "device:%07d", from + k);
            u[k] = (gm_update){.twin = ids[k], .patch = state_of(from + k), .revision = 0};
        }
        if (gm_store_update_all(s, u, GROUP, NULL, NULL) != GM_OK) {
            printf("%s\n", gm_error_text());
            exit(1);
        }
        for (int k = 0; k < GROUP; k++)
            json_decref(u[k].patch);
    }
}

int main(void)
{
    char folder[] = "bench_million_XXXXXX", path[64], command[80];
    gm_store *s;
    gm_rng r = gm_rng_stream(1, 0);
    struct stat st;
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/gemel.db", folder);
    bench_machine(2);
    double start = gm_clock_seconds();
    if (gm_store_open(&s, &gm_sql_sqlite, path, NULL) != GM_OK) return 1;
    make(s);
    double made_s = gm_clock_seconds() - start;
    printf("%d twins made in %.1f s (%.0f/s), resident %.0f MiB\n", TWINS, made_s, TWINS / made_s,
           resident_mib());
    gm_store_close(s);
    start = gm_clock_seconds();
    if (gm_store_open(&s, &gm_sql_sqlite, path, NULL) != GM_OK) return 1;
    printf("opened in %.3f s, resident %.0f MiB; %.0f MiB on disk\n", gm_clock_seconds() - start,
           resident_mib(), stat(path, &st) == 0 ? (double)st.st_size / 1048576 : 0);
    start = gm_clock_seconds();
    for (int k = 0; k < READS; k++) {
        char id[24];
        json_t *state;
        snprintf(id, sizeof id, "device:%07d", (int)gm_rng_below(&r, TWINS));
        if (gm_store_read(s, id, &state, NULL) != GM_OK) return 1;
        json_decref(state);
    }
    printf("cold reads: %.0f/s\n", READS / (gm_clock_seconds() - start));
    for (int k = 0; k < TWINS; k++) { /* everything once: as warm as it gets */
        char id[24];
        json_t *state;
        snprintf(id, sizeof id, "device:%07d", k);
        if (gm_store_read(s, id, &state, NULL) != GM_OK) return 1;
        json_decref(state);
    }
    printf("after reading all of them: resident %.0f MiB\n", resident_mib());
    gm_store_close(s);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}
