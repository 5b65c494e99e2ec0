/* gemel.h - Gemel for other programs: run any verb, look at what it gives back, read an ECG.
 *
 *     gemel_result *twin;
 *     const char *words[] = {"--ecg", "patient.dcm", "--ensemble", "50"};
 *     if (gemel_run(&twin, "heart", "fit", words, 4, NULL) != GEMEL_OK)
 *         fprintf(stderr, "%s\n", gemel_error_text());
 *     puts(gemel_result_json(twin));
 *     gemel_result_write(twin, "out");
 *     gemel_result_destroy(twin);
 *
 * The verbs and their options are those of the program `gemel` (`gemel help`). Link with -lgemel.
 *
 * Functions that can fail return GEMEL_OK (0) or a negative status, and leave a message for people
 * in gemel_error_text(), one per thread. Out-parameters come first and are NULL after a failure.
 * Nothing here prints, exits or installs a signal handler. Different threads may run verbs at the
 * same time; one result belongs to one thread at a time.
 */
#ifndef GEMEL_GEMEL_H
#define GEMEL_GEMEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    GEMEL_OK = 0,
    GEMEL_ENOMEM = -1,      /* out of memory */
    GEMEL_EINVAL = -2,      /* argument out of range, not finite, or of the wrong shape */
    GEMEL_ENOTFOUND = -3,   /* no such file or object */
    GEMEL_ESTATE = -4,      /* not possible in this state */
    GEMEL_ENOCONV = -5,     /* iteration did not converge */
    GEMEL_EIO = -6,         /* input or output failed */
    GEMEL_EFORMAT = -7,     /* malformed input */
    GEMEL_EUSAGE = -8,      /* a verb was called wrongly */
    GEMEL_EINTERRUPTED = -9 /* after gemel_interrupt() */
} gemel_status;

const char *gemel_version(void);             /* "0.1.0" */
const char *gemel_status_name(gemel_status); /* "GM_EFORMAT"; never NULL */
const char *gemel_error_text(void);          /* of this thread's last failure */

/* ---- running a verb ----------------------------------------------------------------------------- */

typedef struct {
    unsigned threads;         /* 0: one per core */
    uint64_t seed;            /* of all random numbers; same seed, same result, any threads */
    const char *cache_folder; /* for what can be made again; NULL: keep nothing */
    /* NULL: nobody watches. what: a short phrase; fraction 0..1. Called by one thread at a time,
     * not always the caller's. */
    void (*progress)(void *context, const char *what, double fraction);
    void *context;
} gemel_options;

gemel_options gemel_options_defaults(void); /* all cores, seed 1, no cache, nobody watches */

typedef struct gemel_result gemel_result;

/* Runs `gemel <noun> <verb> <words...>`; options may stand among the words. The caller owns *out.
 * options NULL: the defaults. Writes no file; -o and --svg among the words are not acted upon. */
gemel_status gemel_run(gemel_result **out, const char *noun, const char *verb,
                       const char *const words[], size_t n_words, const gemel_options *options);
void gemel_result_destroy(gemel_result *r); /* NULL is allowed */

/* Asks everything that runs in this process to stop soon with GEMEL_EINTERRUPTED; safe in a signal
 * handler. It lasts until gemel_interrupt_clear(). */
void gemel_interrupt(void);
void gemel_interrupt_clear(void);

/* ---- what it gave back; texts and arrays belong to the result ----------------------------------- */

const char *gemel_result_json(const gemel_result *r); /* one document, as `gemel --json` prints */
const char *gemel_result_summary(const gemel_result *r); /* a few lines for people; may be "" */

size_t gemel_result_n_files(const gemel_result *r);
const char *gemel_result_file_name(const gemel_result *r, size_t file); /* NULL: no such file */

/* Numbers of a column file (n_columns 1) or table (row-major), e.g. "activation_ms.txt", "ecg.csv".
 * GEMEL_ENOTFOUND: no file of that name, GEMEL_EINVAL: not a file of numbers. */
gemel_status gemel_result_numbers(const gemel_result *r, const char *name, const double **values,
                                  size_t *n_rows, size_t *n_columns);

/* Writes all files into `folder`, made if missing; each appears whole or not at all. */
gemel_status gemel_result_write(const gemel_result *r, const char *folder);

/* ---- reading an ECG ----------------------------------------------------------------------------- */

enum { GEMEL_N_LEADS = 12 }; /* I II III aVR aVL aVF V1 V2 V3 V4 V5 V6, in this order */

typedef struct gemel_ecg gemel_ecg;

/* Any format that `gemel ecg info` reads, recognised by content. The caller owns *out. */
gemel_status gemel_ecg_read(gemel_ecg **out, const char *path);
void gemel_ecg_destroy(gemel_ecg *e); /* NULL is allowed */

double gemel_ecg_rate_hz(const gemel_ecg *e);
size_t gemel_ecg_n_samples(const gemel_ecg *e);
const char *gemel_ecg_lead_name(size_t lead); /* NULL: not 0..11 */
/* mV, [n_samples]; a missing sample, or a lead that was not recorded and cannot be derived, is NaN.
 * NULL: not 0..11. Belongs to the ECG. */
const double *gemel_ecg_lead_mv(const gemel_ecg *e, size_t lead);

#ifdef __cplusplus
}
#endif

#endif
