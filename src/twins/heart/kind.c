#include "heart/kind.h"

#include "heart/verbs/verbs.h"

/* One row a verb: noun, name, words, least and most words, one line of help, then the parts from
 * verbs/<noun>_<name>.c. */
static const gm_verb verbs[] = {
    {"ecg", "info", "FILE", 1, 1, "say what an ECG file holds and what is known about it",
     gm_ecg_info_description, gm_ecg_info_options, gm_ecg_info_run},
    {"ecg", "convert", "IN OUT", 2, 2, "write an ECG in another format, without changing a sample",
     gm_ecg_convert_description, gm_ecg_convert_options, gm_ecg_convert_run},
    {"ecg", "measure", "FILE", 1, 1, "measure a clinical ECG: beats, intervals, axes, quality",
     gm_ecg_measure_description, gm_ecg_measure_options, gm_ecg_measure_run},
    {"ecg", "view", "FILE", 1, 1,
     "draw an ECG as clinical paper, or as a page with its measurements", gm_ecg_view_description,
     gm_ecg_view_options, gm_ecg_view_run},
    {"heart", "build", "", 0, 0,
     "build a heart of given sizes: mesh, fibres, surfaces, electrodes, case.json",
     gm_heart_build_description, gm_heart_build_options, gm_heart_build_run},
    {"heart", "forward", "CASE.json PARAMS.json", 2, 2,
     "compute activation and 12-lead ECG of a heart from its parameters",
     gm_heart_forward_description, gm_heart_forward_options, gm_heart_forward_run},
    {"heart", "fit", "[CASE.json]", 0, 1,
     "fit the functional twin of a heart to a 12-lead ECG, with its uncertainty",
     gm_heart_fit_verb_description, gm_heart_fit_verb_options, gm_heart_fit_verb_run},
    {"heart", "demo", "", 0, 0, "fit the built-in anatomy to a real ECG and write the report",
     gm_heart_demo_description, gm_heart_demo_options, gm_heart_demo_run},
    {"heart", "keep", "FOLDER", 1, 1, "put a fitted heart into a lab, as a twin",
     gm_heart_keep_description, gm_heart_keep_options, gm_heart_keep_run},
    {"heart", "what-if", "TWIN BRANCH", 2, 2,
     "ask a heart twin in a branch what its ECG would be if it worked otherwise",
     gm_heart_what_if_description, gm_heart_what_if_options, gm_heart_what_if_run},
    {0},
};

const gm_kind gm_heart_kind = {
    .id = "heart",
    .summary = "a heart's electrical function, fitted to a clinical 12-lead ECG",
    .verbs = verbs,
};
