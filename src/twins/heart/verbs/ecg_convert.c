/* gemel ecg convert: the same samples in another format. */
#include <stdio.h>

#include "ecg/encode.h"
#include "ecg/waveform.h"
#include "heart/verbs/verbs.h"

const gm_option gm_ecg_convert_options[] = {
    {"anonymise", GM_ARG_FLAG, NULL, 0, 0, NULL, NULL,
     "leave out whatever could tell who the patient is"},
    {0},
};

const char gm_ecg_convert_description[] =
    "Reads IN (any ECG format that is read here, recognised by content) and writes OUT in the "
    "format "
    "of its ending: .hea (WFDB, with its signal file beside it), .edf (EDF+), .csv, .dcm (DICOM "
    "waveform), .json (FHIR R4 Observation with SampledData). Raw counts, rate and scale come back "
    "the same from OUT; where the format cannot hold them nothing is written and the reason is "
    "said. Facts that the format has no place for are left out and named.\n"
    "\n"
    "With --anonymise names, ids, the birth date, day and time of the recording (the year stays) "
    "and the clock of its samples, device and serial number, institution, people and all free text "
    "are left out; an age above 89 becomes 90. Of the file's marks those with a code of a public "
    "scheme stay. The name of OUT is yours: the record's own name is taken from it.\n"
    "\n"
    "What the reader noticed about IN is said as notes; with --anonymise only how many they are, "
    "since they may quote IN.";

static gm_status give_note(gm_result *out, json_t *notes, const char *note)
{
    json_array_append_new(notes, json_string(note));
    return gm_result_say(out, "note: %s\n", note);
}

/* What the reader noticed about IN. */
static gm_status give_notes(gm_result *out, const gm_ecg *e, bool anonymise)
{
    char count[128];
    json_t *notes = json_array();
    json_object_set_new(out->values, "notes", notes);
    for (size_t i = 0; i < e->n_notes && !anonymise; i++)
        GM_TRY(give_note(out, notes, e->notes[i]));
    if (!e->n_notes || !anonymise) return GM_OK;
    snprintf(count, sizeof count, "%zu notes on IN are not shown, they may quote it: see ecg info",
             e->n_notes);
    return give_note(out, notes, count);
}

static gm_status give_files(gm_result *out, gm_ecg_files *files)
{
    out->files_as_named = true;
    GM_TRY(gm_result_say(out, "written:"));
    for (size_t i = 0; i < files->n; i++) {
        gm_ecg_file *f = &files->items[i];
        char *bytes = f->bytes;
        f->bytes = NULL; /* the result's from here on */
        GM_TRY(gm_result_add_bytes(out, f->path, bytes, f->length));
        GM_TRY(gm_result_say(out, " %s", f->path));
    }
    GM_TRY(gm_result_say(out, "\n"));
    json_t *left_out = json_array();
    for (size_t i = 0; i < files->n_left_out; i++) {
        json_array_append_new(left_out, json_string(files->left_out[i]));
        GM_TRY(gm_result_say(out, "left out: %s\n", files->left_out[i]));
    }
    json_object_set_new(out->values, "left_out", left_out);
    return GM_OK;
}

gm_status gm_ecg_convert_run(const gm_args *args, const gm_run *run, gm_result *out)
{
    (void)run;
    gm_ecg *e;
    gm_ecg_files files = {0};
    bool anonymise = gm_args_flag(args, "anonymise");
    GM_TRY(gm_ecg_read(&e, args->words[0]));
    json_object_set_new(out->values, "format_read", json_string(e->format));
    json_object_set_new(out->values, "is_anonymised", json_boolean(anonymise));
    gm_status s = give_notes(out, e, anonymise);
    if (s == GM_OK && anonymise) s = gm_ecg_anonymise(e);
    if (s == GM_OK) s = gm_ecg_encode(&files, e, args->words[1]);
    if (s == GM_OK) s = give_files(out, &files);
    gm_ecg_files_free(&files);
    gm_ecg_destroy(e);
    return s;
}
