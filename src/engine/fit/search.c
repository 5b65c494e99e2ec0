#include "fit/search.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "fit/basins.h"
#include "fit/task.h"

enum { MOST_CONTINUATIONS = 3 }; /* of a basin that never says it has converged */

/* What one task found. */
typedef struct {
    gm_task_end end;
    double *state, *hessian; /* hessian: deep tasks only */
    gm_refine_result fit;
    size_t evaluations, task;
    size_t hits, tries; /* deep tasks: taken over from the basin that is continued */
} found;

typedef struct {
    const gm_fit_problem *p, *quick;
    const gm_search_options *o;
    gm_threads *threads;
    unsigned n_workers;
    gm_refine_work **quick_works, **deep_works;
    double *block;
    found *trials; /* [n_trials] of the running round */
    found *deeps;  /* [keep] */
    size_t *order; /* [n_trials], best first */
    size_t n_trials, n_starts, n_deeps, most_trials;
    size_t next_task, next_start;
    double began_s, last_round_s;
    basin_list list;
    gm_search_result *result;
} search;

gm_search_options gm_search_defaults(void)
{
    gm_search_options o = {.seed = 1,
                           .max_evaluations = 20000,
                           .starts = 16,
                           .redraws = 8,
                           .keep = 4,
                           .sources = 4,
                           .max_basins = 16,
                           .basin_distance = 0.02,
                           .quick_refine = gm_refine_defaults(),
                           .deep_refine = gm_refine_defaults()};
    o.quick_refine.max_evaluations = 30;
    return o;
}

/* ---- a round's first half: many quick refinements ----------------------------------------------- */

static gm_status make_trial(search *s, size_t i, unsigned worker, found *f)
{
    gm_rng rng = gm_rng_stream(s->o->seed, f->task);
    if (i < s->n_starts)
        return gm_fit_propose(s->quick, worker, &rng, s->next_start + i, f->state, &f->evaluations);
    size_t n = s->list.n;
    if (s->o->sources > 0 && s->o->sources < n) n = s->o->sources;
    const gm_basin *from = &s->list.at[gm_rng_below(&rng, n)]->basin;
    return gm_fit_perturb(s->quick, worker, &rng, from->state, f->state, &f->evaluations);
}

static gm_status quick_trial(search *s, size_t i, unsigned worker, found *f)
{
    gm_status made = make_trial(s, i, worker, f);
    f->fit = (gm_refine_result){.misfit = INFINITY, .stop = GM_REFINE_BAD_START};
    if (made == GM_ENOCONV) return GM_OK; /* no such state: a start lost */
    GM_TRY(made);
    GM_TRY(gm_refine(s->quick, worker, &s->o->quick_refine, s->quick_works[worker], f->state, NULL,
                     &f->fit));
    f->evaluations += f->fit.evaluations;
    return GM_OK;
}

static void run_quick(void *context, size_t i, unsigned worker)
{
    search *s = context;
    gm_task_finish(&s->trials[i].end, quick_trial(s, i, worker, &s->trials[i]));
}

static gm_status collect(search *s, const found *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        GM_TRY(gm_task_status(&f[i].end));
        s->result->evaluations += f[i].evaluations;
    }
    return GM_OK;
}

static void sort_trials(search *s)
{
    for (size_t i = 0; i < s->n_trials; i++) { /* insertion: stable, few */
        size_t at = i;
        for (; at > 0 && s->trials[s->order[at - 1]].fit.misfit > s->trials[i].fit.misfit; at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = i;
    }
}

static gm_status try_starts(search *s)
{
    bool first = s->result->rounds == 0;
    s->n_starts = first && s->o->first_starts > 0 ? s->o->first_starts : s->o->starts;
    s->n_trials = s->n_starts + (s->list.n > 0 ? s->o->redraws : 0);
    for (size_t i = 0; i < s->n_trials; i++) {
        s->trials[i].evaluations = 0;
        s->trials[i].task = s->next_task++;
    }
    gm_threads_for(s->threads, s->n_trials, 1, run_quick, s);
    s->next_start += s->n_starts;
    s->result->tasks += s->n_trials;
    GM_TRY(collect(s, s->trials, s->n_trials));
    sort_trials(s);
    return GM_OK;
}

/* ---- its second half: the best, deeply ---------------------------------------------------------- */

static double apart(const search *s, const double *a, const double *b)
{
    return gm_fit_distance(s->p, 0, a, b);
}

static bool is_chosen_already(const search *s, const double *state)
{
    for (size_t i = 0; i < s->n_deeps; i++)
        if (apart(s, s->deeps[i].state, state) < s->o->basin_distance) return true;
    return false;
}

/* A quick result beside a known basin is a hit of it, unless it is already better. */
static bool is_known(search *s, const found *f)
{
    for (size_t i = 0; i < s->list.n; i++) {
        gm_basin *b = &s->list.at[i]->basin;
        bool better = s->quick == s->p && f->fit.misfit < b->misfit;
        if (better || !(apart(s, b->state, f->state) < s->o->basin_distance)) continue;
        b->hits++;
        return true;
    }
    return false;
}

static void choose(search *s, const double *state, size_t task, size_t hits, size_t tries)
{
    found *d = &s->deeps[s->n_deeps++];
    memcpy(d->state, state, s->p->n_state * sizeof *d->state);
    d->task = task, d->hits = hits, d->tries = tries, d->evaluations = 0;
}

/* Unfinished ones among the best known basins leave the list and go on; at most half of the places. */
static void choose_unfinished(search *s)
{
    size_t places = (s->o->keep + 1) / 2;
    for (size_t i = 0; i < s->list.n && i < s->o->keep && places > 0;) {
        basin_slot *b = s->list.at[i];
        if (b->basin.converged || b->tries >= MOST_CONTINUATIONS) {
            i++;
            continue;
        }
        choose(s, b->basin.state, b->basin.task, b->basin.hits, b->tries);
        basin_list_remove(&s->list, i);
        places--;
    }
}

static void choose_best_trials(search *s)
{
    for (size_t k = 0; k < s->n_trials && s->n_deeps < s->o->keep; k++) {
        const found *f = &s->trials[s->order[k]];
        if (!isfinite(f->fit.misfit)) return;
        if (is_chosen_already(s, f->state) || is_known(s, f)) continue;
        choose(s, f->state, f->task, 1, 0);
    }
}

static void run_deep(void *context, size_t i, unsigned worker)
{
    search *s = context;
    found *d = &s->deeps[i];
    gm_status e = gm_refine(s->p, worker, &s->o->deep_refine, s->deep_works[worker], d->state,
                            d->hessian, &d->fit);
    d->evaluations = d->fit.evaluations;
    gm_task_finish(&d->end, e);
}

static void merge(search *s, const found *d)
{
    if (!isfinite(d->fit.misfit)) return;
    basin_slot *b = basin_list_spare(&s->list);
    memcpy(b->basin.state, d->state, s->p->n_state * sizeof *d->state);
    memcpy(b->basin.hessian, d->hessian, s->p->n_tangent * s->p->n_tangent * sizeof *d->hessian);
    b->basin.misfit = d->fit.misfit;
    b->basin.data_misfit = d->fit.data_misfit, b->basin.prior_misfit = d->fit.prior_misfit;
    b->basin.converged = gm_refine_converged(d->fit.stop);
    b->basin.hits = d->hits, b->basin.task = d->task;
    b->tries = d->tries + 1;
    basin_list_insert(&s->list, b, s->p, s->o->basin_distance);
}

static gm_status refine_best(search *s)
{
    s->n_deeps = 0;
    choose_unfinished(s);
    choose_best_trials(s);
    gm_threads_for(s->threads, s->n_deeps, 1, run_deep, s);
    GM_TRY(collect(s, s->deeps, s->n_deeps));
    for (size_t i = 0; i < s->n_deeps; i++)
        merge(s, &s->deeps[i]);
    return GM_OK;
}

/* ---- rounds ------------------------------------------------------------------------------------- */

static double elapsed_s(const search *s)
{
    return s->o->clock_seconds ? s->o->clock_seconds() - s->began_s : 0;
}

static void publish(search *s)
{
    gm_search_result *r = s->result;
    r->n_basins = s->list.n;
    for (size_t i = 0; i < s->list.n; i++)
        r->basins[i] = s->list.at[i]->basin;
    r->elapsed_s = elapsed_s(s);
    double done = (double)r->evaluations / (double)s->o->max_evaluations;
    if (s->o->budget_s > 0) done = fmax(done, r->elapsed_s / s->o->budget_s);
    gm_progress_report(s->o->progress, "fitting", fmin(done, 1));
}

static bool is_over(search *s)
{
    const gm_search_options *o = s->o;
    gm_search_result *r = s->result;
    if (r->n_basins > 0 && o->good_enough && o->good_enough(o->context, r))
        r->stop = GM_SEARCH_GOOD_ENOUGH;
    else if (r->evaluations >= o->max_evaluations)
        r->stop = GM_SEARCH_OUT_OF_EVALUATIONS;
    else if (o->max_rounds > 0 && r->rounds >= o->max_rounds)
        r->stop = GM_SEARCH_OUT_OF_ROUNDS;
    else if (o->budget_s > 0 && r->elapsed_s + s->last_round_s > o->budget_s)
        r->stop = GM_SEARCH_OUT_OF_TIME;
    else
        return false;
    return true;
}

static gm_status run_rounds(search *s)
{
    do {
        GM_TRY(gm_interrupt_check("search"));
        double before_s = s->result->elapsed_s;
        size_t used = s->result->evaluations;
        GM_TRY(try_starts(s));
        GM_TRY(refine_best(s));
        s->result->rounds++;
        if (s->result->evaluations == used)
            return gm_fail(GM_ENOCONV, "search: a round evaluated nothing; no start is possible");
        publish(s);
        s->last_round_s = s->result->elapsed_s - before_s;
    } while (!is_over(s));
    if (s->result->n_basins == 0)
        return gm_fail(GM_ENOCONV, "search: the model could not be evaluated at any of %zu starts",
                       s->next_start);
    return GM_OK;
}

/* ---- set-up ------------------------------------------------------------------------------------- */

static gm_status check_quick(const gm_fit_problem *p, const gm_fit_problem *quick)
{
    GM_TRY(gm_fit_problem_check(quick));
    if (quick->n_state != p->n_state || quick->n_tangent != p->n_tangent)
        return gm_fail(GM_EINVAL,
                       "search: the quick problem has %zu/%zu state/tangent numbers, the "
                       "problem %zu/%zu",
                       quick->n_state, quick->n_tangent, p->n_state, p->n_tangent);
    return GM_OK;
}

static gm_status check(const gm_fit_problem *p, const gm_search_options *o)
{
    GM_TRY(gm_fit_problem_check(p));
    if (o->quick) GM_TRY(check_quick(p, o->quick));
    if (o->starts + o->first_starts < 1 || o->starts + o->redraws < 1 || o->keep < 1 ||
        o->max_basins < 1 || o->max_evaluations < 1)
        return gm_fail(GM_EINVAL,
                       "search: starts %zu, redraws %zu, keep %zu, max_basins %zu, max_evaluations "
                       "%zu: each round needs at least one trial, the others at least 1",
                       o->starts, o->redraws, o->keep, o->max_basins, o->max_evaluations);
    if (!(o->basin_distance >= 0 && isfinite(o->basin_distance)))
        return gm_fail(GM_EINVAL, "search: basin_distance = %g, allowed >= 0", o->basin_distance);
    if (!(o->budget_s >= 0)) return gm_fail(GM_EINVAL, "search: budget = %g s", o->budget_s);
    if (o->budget_s > 0 && !o->clock_seconds)
        return gm_fail(GM_EINVAL, "search: a budget of %g s needs a clock", o->budget_s);
    return GM_OK;
}

/* States of all trials, then states and Hessians of all deep refinements. */
static void share_block(search *s, double *at)
{
    size_t n = s->p->n_state, t2 = s->p->n_tangent * s->p->n_tangent;
    for (size_t i = 0; i < s->most_trials; i++, at += n)
        s->trials[i].state = at;
    for (size_t i = 0; i < s->o->keep; i++, at += n + t2)
        s->deeps[i].state = at, s->deeps[i].hessian = at + n;
}

static gm_status set_up(search *s)
{
    const gm_search_options *o = s->o;
    size_t n = s->p->n_state, t2 = s->p->n_tangent * s->p->n_tangent;
    size_t most_starts = o->starts > o->first_starts ? o->starts : o->first_starts;
    s->most_trials = most_starts + o->redraws;
    s->trials = gm_calloc(s->most_trials, sizeof *s->trials);
    s->deeps = gm_calloc(o->keep, sizeof *s->deeps);
    s->order = gm_calloc(s->most_trials, sizeof *s->order);
    s->block = gm_calloc(s->most_trials * n + o->keep * (n + t2), sizeof *s->block);
    if (!s->trials || !s->deeps || !s->order || !s->block)
        return gm_fail(GM_ENOMEM, "search: no memory");
    share_block(s, s->block);
    GM_TRY(gm_fit_works_create(&s->quick_works, s->quick, s->n_workers));
    GM_TRY(gm_fit_works_create(&s->deep_works, s->p, s->n_workers));
    s->result->basins = gm_calloc(o->max_basins, sizeof *s->result->basins);
    if (!s->result->basins) return gm_fail(GM_ENOMEM, "search: no memory");
    return basin_list_create(&s->list, o->max_basins, n, s->p->n_tangent);
}

/* The result's basins take over the arrays of the list. */
static void tear_down(search *s, bool keep_basins)
{
    if (keep_basins) basin_list_release(&s->list);
    basin_list_destroy(&s->list);
    gm_fit_works_destroy(s->quick_works, s->n_workers);
    gm_fit_works_destroy(s->deep_works, s->n_workers);
    gm_free(s->trials);
    gm_free(s->deeps);
    gm_free(s->order);
    gm_free(s->block);
}

gm_status gm_search(gm_search_result **out, const gm_fit_problem *p, const gm_search_options *o,
                    gm_threads *threads)
{
    *out = NULL;
    GM_TRY(check(p, o));
    gm_search_result *result = gm_calloc(1, sizeof *result);
    if (!result) return gm_fail(GM_ENOMEM, "search: no memory");
    result->n_state = p->n_state, result->n_tangent = p->n_tangent;
    search s = {.p = p,
                .quick = o->quick ? o->quick : p,
                .o = o,
                .threads = threads,
                .n_workers = gm_threads_count(threads),
                .result = result};
    if (o->clock_seconds) s.began_s = o->clock_seconds();
    gm_status e = set_up(&s);
    if (e == GM_OK) e = run_rounds(&s);
    tear_down(&s, e == GM_OK);
    if (e != GM_OK) {
        result->n_basins = 0; /* their arrays went with the list */
        gm_search_result_destroy(result);
        return e;
    }
    *out = result;
    return GM_OK;
}

void gm_search_result_destroy(gm_search_result *r)
{
    if (!r) return;
    for (size_t i = 0; i < r->n_basins; i++)
        gm_free(r->basins[i].state); /* the Hessian lies in the same block */
    gm_free(r->basins);
    gm_free(r);
}

size_t gm_search_within(const gm_search_result *r, double margin)
{
    size_t n = 0;
    while (n < r->n_basins && r->basins[n].misfit <= r->basins[0].misfit + margin)
        n++;
    return n;
}
