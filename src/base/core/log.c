#include "core/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gm_log_sink *current_sink;
static void *current_context;
static gm_log_level current_level;

void gm_log_to(gm_log_sink *sink, void *context, gm_log_level most_detailed)
{
    pthread_mutex_lock(&lock);
    current_sink = sink;
    current_context = context;
    current_level = most_detailed;
    pthread_mutex_unlock(&lock);
}

void gm_log(gm_log_level level, const char *event, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    pthread_mutex_lock(&lock);
    if (current_sink && level <= current_level) current_sink(current_context, level, event, text);
    pthread_mutex_unlock(&lock);
}
