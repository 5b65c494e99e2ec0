/* output.h - writes what a verb gave back: the files of a result into a folder, its report, its ECG
 * as a drawing.
 *
 * Every file is written beside its place and renamed, so a reader never sees half of one. All names
 * are checked before the first byte is written.
 */
#ifndef GM_OUTPUT_OUTPUT_H
#define GM_OUTPUT_OUTPUT_H

#include "kind/result.h"

/* Writes the files, and report.html where the result wants it, into `folder` (made if missing; NULL:
 * none of these) and the files that are named by the caller where their names say. Appends their paths
 * to `written` (a JSON array, or NULL), relative to the folder where they lie in it. Names that lead
 * out of the folder are refused (GM_EINVAL), as are two files of one name. */
gm_status gm_output_write(const gm_result *r, const char *folder, json_t *written);

/* How many files that call puts into a folder. */
size_t gm_output_n_in_folder(const gm_result *r);

/* Draws the views on ECG paper (the first record, the first beat): as PDF or PNG where the name ends
 * so, else as SVG. GM_ENOTFOUND if there is none. */
gm_status gm_output_ecg_paper(const gm_result *r, const char *path);

/* Draws r for looking at: .html is the report with the ECG sheet, if there is one, on top; .svg .pdf
 * .png are the ECG sheet. GM_EINVAL: another ending; GM_ENOTFOUND: no ECG to draw. */
gm_status gm_output_view(const gm_result *r, const char *path);

/* The text of a COLUMN, CSV, JSON or TEXT file. */
gm_status gm_output_text(const gm_file *f, gm_text *out);

#endif
