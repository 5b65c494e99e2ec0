#include "core/clock.h"
#include "heart/lab/heart_lab.h"
#include "heart/verbs/verbs.h"

const gm_option gm_heart_keep_options[] = {
    {"lab", GM_ARG_FILE, "DIR", 0, 0, NULL, "lab", "the lab's folder"},
    {"twin", GM_ARG_TEXT, "TWIN", 0, 0, NULL, "heart:1", "the twin; made if there is none"},
    {"by", GM_ARG_TEXT, "WHO", 0, 0, NULL, NULL, "who does this, for the audit log"},
    {0},
};

const char gm_heart_keep_description[] =
    "Puts what `gemel heart fit` or `gemel heart demo` wrote into FOLDER into a lab: every file as "
    "a blob, the best "
    "parameters, the fit's figures and the ECG's as values with their source. A lab that is not "
    "there yet is made. "
    "The same twin again gets a new revision; the old one stays.";

gm_status gm_heart_keep_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *folder = gm_args_text(args, "lab"), *twin = gm_args_text(args, "twin");
    const char *by = gm_args_text(args, "by");
    gm_lab *lab;
    gm_receipt r;
    size_t n_files;
    (void)run;
    gm_act act = gm_act_by(by ? by : "gemel heart keep", gm_clock_ms());
    gm_status s = gm_lab_open(&lab, folder, NULL);
    if (s == GM_ENOTFOUND) {
        GM_TRY(gm_lab_init(folder, NULL));
        s = gm_lab_open(&lab, folder, NULL);
    }
    GM_TRY(s);
    s = gm_heart_keep(lab, twin, args->words[0], &act, &n_files, &r);
    gm_lab_close(lab);
    GM_TRY(s);
    json_object_set_new(out->values, "lab", json_string(folder));
    json_object_set_new(out->values, "twin", json_string(twin));
    json_object_set_new(out->values, "revision", json_integer((json_int_t)r.revision));
    json_object_set_new(out->values, "n_files", json_integer((json_int_t)n_files));
    return gm_result_say(out, "%s in %s: revision %lld, %zu files\n", twin, folder,
                         (long long)r.revision, n_files);
}
