#include "heart/fit/model.h"

#include "heart/fit/patient_for_tests.h"
#include "testing/gm_test.h"

static gm_heart_model *model_of(gm_patient *p, bool pose_is_free)
{
    gm_heart_fit_options o = gm_heart_fit_defaults();
    o.n_sites = 4;
    o.pose_is_free = o.amplitude_is_free = pose_is_free;
    gm_heart_model *m;
    EXPECT(gm_heart_model_create(&m, p->c, &p->target, &o, NULL) == GM_OK);
    return m;
}

typedef struct {
    double *state, *moved, *base, *up, *down, *jacobian;
} buffers;

static buffers room_for(const gm_heart_model *m)
{
    const gm_fit_problem *p = &m->problem;
    return (buffers){gm_calloc(p->n_state, sizeof(double)),
                     gm_calloc(p->n_state, sizeof(double)),
                     gm_calloc(p->n_residuals, sizeof(double)),
                     gm_calloc(p->n_residuals, sizeof(double)),
                     gm_calloc(p->n_residuals, sizeof(double)),
                     gm_calloc(p->n_residuals * p->n_tangent, sizeof(double))};
}

static void buffers_free(buffers *b)
{
    gm_free(b->state), gm_free(b->moved), gm_free(b->base);
    gm_free(b->up), gm_free(b->down), gm_free(b->jacobian);
}

static void residuals_at(gm_heart_model *m, const buffers *b, size_t column, double step,
                         double *residuals)
{
    double delta[64] = {0};
    delta[column] = step;
    m->problem.retract(m, 0, b->state, delta, b->moved);
    EXPECT(m->problem.evaluate(m, 0, b->moved, residuals) == GM_OK);
}

/* Relative L2 difference of a Jacobian column from central differences. */
static double column_error(gm_heart_model *m, const buffers *b, size_t column, double step)
{
    residuals_at(m, b, column, step, b->up);
    residuals_at(m, b, column, -step, b->down);
    double wrong = 0, size = 0;
    for (size_t i = 0; i < m->problem.n_residuals; i++) {
        double slope = (b->up[i] - b->down[i]) / (2 * step);
        double d = slope - b->jacobian[i * m->problem.n_tangent + column];
        wrong += d * d, size += slope * slope;
    }
    return size > 0 ? sqrt(wrong / size) : 0;
}

/* The activation is a minimum over ways and so has kinks: single columns may cross one within the
 * step, the middle of all must not. */
static void the_jacobian_is_that_of_the_residuals(void)
{
    gm_patient p = gm_patient_make(5, 4, 1, 0, 1);
    gm_heart_model *m = model_of(&p, true);
    buffers b = room_for(m);
    gm_rng rng = gm_rng_stream(3, 3);
    size_t evaluations = 0, n = m->problem.n_tangent, small = 0;
    EXPECT(m->problem.propose(m, 0, &rng, 0, b.state, &evaluations) == GM_OK);
    EXPECT(evaluations > 0);
    EXPECT(m->problem.jacobian(m, 0, b.state, b.base, b.jacobian) == GM_OK);
    for (size_t k = 0; k < n; k++) {
        double error = column_error(m, &b, k, 0.02 * m->scale[k] * (k < 12 ? 0.2 : 1));
        small += error < 0.1;
        if (k >= n - 8) EXPECT_BELOW(error, 0.02); /* amplitude and pose: smooth */
    }
    EXPECT(small >= n * 3 / 4);
    buffers_free(&b);
    gm_heart_model_destroy(m);
    gm_patient_free(&p);
}

static void sites_move_along_the_endocardium(void)
{
    gm_patient p = gm_patient_make(5, 4, 1, 0, 1);
    gm_endocardium *e;
    EXPECT(gm_endocardium_create(&e, p.c) == GM_OK);
    gm_rng rng = gm_rng_stream(1, 1);
    double farthest = 0;
    for (int k = 0; k < 500; k++) {
        double from[3], to[3], t1[3], t2[3], d1 = 4 * gm_rng_normal(&rng), square = 0;
        gm_endo_place a = gm_endo_draw(e, &rng), b = gm_endo_move(e, &a, d1, 1);
        gm_endo_point(e, &a, from);
        gm_endo_point(e, &b, to);
        gm_endo_tangents(e, a.face, t1, t2);
        EXPECT_CLOSE(t1[0] * t2[0] + t1[1] * t2[1] + t1[2] * t2[2], 0, 0, 1e-12);
        for (int d = 0; d < 3; d++)
            square += (to[d] - from[d]) * (to[d] - from[d]);
        EXPECT(gm_endo_ventricle(e, b.face) == gm_endo_ventricle(e, a.face));
        farthest = fmax(farthest, sqrt(square) - 2 * sqrt(d1 * d1 + 1));
        gm_source s = gm_endo_source(e, &b, 0);
        double sum = 0;
        for (int c = 0; c < 4; c++)
            sum += s.weight[c];
        EXPECT_CLOSE(sum, 1, 1e-9, 0);
    }
    EXPECT_BELOW(farthest, 1e-9); /* the nearest place is at most twice as far */
    int32_t nodes[40];
    EXPECT(gm_endo_spread(e, nodes, 40) == 40);
    gm_endocardium_destroy(e);
    gm_patient_free(&p);
}

static void a_pose_of_zero_is_the_case_itself(void)
{
    gm_patient p = gm_patient_make(5, 4, 1, 0, 1);
    gm_pose *pose;
    gm_pose_work *w;
    gm_lead_field *field;
    EXPECT(gm_pose_create(&pose, p.c) == GM_OK);
    EXPECT(gm_pose_work_create(&w, pose) == GM_OK);
    EXPECT(gm_lead_field_create(&field, p.c->mesh, &p.c->conductivity,
                                (const double(*)[3])p.c->electrodes_mm) == GM_OK);
    gm_pose_field(pose, (double[GM_POSE]){0}, w);
    double worst = 0, size = 0;
    for (size_t i = 0; i < field->n_nodes; i++)
        for (int l = 0; l < GM_N_INDEPENDENT; l++) {
            worst = fmax(worst, fabs(field->w[i][l] - w->field.w[i][l]));
            size = fmax(size, fabs(field->w[i][l]));
        }
    EXPECT_BELOW(worst, 1e-10 * size);
    gm_lead_field_destroy(field);
    gm_pose_work_destroy(w);
    gm_pose_destroy(pose);
    gm_patient_free(&p);
}

static void a_case_without_endocardium_is_refused(void)
{
    gm_patient p = gm_patient_make(5, 4, 1, 0, 1);
    gm_heart_fit_options o = gm_heart_fit_defaults();
    gm_heart_model *m;
    size_t kept = p.c->rv_endo.n_faces;
    p.c->rv_endo.n_faces = 0;
    EXPECT(gm_heart_model_create(&m, p.c, &p.target, &o, NULL) == GM_EINVAL && !m);
    EXPECT_CONTAINS(gm_error_text(), "add \"endocardium\"");
    p.c->rv_endo.n_faces = kept;
    o.n_sites = 2;
    EXPECT(gm_heart_model_create(&m, p.c, &p.target, &o, NULL) == GM_EINVAL && !m);
    EXPECT_CONTAINS(gm_error_text(), "2 sites, allowed 3 to 9");
    gm_patient_free(&p);
}

int main(int argc, char **argv)
{
    RUN(the_jacobian_is_that_of_the_residuals);
    RUN(sites_move_along_the_endocardium);
    RUN(a_pose_of_zero_is_the_case_itself);
    RUN(a_case_without_endocardium_is_refused);
    return gm_report();
}
