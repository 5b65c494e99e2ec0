/* RR figures in constant memory. */
#include <math.h>
#include <string.h>

#include "heart/ecg/filter.h"
#include "heart/ecg/holter.h"

static const double SHORTEST_MS = 300, LONGEST_MS = 2500, FAR = 0.30, PAUSE_MS = 2000;
static const double SEGMENT_S = 300, BIN_S = 1.0 / 128;
enum { RUN = 8, NEW_RATE = 5 }; /* so many implausible RR in a row are a new rate, not faults */

void gm_rr_start(gm_rr_collector *c)
{
    *c = (gm_rr_collector){.start_s = NAN,
                           .last_s = NAN,
                           .last_nn_ms = NAN,
                           .shortest = NAN,
                           .longest = NAN,
                           .longest_at_s = NAN,
                           .slow = NAN,
                           .fast = NAN,
                           .slow_at_s = NAN,
                           .fast_at_s = NAN};
}

static bool is_plausible(gm_rr_collector *c, double ms)
{
    if (!(ms >= SHORTEST_MS && ms <= LONGEST_MS)) return false;
    size_t n = c->n_about < GM_RR_ABOUT ? c->n_about : GM_RR_ABOUT;
    double part[GM_RR_ABOUT];
    memcpy(part, c->about, n * sizeof *part);
    bool is_near = n < 3 || fabs(ms / gm_median_of(part, n) - 1) <= FAR;
    c->n_far = is_near ? 0 : c->n_far + 1;
    if (c->n_far >= NEW_RATE) c->n_about = c->n_far = 0;
    if (is_near || c->n_about == 0) c->about[c->n_about++ % GM_RR_ABOUT] = ms;
    return is_near;
}

static void close_segment(gm_rr_collector *c)
{
    if (c->n_segment >= 2 && c->segment_sum >= 500 * SEGMENT_S) { /* half of it is NN */
        c->n_segments++;
        c->means += c->segment_mean;
        c->mean_squares += c->segment_mean * c->segment_mean;
        c->sds += sqrt(c->segment_squares / (double)(c->n_segment - 1));
    }
    c->n_segment = 0;
    c->segment_sum = c->segment_squares = c->segment_mean = 0;
}

static void add_rate(gm_rr_collector *c, double ms, double time_s)
{
    c->run[c->n_run++ % RUN] = ms;
    if (c->n_run < RUN) return;
    double sum = 0;
    for (int k = 0; k < RUN; k++)
        sum += c->run[k];
    double rate = 60000 * RUN / sum;
    if (!(rate >= c->slow)) c->slow = rate, c->slow_at_s = time_s;
    if (!(rate <= c->fast)) c->fast = rate, c->fast_at_s = time_s;
}

static void add_nn(gm_rr_collector *c, double ms, double time_s)
{
    double d = ms - c->mean;
    c->n_nn++;
    c->mean += d / (double)c->n_nn;
    c->squares += d * (ms - c->mean);
    size_t bin = (size_t)(ms / 1000 / BIN_S);
    if (bin < GM_RR_BINS) c->bins[bin]++;
    if (isfinite(c->last_nn_ms)) {
        double step = ms - c->last_nn_ms;
        c->step_squares += step * step;
        c->n_large += fabs(step) > 50 + 1e-6;
        c->n_steps++;
    }
    c->n_segment++;
    c->segment_sum += ms;
    d = ms - c->segment_mean;
    c->segment_mean += d / (double)c->n_segment;
    c->segment_squares += d * (ms - c->segment_mean);
    add_rate(c, ms, time_s);
}

void gm_rr_add_beat(gm_rr_collector *c, double time_s)
{
    if (!isfinite(time_s) || time_s <= c->last_s) return;
    double last_s = c->last_s, ms = 1000 * (time_s - last_s);
    c->last_s = time_s;
    if (isnan(last_s)) {
        c->start_s = time_s;
        return;
    }
    uint64_t segment = (uint64_t)((time_s - c->start_s) / SEGMENT_S);
    if (segment != c->segment) close_segment(c);
    c->segment = segment;
    c->n_rr++;
    c->n_pauses += ms > PAUSE_MS;
    if (!(ms >= c->shortest)) c->shortest = ms;
    if (!(ms <= c->longest)) c->longest = ms, c->longest_at_s = last_s;
    if (is_plausible(c, ms)) {
        add_nn(c, ms, time_s);
        c->last_nn_ms = ms;
    } else
        c->last_nn_ms = NAN, c->n_run = 0;
}

void gm_rr_summarise(const gm_rr_collector *c, gm_rr_summary *out)
{
    double n = (double)c->n_nn, k = (double)c->n_segments;
    uint64_t highest = 0;
    for (int b = 0; b < GM_RR_BINS; b++)
        highest = c->bins[b] > highest ? c->bins[b] : highest;
    *out = (gm_rr_summary){
        .n_rr = c->n_rr,
        .n_nn = c->n_nn,
        .n_pauses = c->n_pauses,
        .mean_nn_ms = c->n_nn ? c->mean : NAN,
        .sdnn_ms = c->n_nn > 1 ? sqrt(c->squares / (n - 1)) : NAN,
        .rmssd_ms = c->n_steps ? sqrt(c->step_squares / (double)c->n_steps) : NAN,
        .pnn50_percent = c->n_steps ? 100 * (double)c->n_large / (double)c->n_steps : NAN,
        .sdann_ms =
            k > 1 ? sqrt(fmax(0, (c->mean_squares - c->means * c->means / k) / (k - 1))) : NAN,
        .sdnn_index_ms = k > 0 ? c->sds / k : NAN,
        .triangular_index = highest ? n / (double)highest : NAN,
        .shortest_ms = c->shortest,
        .longest_ms = c->longest,
        .longest_at_s = c->longest_at_s,
        .slowest_per_min = c->slow,
        .fastest_per_min = c->fast,
        .slowest_at_s = c->slow_at_s,
        .fastest_at_s = c->fast_at_s};
}
