/* verbs.h - the verbs of the heart, one file each in this folder.
 *
 * To add one: a file verbs/<noun>_<name>.c that defines the three parts below, a block here, a row
 * in kind.c. An option named "svg" of type GM_ARG_FILE asks the program to draw the result's first
 * ECG-paper view (GM_VIEW_SERIES, is_ecg_paper) into that file; the verb itself only adds the view.
 */
#ifndef GM_HEART_VERBS_VERBS_H
#define GM_HEART_VERBS_VERBS_H

#include "kind/kind.h"

extern const gm_option gm_ecg_measure_options[];
extern const char gm_ecg_measure_description[];
gm_status gm_ecg_measure_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_ecg_info_options[];
extern const char gm_ecg_info_description[];
gm_status gm_ecg_info_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_ecg_convert_options[];
extern const char gm_ecg_convert_description[];
gm_status gm_ecg_convert_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_ecg_view_options[];
extern const char gm_ecg_view_description[];
gm_status gm_ecg_view_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_heart_build_options[];
extern const char gm_heart_build_description[];
gm_status gm_heart_build_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_heart_forward_options[];
extern const char gm_heart_forward_description[];
gm_status gm_heart_forward_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_heart_fit_verb_options[];
extern const char gm_heart_fit_verb_description[];
gm_status gm_heart_fit_verb_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_heart_keep_options[];
extern const char gm_heart_keep_description[];
gm_status gm_heart_keep_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_heart_what_if_options[];
extern const char gm_heart_what_if_description[];
gm_status gm_heart_what_if_run(const gm_args *args, const gm_run *run, gm_result *out);

extern const gm_option gm_heart_demo_options[];
extern const char gm_heart_demo_description[];
gm_status gm_heart_demo_run(const gm_args *args, const gm_run *run, gm_result *out);

#endif
