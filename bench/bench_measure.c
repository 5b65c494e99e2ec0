/* bench_measure [FILE] - one ECG (LUDB 1 if none is named: 10 s, 12 leads, 500 Hz) from samples to
 * findings on one core: the intervals of the median beat, every wave of every beat, all findings. The
 * floor is what the network's multiplications take where sixteen of them go through in a cycle. */
#include <math.h>

#include "bench.h"
#include "ecg/waveform.h"
#include "heart/ecg/findings.h"
#include "heart/ecg/wave_net.h"

typedef struct {
    const gm_ecg *ecg;
    const gm_ecg_measurement *m;
    const gm_wave_net *net;
    gm_wave_run *run;
    gm_status status;
} work;

static void keep(work *w, gm_status s)
{
    if (s != GM_OK) w->status = s;
}

static void measure(void *context)
{
    work *w = context;
    gm_ecg_measurement *m = NULL;
    keep(w, gm_ecg_measure(&m, w->ecg));
    gm_ecg_measurement_destroy(m);
}

static void find_waves(void *context)
{
    work *w = context;
    gm_ecg_waves *waves = NULL;
    keep(w, gm_ecg_waves_find(&waves, w->ecg, w->m, w->net));
    gm_ecg_waves_destroy(waves);
}

static void run_net(void *context)
{
    work *w = context;
    gm_wave_net_forward(w->net, w->run);
}

static void find_all(void *context)
{
    work *w = context;
    gm_ecg_findings f = {0};
    keep(w, gm_ecg_find(&f, w->ecg, w->m));
    gm_ecg_findings_clear(&f);
}

static void everything(void *context)
{
    work *w = context;
    gm_ecg_measurement *m = NULL;
    gm_ecg_findings f = {0};
    keep(w, gm_ecg_measure(&m, w->ecg));
    if (m) keep(w, gm_ecg_find(&f, w->ecg, m));
    gm_ecg_findings_clear(&f);
    gm_ecg_measurement_destroy(m);
}

/* Multiplications of the network over n samples of its rate in n_leads leads. */
static double multiplications(const gm_wave_net *net, size_t n, int n_leads)
{
    double all = 0;
    for (int k = 1; k < GM_WAVE_NET_LAYERS; k++) {
        const gm_wave_layer *l = &net->layer[k];
        int level = l->level + (l->rate == GM_WAVE_DOUBLE);
        all += (double)(n >> level) * l->n_rows * l->n_in * l->taps * (n_leads + l->shares);
    }
    return all;
}

static gm_status bench(work *w)
{
    gm_ecg_measurement *m = NULL;
    gm_wave_net *net = NULL;
    gm_status s = gm_ecg_measure(&m, w->ecg);
    if (s == GM_OK) s = gm_wave_net_builtin(&net);
    int n_leads = (int)w->ecg->n_channels;
    double n = 1000 * m->duration_s / GM_WAVE_NET_STEP_MS / GM_WAVE_NET_MULTIPLE;
    size_t length = GM_WAVE_NET_MULTIPLE * (size_t)ceil(n);
    if (s == GM_OK) s = gm_wave_run_create(&w->run, net, n_leads, length, false);
    if (s == GM_OK) {
        w->m = m, w->net = net;
        printf("%g s, %d leads at %g Hz, %zu beats\n", m->duration_s, n_leads, m->rate_hz,
               m->n_beats);
        bench_print("intervals of the median beat", bench_run(measure, w, 50));
        bench_print("waves of every beat", bench_run(find_waves, w, 50));
        bench_time net_time = bench_run(run_net, w, 50);
        bench_print("  of that the network", net_time);
        double macs = multiplications(net, length, n_leads);
        printf("  its %.1f million multiplications: %.1f a ns\n", macs / 1e6,
               macs / net_time.median_s / 1e9);
        bench_print("all findings, waves among them", bench_run(find_all, w, 50));
        bench_print("together", bench_run(everything, w, 50));
    }
    gm_wave_run_destroy(w->run);
    gm_wave_net_destroy(net);
    gm_ecg_measurement_destroy(m);
    return s == GM_OK ? w->status : s;
}

int main(int argc, char **argv)
{
    gm_ecg *ecg = NULL;
    const char *path = argc > 1 ? argv[1] : GM_SHARED_DIR "/data/ecg/ludb/data/1.hea";
    if (gm_ecg_read(&ecg, path) != GM_OK) {
        printf("bench_measure: %s\n", gm_error_text());
        return argc > 1; /* the data is not on every machine */
    }
    bench_machine(1);
    work w = {.ecg = ecg};
    gm_status s = bench(&w);
    if (s != GM_OK) printf("bench_measure: %s\n", gm_error_text());
    gm_ecg_destroy(ecg);
    return s != GM_OK;
}
