/* status.h - the one result type of the whole project.
 *
 * Every function that can fail returns gm_status; 0 is success. The text of the last
 * failure on this thread is kept beside it: gm_error_text() tells a person what happened.
 */
#ifndef GM_CORE_STATUS_H
#define GM_CORE_STATUS_H

#define GM_STATUS_LIST(X)                                                        \
    X(GM_OK, 0, "success")                                                       \
    X(GM_ENOMEM, -1, "out of memory")                                            \
    X(GM_EINVAL, -2, "argument out of range, not finite, or of the wrong shape") \
    X(GM_ENOTFOUND, -3, "no such object")                                        \
    X(GM_ESTATE, -4, "not possible in this state")                               \
    X(GM_ENOCONV, -5, "iteration did not converge")                              \
    X(GM_EIO, -6, "input or output failed")                                      \
    X(GM_EFORMAT, -7, "malformed input")                                         \
    X(GM_EUSAGE, -8, "a command was called wrongly")                             \
    X(GM_EINTERRUPTED, -9, "interrupted by the user")

typedef enum {
#define X(name, value, text) name = value,
    GM_STATUS_LIST(X)
#undef X
} gm_status;

/* Returns s after recording its message, so that `return gm_fail(...)` reads well. Messages longer
 * than 1,023 bytes are cut. */
gm_status gm_fail(gm_status s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Returns s after putting "text: " before the recorded message: for a caller who knows the file or
 * field that the finder of the failure did not. */
gm_status gm_fail_in(gm_status s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *gm_error_text(void);       /* message of this thread's last gm_fail() */
const char *gm_status_name(gm_status); /* "GM_EINVAL"; never NULL */

/* Passes a failure up unchanged. The only macro that hides a return. */
#define GM_TRY(call)                          \
    do {                                      \
        gm_status gm_try_ = (call);           \
        if (gm_try_ != GM_OK) return gm_try_; \
    } while (0)

#endif
