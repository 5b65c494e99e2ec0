#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/clock.h"

enum { BAR_CELLS = 30 };
#define BAR_EVERY_S 0.1
#define LINE_EVERY_S 1.0
#define LINE_EVERY_FRACTION 0.1

static void show_bar(gm_meter *m, const char *what, double fraction)
{
    char cells[BAR_CELLS + 1];
    int full = (int)(fraction * BAR_CELLS);
    memset(cells, '.', BAR_CELLS);
    memset(cells, '#', (size_t)full);
    cells[BAR_CELLS] = 0;
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%", what, cells, 100 * fraction);
    fflush(stderr);
    m->bar_shown = true;
}

static void show(gm_meter *m, const char *what, double fraction)
{
    double now = gm_clock_seconds(), waited = now - m->last_time_s;
    bool is_new = strncmp(what, m->last_what, sizeof m->last_what - 1) != 0;
    double step = fraction - m->last_fraction;
    bool has_moved = is_new || step >= LINE_EVERY_FRACTION || fraction >= 1;
    bool is_due = m->is_terminal ? is_new || waited >= BAR_EVERY_S || fraction >= 1
                                 : waited >= LINE_EVERY_S && has_moved;
    if (!is_due) return;
    snprintf(m->last_what, sizeof m->last_what, "%s", what);
    m->last_time_s = now;
    m->last_fraction = fraction;
    if (m->is_terminal)
        show_bar(m, what, fraction);
    else
        fprintf(stderr, "%s: %.0f %%\n", what, 100 * fraction);
}

/* The lock of stderr also guards the meter: a log line may come from another thread. */
static void report(void *context, const char *what, double fraction)
{
    flockfile(stderr);
    show(context, what, !(fraction >= 0) ? 0 : fraction > 1 ? 1 : fraction);
    funlockfile(stderr);
}

gm_progress gm_meter_watch(gm_meter *m)
{
    *m = (gm_meter){.is_terminal = isatty(STDERR_FILENO), .last_time_s = gm_clock_seconds()};
    return (gm_progress){report, m};
}

void gm_meter_clear(gm_meter *m)
{
    if (!m || !m->bar_shown) return;
    fprintf(stderr, "\r\033[K");
    fflush(stderr);
    m->bar_shown = false;
}

void gm_terminal_log(void *context, gm_log_level level, const char *event, const char *text)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    flockfile(stderr);
    gm_meter_clear(context);
    fprintf(stderr, "%s %s %s\n", names[level], event, text);
    funlockfile(stderr);
}
