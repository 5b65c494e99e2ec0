#include "heart/verbs/twin_verb.h"
#include "heart/verbs/verbs.h"

const gm_option gm_heart_fit_verb_options[] = {
    {"ecg", GM_ARG_FILE, "FILE", 0, 0, NULL, NULL,
     "the ECG, in any format that is read; a record (its beats are averaged) or a single beat; "
     "required"},
    {"o", GM_ARG_FILE, "DIR", 0, 0, NULL, NULL,
     "write twin.json, maps, ensemble, heart.vtu and report.html into DIR"},
    GM_TWIN_VERB_OPTIONS,
    {"edge-mm", GM_ARG_REAL, "H", 1, 5, "mm", "3",
     "without a case: mean edge length of the built-in anatomy"},
    {0},
};

const char gm_heart_fit_verb_description[] =
    "Fits the functional twin of a heart to a clinical 12-lead ECG: early activation sites on the "
    "endocardium with their onset times, conduction speeds and the fast endocardial layer from "
    "QRS, "
    "the gradients of action potential duration from T. The answer is never one twin alone but "
    "an ensemble of those that explain the ECG within its noise and the model's own error, with "
    "what "
    "the ECG could not tell.\n\n"
    "CASE.json names mesh, fibres, electrodes and endocardium (see gemel heart build, which writes "
    "one). Without it the built-in anatomy is used; then the heart's place and direction in the "
    "chest, "
    "one factor of all leads and one of the limb leads are fitted too. With a case the amplitude "
    "is "
    "fitted only if the case states no conductivity or the ECG no scale.\n\n"
    "With -o DIR it writes twin.json (parameters with 5, 50 and 95 %, fit per lead, basins, noise "
    "model, provenance), params.json (the best, for gemel heart forward), activation_ms.txt, "
    "activation_sd_ms.txt, ecg.csv, ensemble/, heart.vtu and report.html. Arrival times of "
    "candidate "
    "sites are kept in the cache folder for the next fit of the same heart.";

static gm_status make_case(gm_heart_case **out, const gm_args *args, const gm_run *run)
{
    if (args->n_words > 0) return gm_heart_case_read(out, args->words[0], run->threads);
    double edge_mm = 3;
    GM_TRY(gm_args_real(args, "edge-mm", &edge_mm));
    return gm_twin_verb_anatomy(out, edge_mm, run);
}

gm_status gm_heart_fit_verb_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    const char *path = gm_args_text(args, "ecg");
    if (!path) return gm_fail(GM_EUSAGE, "--ecg FILE is required: the ECG to fit the heart to");
    gm_twin_request q = {.is_built_in = args->n_words == 0, .ecg_name = path};
    GM_TRY(gm_twin_verb_options(args, run, &q.options));
    gm_ecg *ecg = NULL;
    GM_TRY(gm_ecg_read(&ecg, path));
    q.ecg = ecg;
    gm_status s = make_case(&q.c, args, run);
    if (s == GM_OK) s = gm_twin_verb_run(&q, run, out);
    gm_heart_case_destroy(q.c);
    gm_ecg_destroy(ecg);
    return s;
}
