#include "fit/posterior.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/ensemble.h"
#include "fit/laplace.h"

enum { BISECTIONS = 50, MOST_STEPS = 200, MOST_LOOKS = 16 };
#define JITTER 1e-4 /* SD, whitened: so that difference moves reach every state */
#define SMALLEST_BETA_STEP \
    1e-4 /* a step of beta is at least this, whatever it costs in particles */
#define DRIFT 2.0
#define SEED_MARK 0x706f7374u /* keeps these random streams apart from the search's */

typedef struct {
    gm_task_end end;
    size_t part;
    double *z;               /* [n_tangent] */
    double *state;           /* [n_state] */
    double *other_z, *delta; /* [n_tangent] scratch */
    double *other_state;     /* [n_state] */
    double misfit, data_misfit;
    double log_ratio; /* ln pi - ln q; -infinity where pi is 0 */
    size_t evaluations, accepted, near_accepted;
} particle;

typedef struct {
    const gm_fit_problem *p;
    const gm_posterior_options *o;
    gm_threads *threads;
    gm_refine_work **works;
    laplace q;
    size_t n;
    particle *now, *next; /* [n] */
    double *block;
    double *weights;   /* [n] */
    double beta, step; /* step: size of a Crank-Nicolson move, (0, 1] */
    size_t round, n_accepted, n_moves;
    gm_posterior *out;
} sampler;

gm_posterior_options gm_posterior_defaults(void)
{
    return (gm_posterior_options){
        .seed = 1, .n_members = 64, .margin = 18, .n_moves = 4, .ess_share = 0.5, .spread = 1.1};
}

/* ---- one particle ------------------------------------------------------------------------------- */

static bool belongs_to_part(const sampler *s, unsigned worker, size_t part, const double state[])
{
    if (s->q.n == 1) return true;
    double own = gm_fit_distance(s->p, worker, s->q.parts[part].mode, state);
    for (size_t b = 0; b < s->q.n; b++)
        if (b != part && gm_fit_distance(s->p, worker, s->q.parts[b].mode, state) < own)
            return false;
    return true;
}

typedef struct {
    double misfit, data_misfit, log_ratio;
} worth;

/* ln pi - ln q at (part, z); *state is where that is. */
static gm_status look_at(sampler *s, unsigned worker, particle *a, size_t part, const double z[],
                         double state[], worth *out)
{
    *out = (worth){INFINITY, INFINITY, -INFINITY};
    if (!laplace_delta(&s->q, part, z, a->delta)) return GM_OK;
    gm_fit_retract(s->p, worker, s->q.parts[part].mode, a->delta, state);
    if (!belongs_to_part(s, worker, part, state)) return GM_OK;
    GM_TRY(gm_fit_misfit(s->p, worker, s->works[worker], state, 0, &out->misfit, &out->data_misfit,
                         NULL));
    a->evaluations += s->p->evaluation_cost ? s->p->evaluation_cost : 1;
    if (isfinite(out->misfit))
        out->log_ratio = -0.5 * out->misfit - laplace_log_density(&s->q, part, z);
    return GM_OK;
}

static void settle(particle *a, size_t part, worth w)
{
    a->part = part;
    a->misfit = w.misfit, a->data_misfit = w.data_misfit, a->log_ratio = w.log_ratio;
}

static gm_rng stream_of(const sampler *s, size_t i)
{
    return gm_rng_stream(s->o->seed ^ SEED_MARK, (uint64_t)s->round << 32 | i);
}

static gm_status draw_particle(sampler *s, size_t i, unsigned worker)
{
    particle *a = &s->now[i];
    gm_rng rng = stream_of(s, i);
    size_t part = laplace_draw_part(&s->q, &rng);
    laplace_draw(&s->q, part, &rng, a->z, a->delta);
    worth w;
    GM_TRY(look_at(s, worker, a, part, a->z, a->state, &w));
    settle(a, part, w);
    return GM_OK;
}

static void run_draw(void *context, size_t i, unsigned worker)
{
    sampler *s = context;
    gm_task_finish(&s->now[i].end, draw_particle(s, i, worker));
}

/* A step of Crank-Nicolson: reversible for q. */
static void near_candidate(const sampler *s, particle *a, gm_rng *rng)
{
    double keep = sqrt(1 - s->step * s->step);
    for (size_t i = 0; i < s->p->n_tangent; i++)
        a->other_z[i] = keep * a->z[i] + s->step * gm_rng_normal(rng);
}

/* A number of a particle of the same part, as it stood before this pass; s->n if none is met. */
static size_t companion(const sampler *s, const particle *a, gm_rng *rng)
{
    for (int k = 0; k < MOST_LOOKS; k++) {
        size_t i = (size_t)gm_rng_below(rng, s->n);
        if (s->next[i].part == a->part) return i;
    }
    return s->n;
}

/* A step along the difference of two companions: symmetric, so q enters by its own ratio. False if
 * there are none. */
static bool difference_candidate(const sampler *s, particle *a, gm_rng *rng, double *log_q_ratio)
{
    size_t n = s->p->n_tangent, i = companion(s, a, rng), k = companion(s, a, rng);
    if (i == s->n || k == s->n || i == k) return false;
    double u = gm_rng_uniform(rng);
    double size =
        u < 0.1 ? 1 : 2.38 / sqrt(2 * (double)n) * (0.5 + u); /* now and then a whole one */
    for (size_t c = 0; c < n; c++)
        a->other_z[c] =
            a->z[c] + size * (s->next[i].z[c] - s->next[k].z[c]) + JITTER * gm_rng_normal(rng);
    *log_q_ratio =
        laplace_log_density(&s->q, a->part, a->other_z) - laplace_log_density(&s->q, a->part, a->z);
    return true;
}

static size_t candidate(const sampler *s, particle *a, gm_rng *rng, size_t k, double *log_q_ratio)
{
    *log_q_ratio = 0;
    if (k % 4 == 3) {
        size_t part = laplace_draw_part(&s->q, rng);
        laplace_draw(&s->q, part, rng, a->other_z, a->delta);
        return part;
    }
    if (k % 2 == 0 || !difference_candidate(s, a, rng, log_q_ratio)) near_candidate(s, a, rng);
    return a->part;
}

static gm_status move_particle(sampler *s, size_t i, unsigned worker)
{
    particle *a = &s->now[i];
    gm_rng rng = stream_of(s, i);
    for (size_t k = 0; k < s->o->n_moves; k++) {
        double log_q_ratio;
        size_t part = candidate(s, a, &rng, k, &log_q_ratio);
        worth w;
        GM_TRY(look_at(s, worker, a, part, a->other_z, a->other_state, &w));
        double u = gm_rng_uniform(&rng);
        if (!(log(u) < s->beta * (w.log_ratio - a->log_ratio) + log_q_ratio)) continue;
        double *z = a->z, *state = a->state;
        a->z = a->other_z, a->other_z = z;
        a->state = a->other_state, a->other_state = state;
        settle(a, part, w);
        a->accepted++;
        a->near_accepted += k % 2 == 0;
    }
    return GM_OK;
}

static void run_move(void *context, size_t i, unsigned worker)
{
    sampler *s = context;
    gm_task_finish(&s->now[i].end, move_particle(s, i, worker));
}

/* ---- all particles ------------------------------------------------------------------------------ */

static gm_status run_all(sampler *s, gm_threads_item *run)
{
    GM_TRY(gm_interrupt_check("posterior"));
    for (size_t i = 0; i < s->n; i++)
        s->now[i].evaluations = s->now[i].accepted = s->now[i].near_accepted = 0;
    gm_threads_for(s->threads, s->n, 1, run, s);
    s->round++;
    for (size_t i = 0; i < s->n; i++) {
        GM_TRY(gm_task_status(&s->now[i].end));
        s->out->evaluations += s->now[i].evaluations;
    }
    return GM_OK;
}

/* Weights (pi/q)^d_beta, largest 1; returns their effective number, and ln of their mean. */
static double weigh(sampler *s, double d_beta, double *log_mean)
{
    double top = -INFINITY, sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++)
        top = fmax(top, s->now[i].log_ratio);
    for (size_t i = 0; i < s->n; i++) {
        double w = exp(d_beta * (s->now[i].log_ratio - top));
        s->weights[i] = w, sum += w, squares += w * w;
    }
    *log_mean = d_beta * top + log(sum / (double)s->n);
    return squares > 0 ? sum * sum / squares : 0;
}

static size_t count_alive(const sampler *s)
{
    size_t alive = 0;
    for (size_t i = 0; i < s->n; i++)
        alive += isfinite(s->now[i].log_ratio);
    return alive;
}

static bool is_spent(const sampler *s)
{
    return s->o->max_evaluations > 0 && s->out->evaluations >= s->o->max_evaluations;
}

/* The longest step of beta that keeps the asked share of the particles. */
static double choose_step(sampler *s)
{
    double rest = 1 - s->beta, unused;
    double wanted = s->o->ess_share * (double)count_alive(s);
    if (weigh(s, rest, &unused) >= wanted || s->out->n_steps + 1 >= MOST_STEPS) return rest;
    double low = 0, high = rest;
    for (int k = 0; k < BISECTIONS; k++) {
        double middle = 0.5 * (low + high);
        if (weigh(s, middle, &unused) >= wanted)
            low = middle;
        else
            high = middle;
    }
    return fmin(fmax(low, SMALLEST_BETA_STEP), rest);
}

static void copy_particle(const sampler *s, particle *to, const particle *from)
{
    memcpy(to->z, from->z, s->p->n_tangent * sizeof *to->z);
    memcpy(to->state, from->state, s->p->n_state * sizeof *to->state);
    settle(to, from->part, (worth){from->misfit, from->data_misfit, from->log_ratio});
}

/* Systematic resampling: one random number for all (Kitagawa 1996, J. Comput. Graph. Stat. 5:1-25). */
static void resample(sampler *s)
{
    gm_rng rng = stream_of(s, s->n); /* a stream that no particle uses in this round */
    double sum = 0, u = gm_rng_uniform(&rng), reached = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->weights[i];
    size_t from = 0, last_alive = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->weights[i] > 0) last_alive = i;
    for (size_t i = 0; i < s->n; i++) {
        double at = ((double)i + u) / (double)s->n * sum;
        while (from < last_alive && reached + s->weights[from] <= at)
            reached += s->weights[from++];
        copy_particle(s, &s->next[i], &s->now[from]);
    }
    particle *p = s->now;
    s->now = s->next, s->next = p;
}

/* Between a fifth and a half of the Crank-Nicolson steps accepted is about right in any dimension. */
static void adapt(sampler *s)
{
    size_t accepted = 0, tried = s->n * ((s->o->n_moves + 1) / 2);
    for (size_t i = 0; i < s->n; i++)
        accepted += s->now[i].near_accepted, s->n_accepted += s->now[i].accepted;
    s->n_moves += s->n * s->o->n_moves;
    double share = (double)accepted / (double)tried;
    if (share < 0.2)
        s->step *= 0.5;
    else if (share > 0.5)
        s->step = fmin(1, s->step * 1.5);
}

/* What should stand still on the average once all is settled: the misfit, each z, each z^2. */
static double watched(const particle *a, size_t n, size_t quantity)
{
    if (quantity == 0) return a->misfit;
    double z = a->z[(quantity - 1) % n];
    return quantity <= n ? z : z * z;
}

/* Whether the mean of any of them moved by more than DRIFT standard errors. */
static bool has_drifted(const sampler *s)
{
    size_t n = s->p->n_tangent;
    for (size_t k = 0; k <= 2 * n; k++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < s->n; i++) {
            double d = watched(&s->now[i], n, k) - watched(&s->next[i], n, k);
            sum += d, squares += d * d;
        }
        if (sum * sum > DRIFT * DRIFT * squares) return true;
    }
    return false;
}

/* `next` keeps how all stand now: the companions of the coming moves, and where drift is counted from. */
static void remember(sampler *s)
{
    for (size_t i = 0; i < s->n; i++)
        copy_particle(s, &s->next[i], &s->now[i]);
}

static gm_status make_pass(sampler *s)
{
    GM_TRY(run_all(s, run_move));
    adapt(s);
    gm_progress_report(s->o->progress, "sampling", s->beta);
    return GM_OK;
}

static gm_status step_beta(sampler *s)
{
    double log_mean, d_beta = choose_step(s);
    double ess = weigh(s, d_beta, &log_mean);
    s->out->ess = fmin(s->out->ess, ess / (double)s->n * (double)s->out->n_members);
    s->out->log_evidence += log_mean;
    s->out->n_steps++;
    resample(s);
    s->round++;
    s->beta = s->beta + d_beta > 1 - 1e-12 ? 1 : s->beta + d_beta;
    if (s->beta == 1 || s->o->n_moves == 0) return GM_OK;
    remember(s);
    return make_pass(s);
}

/* Passes in windows of 1, 1, 2, 4, 8 ...: slow drift shows only over a long one. */
static gm_status settle_down(sampler *s)
{
    gm_posterior *e = s->out;
    size_t most = s->o->max_passes > 0 ? s->o->max_passes : 1;
    for (size_t end = 1; s->o->n_moves > 0 && !e->is_settled && e->n_passes < most; end *= 2) {
        remember(s);
        for (; e->n_passes < end && e->n_passes < most; e->n_passes++) {
            if (e->n_passes > 0 && is_spent(s)) return GM_OK;
            GM_TRY(make_pass(s));
        }
        e->is_settled = !has_drifted(s);
    }
    return GM_OK;
}

static gm_status run(sampler *s)
{
    double unused;
    GM_TRY(run_all(s, run_draw));
    if (count_alive(s) == 0)
        return gm_fail(GM_ENOCONV,
                       "posterior: none of %zu draws around %zu basins can be evaluated", s->n,
                       s->q.n);
    s->out->ess_laplace = weigh(s, 1, &unused);
    s->out->ess = (double)s->out->n_members;
    do
        GM_TRY(step_beta(s));
    while (s->beta < 1 && !is_spent(s));
    if (s->beta == 1) GM_TRY(settle_down(s));
    s->out->beta = s->beta;
    s->out->ess = fmax(s->out->ess, 1);
    s->out->acceptance = s->n_moves > 0 ? (double)s->n_accepted / (double)s->n_moves : 0;
    return GM_OK;
}

/* ---- the result --------------------------------------------------------------------------------- */

/* Members: evenly spaced particles, which after resampling are equally probable. */
static void take_members(sampler *s)
{
    gm_posterior *e = s->out;
    for (size_t k = 0; k < e->n_members; k++) {
        const particle *a = &s->now[k * s->n / e->n_members];
        memcpy(e->states + k * e->n_state, a->state, e->n_state * sizeof *e->states);
        e->misfits[k] = a->misfit, e->data_misfits[k] = a->data_misfit;
        e->basins[k] = s->q.parts[a->part].index;
    }
    gm_posterior_count_distinct(e);
    for (size_t i = 0; i < s->n; i++)
        e->basin_shares[s->q.parts[s->now[i].part].index] += 1 / (double)s->n;
}

static gm_status create_particles(sampler *s)
{
    size_t t = s->p->n_tangent, n = s->p->n_state;
    s->now = gm_calloc(s->n, sizeof *s->now);
    s->next = gm_calloc(s->n, sizeof *s->next);
    s->weights = gm_calloc(s->n, sizeof *s->weights);
    s->block = gm_calloc(2 * s->n, (3 * t + 2 * n) * sizeof *s->block);
    if (!s->now || !s->next || !s->weights || !s->block)
        return gm_fail(GM_ENOMEM, "posterior: no memory for %zu particles", s->n);
    double *at = s->block;
    for (size_t i = 0; i < 2 * s->n; i++, at += 3 * t + 2 * n) {
        particle *a = i < s->n ? &s->now[i] : &s->next[i - s->n];
        a->z = at, a->other_z = at + t, a->delta = at + 2 * t;
        a->state = at + 3 * t, a->other_state = at + 3 * t + n;
    }
    return GM_OK;
}

static gm_status check(const gm_fit_problem *p, size_t n_basins, const gm_posterior_options *o)
{
    GM_TRY(gm_fit_problem_check(p));
    if (n_basins < 1 || o->n_members < 1)
        return gm_fail(GM_EINVAL,
                       "posterior: %zu basins, %zu members, at least 1 of each is needed", n_basins,
                       o->n_members);
    if (!(o->margin >= 0)) return gm_fail(GM_EINVAL, "posterior: margin = %g", o->margin);
    if (!(o->ess_share > 0 && o->ess_share < 1))
        return gm_fail(GM_EINVAL, "posterior: ess_share = %g, allowed between 0 and 1",
                       o->ess_share);
    if (!(o->spread >= 1 && isfinite(o->spread)))
        return gm_fail(GM_EINVAL, "posterior: spread = %g, allowed >= 1", o->spread);
    return GM_OK;
}

static gm_status sample(sampler *s, const gm_basin basins[], size_t n_basins)
{
    GM_TRY(gm_posterior_create(&s->out, s->p->n_state, s->o->n_members, n_basins));
    GM_TRY(gm_fit_works_create(&s->works, s->p, gm_threads_count(s->threads)));
    GM_TRY(create_particles(s));
    GM_TRY(laplace_create(&s->q, s->p, basins, n_basins, s->o->margin, s->o->spread,
                          s->o->seed ^ SEED_MARK, s->works, s->threads));
    s->out->evaluations += s->q.evaluations;
    s->round = 1; /* round 0's streams belong to the limits of the basins */
    GM_TRY(run(s));
    take_members(s);
    return GM_OK;
}

gm_status gm_posterior_sample(gm_posterior **out, const gm_fit_problem *p, const gm_basin basins[],
                              size_t n_basins, const gm_posterior_options *o, gm_threads *threads)
{
    *out = NULL;
    GM_TRY(check(p, n_basins, o));
    size_t n = o->n_particles > 0 ? o->n_particles : 4 * o->n_members;
    sampler s = {.p = p, .o = o, .threads = threads, .step = 0.5};
    s.n = n < o->n_members ? o->n_members : n;
    gm_status e = sample(&s, basins, n_basins);
    gm_fit_works_destroy(s.works, gm_threads_count(threads));
    laplace_destroy(&s.q);
    gm_free(s.now);
    gm_free(s.next);
    gm_free(s.weights);
    gm_free(s.block);
    if (e == GM_OK)
        *out = s.out;
    else
        gm_posterior_destroy(s.out);
    return e;
}
