/* log.h - one line per event: gm_log(GM_LOG_INFO, "fit.step", "iter=%d misfit=%.6g", ...).
 *
 * A dotted event, then key=value with units in the key. The library itself prints nothing: a
 * program sets a sink. No patient data above DEBUG. Thread-safe.
 */
#ifndef GM_CORE_LOG_H
#define GM_CORE_LOG_H

typedef enum { GM_LOG_ERROR, GM_LOG_WARNING, GM_LOG_INFO, GM_LOG_DEBUG } gm_log_level;

typedef void gm_log_sink(void *context, gm_log_level level, const char *event, const char *text);

/* sink NULL: nothing is written (the default). Calls of the sink never overlap. */
void gm_log_to(gm_log_sink *sink, void *context, gm_log_level most_detailed);
void gm_log(gm_log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
