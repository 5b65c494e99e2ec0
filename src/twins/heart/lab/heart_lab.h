/* heart_lab.h - a fitted heart as a twin in a lab: its files as blobs, what the fit says as values with where they come
 * from, and what-if branches that keep what was asked and what came out.
 *
 *   /features/fit/properties/files    {"case/case.json": sha256, ...} every file of the fit but pages
 *   /features/fit/properties/params   early sites, speeds, APD of the best fit (case/params.h)
 *   /features/fit/properties/summary  "best" and "uncertainty" figures of twin.json
 *   /features/ecg/properties/summary  the ECG that it was fitted to
 *   /features/whatIf/properties/...   in branches: change, qrs_ms, activation, ecg (a blob: ecg.csv)
 */
#ifndef GM_HEART_LAB_HEART_LAB_H
#define GM_HEART_LAB_HEART_LAB_H

#include "heart/forward/what_if.h"
#include "live/twin.h"
#include "store/lab.h"

#define GM_HEART_TYPE "dtmi:gemel:Heart;1"

/* folder: what `heart fit` or `heart demo` wrote. Makes the twin if there is none; else a new revision. *n_files
 * blobs. Fails with GM_ENOTFOUND (no twin.json there) and as the lab does. */
gm_status gm_heart_keep(gm_lab *lab, const char *twin, const char *folder, const gm_act *act,
                        size_t *n_files, gm_receipt *out);

/* The case and the parameters that a twin's state speaks of, out of the blobs. */
gm_status gm_heart_recall(gm_lab *lab, const json_t *state, gm_threads *threads, gm_heart_case **c,
                          gm_heart_params *params);

/* Writes the answer into the branch: one revision. twelve_mv [samples.n][12]. */
gm_status gm_heart_answer(gm_lab *lab, const char *branch, const gm_heart_change *change,
                          size_t n_sites, gm_samples samples, const double *twelve_mv,
                          const gm_what_if_facts *facts, const gm_act *act, gm_receipt *out);

#endif
