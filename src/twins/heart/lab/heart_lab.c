#include "heart/lab/heart_lab.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "ecg/waveform.h"
#include "live/pointer.h"
#include "store/blobs.h"

enum { LONGEST_PATH = 4096, DEEPEST = 8 };
static const char SOURCE[] = "gemel heart " GM_VERSION;

/* ---- files into blobs --------------------------------------------------------------------------- */

static bool is_page(const char *name)
{
    return gm_path_ends_with(name, ".html") || name[0] == '.';
}

/* Adds what lies in folder/inside to files, by its path from folder. */
static gm_status keep_files(const char *blobs, const char *folder, const char *inside, int depth,
                            json_t *files)
{
    char path[LONGEST_PATH], leaf[LONGEST_PATH], name[GM_HASH_TEXT];
    struct stat st;
    gm_status s = GM_OK;
    snprintf(path, sizeof path, "%s/%s", folder, inside);
    DIR *d = opendir(path);
    if (!d) return gm_fail(GM_ENOTFOUND, "%s: no such folder", path);
    for (struct dirent *e; s == GM_OK && (e = readdir(d));) {
        if (is_page(e->d_name)) continue;
        snprintf(leaf, sizeof leaf, "%.2000s%s%.2000s", inside, *inside ? "/" : "", e->d_name);
        if (snprintf(path, sizeof path, "%.2000s/%.2000s", folder, leaf) >= LONGEST_PATH ||
            stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEEPEST)
            s = keep_files(blobs, folder, leaf, depth + 1, files);
        if (!S_ISREG(st.st_mode)) continue;
        s = gm_blob_put_file(blobs, path, name);
        if (s == GM_OK && json_object_set_new(files, leaf, json_string(name)))
            s = gm_fail(GM_EFORMAT, "%s: the name is not a text in UTF-8", path);
    }
    closedir(d);
    return s;
}

/* ---- what the fit says -------------------------------------------------------------------------- */

static gm_value inferred(const char *pointer, json_t *value, int64_t t_ms)
{
    return (gm_value){.pointer = pointer,
                      .value = value,
                      .t_ms = t_ms,
                      .sd = NAN,
                      .source = SOURCE,
                      .kind = GM_VALUE_INFERRED,
                      .stale_after_s = NAN};
}

static json_t *without(const json_t *object, const char *member)
{
    json_t *copy = object ? json_deep_copy(object) : json_object();
    json_object_del(copy, member);
    return copy;
}

static gm_status observe_fit(gm_store *store, const char *twin, json_t *files, const json_t *said,
                             const gm_act *act, gm_receipt *out)
{
    const json_t *best = json_object_get(said, "best"), *ecg = json_object_get(said, "ecg");
    json_t *params = json_object_get(best, "params");
    if (!params || !ecg)
        return gm_fail(GM_EFORMAT,
                       "twin.json: \"best\" with its \"params\", and \"ecg\", are needed");
    json_t *summary = without(best, "params");
    const json_t *inputs = json_object_get(said, "inputs"), *run = json_object_get(said, "run");
    if (inputs) json_object_set_new(summary, "inputs", json_deep_copy(inputs));
    if (run) json_object_set_new(summary, "run", json_deep_copy(run));
    gm_value v[] = {inferred("/features/fit/properties/files", files, act->now_ms),
                    inferred("/features/fit/properties/params", params, act->now_ms),
                    inferred("/features/fit/properties/summary", summary, act->now_ms),
                    inferred("/features/ecg/properties/summary", (json_t *)ecg, act->now_ms)};
    gm_status s = gm_twin_observe(store, twin, v, sizeof v / sizeof *v, act, out);
    json_decref(summary);
    return s;
}

gm_status gm_heart_keep(gm_lab *lab, const char *twin, const char *folder, const gm_act *act,
                        size_t *n_files, gm_receipt *out)
{
    char *path = gm_path_join(folder, "twin.json");
    json_t *said = NULL, *files = json_object();
    gm_twin_facts facts;
    gm_status s = path && files ? gm_json_read_file(&said, path)
                                : gm_fail(GM_ENOMEM, "heart keep: no memory");
    if (s == GM_OK) s = keep_files(gm_lab_blobs(lab), folder, "", 0, files);
    if (s == GM_OK && gm_store_facts(gm_lab_store(lab), twin, &facts) == GM_ENOTFOUND)
        s = gm_twin_create(gm_lab_store(lab), twin, GM_HEART_TYPE, GM_LIFE_CREATED, NULL, act, out);
    if (s == GM_OK) s = observe_fit(gm_lab_store(lab), twin, files, said, act, out);
    *n_files = json_object_size(files);
    json_decref(files);
    json_decref(said);
    gm_free(path);
    return s;
}

/* ---- blobs into a case -------------------------------------------------------------------------- */

/* The readers of cases want files beside one another: a folder that goes away again. */
static gm_status lay_out(gm_lab *lab, const json_t *files, const char *folder)
{
    const char *path;
    json_t *name;
    json_object_foreach((json_t *)files, path, name)
    {
        char to[LONGEST_PATH], *data;
        size_t length;
        if (strncmp(path, "case/", 5) != 0 || strchr(path + 5, '/')) continue;
        GM_TRY(gm_blob_get(gm_lab_blobs(lab), json_string_value(name), &data, &length));
        snprintf(to, sizeof to, "%s/%s", folder, path + 5);
        gm_status s = gm_file_write(to, data, length);
        gm_free(data);
        GM_TRY(s);
    }
    return GM_OK;
}

static void remove_folder(const char *folder)
{
    DIR *d = opendir(folder);
    char path[LONGEST_PATH];
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%.2000s", folder, e->d_name);
        if (e->d_name[0] != '.') unlink(path);
    }
    if (d) closedir(d);
    rmdir(folder);
}

static gm_status read_case(gm_lab *lab, const json_t *files, gm_threads *threads, gm_heart_case **c)
{
    const char *base = getenv("TMPDIR");
    char folder[1024], path[LONGEST_PATH];
    snprintf(folder, sizeof folder, "%.900s/gemel_XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return gm_fail(GM_EIO, "%s: cannot make this folder", folder);
    gm_status s = lay_out(lab, files, folder);
    snprintf(path, sizeof path, "%s/case.json", folder);
    if (s == GM_OK) s = gm_heart_case_read(c, path, threads);
    remove_folder(folder);
    return s;
}

gm_status gm_heart_recall(gm_lab *lab, const json_t *state, gm_threads *threads, gm_heart_case **c,
                          gm_heart_params *params)
{
    const json_t *files = gm_pointer_get(state, "/features/fit/properties/files");
    const json_t *p = gm_pointer_get(state, "/features/fit/properties/params");
    *c = NULL;
    if (!files || !p)
        return gm_fail(GM_ESTATE, "this twin holds no fitted heart; gemel heart keep puts one in");
    if (!json_object_get(files, "case/case.json"))
        return gm_fail(
            GM_ESTATE,
            "the anatomy is not in the lab: the fit was made on a case of its own; put that "
            "into the folder case beside twin.json and keep it again");
    GM_TRY(gm_heart_params_from_json(params, p, "the twin's params"));
    return read_case(lab, files, threads, c);
}

/* ---- answers ------------------------------------------------------------------------------------ */

static gm_status put_ecg(gm_lab *lab, gm_samples samples, const double *twelve_mv,
                         char name[GM_HASH_TEXT])
{
    gm_text t = {0};
    gm_text_add(&t, "t_ms");
    for (int l = 0; l < GM_N_LEADS; l++)
        gm_text_addf(&t, ",%s", gm_lead_names[l]);
    for (size_t i = 0; i < samples.n; i++) {
        gm_text_addf(&t, "\n%g", samples.first_ms + (double)i * samples.step_ms);
        for (int l = 0; l < GM_N_LEADS; l++)
            gm_text_addf(&t, ",%.5f", twelve_mv[i * GM_N_LEADS + (size_t)l]);
    }
    gm_text_add(&t, "\n");
    gm_status s = gm_text_status(&t);
    if (s == GM_OK) s = gm_blob_put(gm_lab_blobs(lab), t.data, t.length, name);
    gm_text_free(&t);
    return s;
}

static gm_value simulated(const char *pointer, json_t *value, const char *unit, int64_t t_ms)
{
    gm_value v = inferred(pointer, value, t_ms);
    v.kind = GM_VALUE_SIMULATED, v.unit = unit;
    return v;
}

gm_status gm_heart_answer(gm_lab *lab, const char *branch, const gm_heart_change *change,
                          size_t n_sites, gm_samples samples, const double *twelve_mv,
                          const gm_what_if_facts *facts, const gm_act *act, gm_receipt *out)
{
    char ecg[GM_HASH_TEXT];
    GM_TRY(put_ecg(lab, samples, twelve_mv, ecg));
    json_t *asked = json_pack("{s:f,s:f}", "speed_factor", change->speed_factor, "apd_shift_ms",
                              change->apd_shift_ms);
    if (change->shift_ms)
        json_object_set_new(asked, "shift_ms", gm_json_reals(change->shift_ms, n_sites));
    static const char at[] = "/features/whatIf/properties/";
    char pointers[5][64];
    const struct {
        const char *name, *unit;
        json_t *value;
    } rows[] = {
        {"change", NULL, asked},
        {"qrs_ms", "ms", isnan(facts->qrs_ms) ? json_string("unknown") : json_real(facts->qrs_ms)},
        {"first_activation_ms", "ms", json_real(facts->first_ms)},
        {"last_activation_ms", "ms", json_real(facts->last_ms)},
        {"ecg", NULL, json_string(ecg)}};
    enum { N = sizeof rows / sizeof *rows };
    gm_value v[N];
    for (size_t k = 0; k < N; k++) {
        snprintf(pointers[k], sizeof pointers[k], "%s%s", at, rows[k].name);
        v[k] = simulated(pointers[k], rows[k].value, rows[k].unit, act->now_ms);
    }
    gm_status s = gm_twin_observe(gm_lab_store(lab), branch, v, N, act, out);
    for (size_t k = 0; k < N; k++)
        json_decref(rows[k].value);
    return s;
}
