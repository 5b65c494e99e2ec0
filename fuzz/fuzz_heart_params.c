#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "heart/case/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is in range and, written, reads back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *document = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (!document) return 0;
    gm_heart_params p, again;
    if (gm_heart_params_from_json(&p, document, "params.json") == GM_OK) {
        if (p.n_sites < 1 || p.n_sites > GM_SITES_MAX) abort();
        if (!(p.v_f_m_s >= 0.1 && p.v_f_m_s <= 3 && p.v_t_ratio >= 0.1 && p.v_t_ratio <= 1))
            abort();
        for (size_t i = 0; i < p.n_sites; i++)
            if (!(fabs(p.sites[i].onset_ms) <= 1000)) abort();
        json_t *written = gm_heart_params_to_json(&p);
        if (!written || gm_heart_params_from_json(&again, written, "written") != GM_OK) abort();
        if (again.n_sites != p.n_sites || again.v_f_m_s != p.v_f_m_s) abort();
        json_decref(written);
    }
    json_decref(document);
    return 0;
}
