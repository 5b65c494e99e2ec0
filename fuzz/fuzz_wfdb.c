/* The header, a line "@@", and the bytes of every signal file. */
#include <stdint.h>
#include <string.h>

#include "check_ecg.h"
#include "ecg/wfdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *mark = size ? memmem(text, size, "@@\n", 3) : NULL;
    size_t header_length = mark ? (size_t)(mark - text) : size;
    gm_wfdb_file file = {mark ? mark + 3 : "", mark ? size - header_length - 3 : 0};
    gm_wfdb_header *h;
    if (gm_wfdb_header_parse(&h, text, header_length, "fuzz.hea") != GM_OK) return 0;
    gm_wfdb_file *files = gm_calloc(h->n_files, sizeof *files);
    for (size_t f = 0; files && f < h->n_files; f++)
        files[f] = file;
    gm_ecg *e;
    if (files && gm_wfdb_signals(&e, h, files, "fuzz.hea") == GM_OK) {
        check_ecg(e);
        gm_ecg_destroy(e);
    }
    gm_free(files);
    gm_wfdb_header_destroy(h);
    return 0;
}
