#include "heart/case/crtdemo_case_for_tests.h"
#include "heart/verbs/verbs.h"
#include "testing/gm_test.h"

enum { N_OPTIONS = 6, N_SAMPLES = 500, COLUMNS = 13 };

/* Runs the verb on folder/case.json and folder/params.json as the program would. */
static gm_status forward(const char *folder, bool by_fields, gm_threads *threads, gm_result **r)
{
    char *words[2] = {gm_path_join(folder, "case.json"), gm_path_join(folder, "params.json")};
    const char *values[N_OPTIONS] = {NULL, NULL, NULL, NULL, "500", "1"};
    const bool given[N_OPTIONS] = {false, by_fields, false, false, false, false};
    gm_args args = {gm_heart_forward_options, values, given, (const char *const *)words, 2};
    gm_run run = {.threads = threads};
    EXPECT(gm_result_create(r) == GM_OK);
    gm_status s = gm_heart_forward_run(&args, &run, *r);
    if (s != GM_OK) {
        gm_result_destroy(*r);
        *r = NULL;
    }
    gm_free(words[0]);
    gm_free(words[1]);
    return s;
}

static const gm_file *file_called(const gm_result *r, const char *path)
{
    for (size_t i = 0; i < r->n_files; i++)
        if (!strcmp(r->files[i].path, path)) return &r->files[i];
    return NULL;
}

static const double *activation(const gm_result *r)
{
    const gm_file *f = file_called(r, "activation_ms.txt");
    return f ? f->as.column.values : NULL;
}

static const double *ecg(const gm_result *r) /* [N_SAMPLES][COLUMNS] */
{
    const gm_file *f = file_called(r, "ecg.csv");
    return f ? f->as.csv.values : NULL;
}

static const char cube_case[] = "{\"mesh\": \"heart\", \"electrodes\": \"electrodes.csv\","
                                "\"conductivity\": {\"gil_mS_cm\": 2, \"git_mS_cm\": 0.5,"
                                "\"sigma0_mS_cm\": 4}, \"template\": {\"t_on_ms\": 40}}";
static const char electrodes[] = "name,x,y,z\n"
                                 "V1,-100,0,0\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\n"
                                 "V6,100,0,0\nRA,-200,0,200\nLA,200,0,200\nLL,100,0,-300\n";

/* A cube of 40 mm with edges of 40/n mm. */
static gm_tetmesh *put_cube(const char *folder, int n, const char *case_text, const char *params)
{
    gm_tetmesh *m = gm_muscle_cube(n, 40.0 / n);
    gm_put_mesh(folder, "heart", m, 1000, true);
    gm_put(folder, "electrodes.csv", electrodes);
    gm_put(folder, "case.json", case_text);
    gm_put(folder, "params.json", params);
    return m;
}

/* Exact arrival from a point in a homogeneous medium with fibres along x. */
static double exact_ms(const double from[3], const double to[3], double v_f, double ratio)
{
    double x = (to[0] - from[0]) / v_f, y = (to[1] - from[1]) / (v_f * ratio);
    double z = (to[2] - from[2]) / (v_f * ratio);
    return sqrt(x * x + y * y + z * z);
}

static double rms_error_ms(int n, const char *params)
{
    static const double from[3] = {11, 23, 17};
    char folder[64];
    gm_folder_for_test(folder);
    gm_tetmesh *m = put_cube(folder, n, cube_case, params);
    gm_result *r;
    EXPECT(forward(folder, false, NULL, &r) == GM_OK);
    double sum = 0;
    for (size_t i = 0; r && i < m->n_nodes; i++) {
        double d = activation(r)[i] - (7 + exact_ms(from, m->nodes_mm[i], 0.8, 0.5));
        EXPECT(d > -1e-3); /* linear elements are late, never early */
        sum += d * d;
    }
    sum = sqrt(sum / (double)m->n_nodes);
    gm_result_destroy(r);
    gm_tetmesh_destroy(m);
    gm_folder_drop(folder);
    return sum;
}

static void a_site_between_nodes_gives_the_exact_ellipsoid_as_the_mesh_gets_finer(void)
{
    static const char params[] = "{\"sites\": [{\"xyz_mm\": [11, 23, 17], \"onset_ms\": 7}],"
                                 "\"v_f_m_s\": 0.8, \"v_t_ratio\": 0.5}";
    double coarse = rms_error_ms(8, params), fine = rms_error_ms(16, params);
    EXPECT_BELOW(coarse, 4);          /* of 89 ms, with edges of 5 mm */
    EXPECT_BELOW(fine, 0.8 * coarse); /* the ball of ignition, exact here, shrinks with the edges */
}

/* ---- the ECG from first principles, without the code under test -------------------------------- */

static void gradient(const double p[4][3], int k, double g[3])
{
    const double *a = p[(k + 1) % 4], *b = p[(k + 2) % 4], *c = p[(k + 3) % 4];
    double u[3], v[3], n[3], w[3], height = 0;
    for (int i = 0; i < 3; i++) {
        u[i] = b[i] - a[i];
        v[i] = c[i] - a[i];
        w[i] = p[k][i] - a[i];
    }
    for (int i = 0; i < 3; i++)
        n[i] = u[(i + 1) % 3] * v[(i + 2) % 3] - u[(i + 2) % 3] * v[(i + 1) % 3];
    for (int i = 0; i < 3; i++)
        height += n[i] * w[i];
    for (int i = 0; i < 3; i++)
        g[i] = n[i] / height;
}

static double inverse_distance(const double a[3], const double b[3])
{
    double d2 = 0;
    for (int k = 0; k < 3; k++)
        d2 += (a[k] - b[k]) * (a[k] - b[k]);
    return 1 / sqrt(d2);
}

/* phi(e) = - sum over tets of (Gi grad Vm) . grad Z volume, Gi = diag(2, 0.5, 0.5) mS/cm. */
static double potential_mv(const gm_tetmesh *m, const double *vm_mv, const double at[3])
{
    static const double conductivity[3] = {2, 0.5, 0.5};
    double phi = 0;
    for (size_t e = 0; e < m->n_tets; e++) {
        double p[4][3], dv[3] = {0}, dz[3] = {0};
        for (int k = 0; k < 4; k++)
            memcpy(p[k], m->nodes_mm[m->tets[e][k]], sizeof p[k]);
        for (int k = 0; k < 4; k++) {
            double g[3];
            gradient(p, k, g);
            for (int i = 0; i < 3; i++) {
                dv[i] += g[i] * vm_mv[m->tets[e][k]];
                dz[i] += g[i] * inverse_distance(p[k], at) / (4 * 3.14159265358979323846 * 4);
            }
        }
        double volume = gm_tet_volume_mm3(p[0], p[1], p[2], p[3]);
        for (int i = 0; i < 3; i++)
            phi -= conductivity[i] * dv[i] * dz[i] * volume;
    }
    return phi;
}

/* Potentials of RA, LA, LL and V3 at time t_ms of the file, from the activation written. */
static void four_potentials(const gm_tetmesh *m, const double *tau_ms, double apd_ms, double t_ms,
                            double phi[4])
{
    static const double at[4][3] = {{-200, 0, 200}, {200, 0, 200}, {100, 0, -300}, {-60, 20, 0}};
    double *vm = gm_calloc(m->n_nodes, sizeof *vm);
    for (size_t i = 0; i < m->n_nodes; i++) {
        double s = t_ms - 40 - tau_ms[i];
        vm[i] = -80 + 50 * (1 + tanh(s)) / (1 + exp((s - apd_ms) / 15));
    }
    for (int k = 0; k < 4; k++)
        phi[k] = potential_mv(m, vm, at[k]);
    gm_free(vm);
}

static void the_ecg_is_the_volume_integral_of_the_potential_gradient(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    gm_tetmesh *m = put_cube(folder, 6, cube_case,
                             "{\"sites\": [{\"node\": 3, \"onset_ms\": 2}, {\"node\": 340}],"
                             "\"apd\": {\"min_ms\": 200, \"max_ms\": 260}}");
    gm_result *r;
    EXPECT(forward(folder, false, NULL, &r) == GM_OK);
    const int times[] = {0, 45, 60, 80, 270, 300, 330, 499};
    double largest = 0;
    for (int i = 0; i < 8 && r; i++) {
        const double *row = &ecg(r)[times[i] * COLUMNS];
        double phi[4];
        EXPECT(row[0] == times[i]);
        four_potentials(m, activation(r), 230, times[i], phi);
        EXPECT_CLOSE(row[1], phi[1] - phi[0], 0, 1e-9);                         /* I */
        EXPECT_CLOSE(row[2], phi[2] - phi[0], 0, 1e-9);                         /* II */
        EXPECT_CLOSE(row[3], phi[2] - phi[1], 0, 1e-9);                         /* III */
        EXPECT_CLOSE(row[4], phi[0] - (phi[1] + phi[2]) / 2, 0, 1e-9);          /* aVR */
        EXPECT_CLOSE(row[9], phi[3] - (phi[0] + phi[1] + phi[2]) / 3, 0, 1e-9); /* V3 */
        largest = fmax(largest, fabs(row[9]));
    }
    EXPECT(largest > 0.01);
    gm_result_destroy(r);
    gm_tetmesh_destroy(m);
    gm_folder_drop(folder);
}

/* ---- crtdemo ------------------------------------------------------------------------------------ */

static const char crtdemo_params[] =
    "{\"sites\": [{\"node\": 3600, \"onset_ms\": 4}, {\"node\": 1200, \"onset_ms\": 10},"
    "{\"node\": 2500}], \"v_f_m_s\": 0.7, \"v_t_ratio\": 0.4, \"fast_layer_factor\": 2,"
    "\"apd\": {\"min_ms\": 240, \"max_ms\": 300}}";

static void a_real_heart_is_activated_no_faster_than_its_fastest_tissue(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    char folder[64];
    gm_folder_for_test(folder);
    gm_put_crtdemo_case(folder, true, "");
    gm_put(folder, "params.json", crtdemo_params);
    gm_result *r;
    EXPECT(forward(folder, false, NULL, &r) == GM_OK);
    gm_tetmesh *m;
    EXPECT(gm_crtdemo_mesh(&m) == GM_OK);
    const int32_t site[3] = {3600, 1200, 2500};
    const double onset[3] = {4, 10, 0};
    for (size_t i = 0; r && i < m->n_nodes; i++) {
        double least = INFINITY;
        for (int k = 0; k < 3; k++)
            least = fmin(least, onset[k] + exact_ms(m->nodes_mm[site[k]], m->nodes_mm[i], 1.4, 1));
        EXPECT(activation(r)[i] >= least - 1e-3);
    }
    if (r) {
        EXPECT(activation(r)[2500] == 0);
        EXPECT(json_real_value(json_object_get(r->values, "total_activation_ms")) < 150);
        EXPECT(json_integer_value(json_object_get(r->values, "earliest_site")) == 2);
        const gm_file *f = file_called(r, "heart.vtu");
        EXPECT(f && f->as.mesh.mesh->fibres && f->as.mesh.n_fields >= 2);
        EXPECT(!strcmp(file_called(r, "ecg.csv")->as.csv.header,
                       "t_ms,I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"));
        EXPECT(file_called(r, "ecg.csv")->as.csv.n_rows == N_SAMPLES);
        EXPECT(r->n_views == 2 && !r->wants_report);
    }
    gm_tetmesh_destroy(m);
    gm_result_destroy(r);
    gm_folder_drop(folder);
}

static void two_threads_give_the_same_bits_as_one(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    char folder[64];
    gm_folder_for_test(folder);
    gm_put_crtdemo_case(folder, true, "");
    gm_put(folder, "params.json", crtdemo_params);
    gm_threads *two;
    EXPECT(gm_threads_create(&two, 2) == GM_OK);
    gm_result *a, *b;
    EXPECT(forward(folder, false, NULL, &a) == GM_OK);
    EXPECT(forward(folder, false, two, &b) == GM_OK);
    if (a && b) {
        EXPECT(!memcmp(activation(a), activation(b), GM_CRTDEMO_N_NODES * sizeof(double)));
        EXPECT(!memcmp(ecg(a), ecg(b), N_SAMPLES * COLUMNS * sizeof(double)));
    }
    gm_result_destroy(a);
    gm_result_destroy(b);
    gm_threads_destroy(two);
    gm_folder_drop(folder);
}

static void cached_fields_agree_with_the_joint_solve(void)
{
    NEED_DATA(GM_CRTDEMO_DIR);
    char folder[64];
    gm_folder_for_test(folder);
    gm_put_crtdemo_case(folder, true, "");
    gm_put(folder, "params.json", crtdemo_params);
    gm_result *a, *b;
    EXPECT(forward(folder, false, NULL, &a) == GM_OK);
    EXPECT(forward(folder, true, NULL, &b) == GM_OK);
    double sum = 0, error = 0, size = 0;
    for (int i = 0; a && b && i < GM_CRTDEMO_N_NODES; i++) {
        double d = activation(a)[i] - activation(b)[i];
        sum += d * d;
    }
    EXPECT_BELOW(sqrt(sum / GM_CRTDEMO_N_NODES), 0.6);
    for (int i = 0; a && b && i < N_SAMPLES * COLUMNS; i++) {
        if (i % COLUMNS == 0) continue; /* time */
        error += (ecg(a)[i] - ecg(b)[i]) * (ecg(a)[i] - ecg(b)[i]);
        size += ecg(a)[i] * ecg(a)[i];
    }
    EXPECT_BELOW(sqrt(error / size), 0.04); /* 1.7 % at this edge length in the reference */
    gm_result_destroy(a);
    gm_result_destroy(b);
    gm_folder_drop(folder);
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static const char *const bad_params[][3] = {
    {"{\"sites\": [{\"node\": 343}]}", "\"node\" is 343", "0 to 342"},
    {"{\"sites\": [{\"xyz_mm\": [60, 20, 20]}]}", "20 mm outside the muscle", "mean edge length"},
    {"{\"sites\": [{\"node\": 1}], \"fast_layer_factor\": 3}", "no fast layer", "fast_layer_tag"},
    {"{\"sites\": [{\"uvc\": {\"ventricle\": \"lv\", \"ab\": 0.5, \"rt\": 0.5}}]}", "\"uvc\"",
     "endocardium"},
};

static void sites_that_the_mesh_does_not_have_are_refused(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    gm_tetmesh *m = put_cube(folder, 6, cube_case, "{}");
    for (size_t i = 0; i < sizeof bad_params / sizeof *bad_params; i++) {
        gm_result *r;
        gm_put(folder, "params.json", bad_params[i][0]);
        EXPECT(forward(folder, false, NULL, &r) == GM_EFORMAT);
        EXPECT_CONTAINS(gm_error_text(), "params.json");
        EXPECT_CONTAINS(gm_error_text(), bad_params[i][1]);
        EXPECT_CONTAINS(gm_error_text(), bad_params[i][2]);
        gm_result_destroy(r);
    }
    gm_tetmesh_destroy(m);
    gm_folder_drop(folder);
}

static void a_gradient_of_apd_needs_coordinates(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    gm_tetmesh *m = put_cube(folder, 4, cube_case,
                             "{\"sites\": [{\"node\": 1}],"
                             "\"apd\": {\"min_ms\": 240, \"max_ms\": 300, \"g_tm\": 1}}");
    gm_result *r;
    EXPECT(forward(folder, false, NULL, &r) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "\"apd\"");
    EXPECT_CONTAINS(gm_error_text(), "endocardium");
    gm_result_destroy(r);
    gm_tetmesh_destroy(m);
    gm_folder_drop(folder);
}

static void a_site_just_outside_is_moved_and_it_is_said(void)
{
    char folder[64];
    gm_folder_for_test(folder);
    gm_tetmesh *m = put_cube(folder, 4, cube_case, "{\"sites\": [{\"xyz_mm\": [20, 20, 42.5]}]}");
    gm_result *r;
    EXPECT(forward(folder, false, NULL, &r) == GM_OK);
    if (r) EXPECT_CONTAINS(r->summary, "sites[0]: moved 2.5 mm");
    gm_result_destroy(r);
    gm_tetmesh_destroy(m);
    gm_folder_drop(folder);
}

int main(int argc, char **argv)
{
    RUN(a_site_between_nodes_gives_the_exact_ellipsoid_as_the_mesh_gets_finer);
    RUN(the_ecg_is_the_volume_integral_of_the_potential_gradient);
    RUN(a_real_heart_is_activated_no_faster_than_its_fastest_tissue);
    RUN(two_threads_give_the_same_bits_as_one);
    RUN(cached_fields_agree_with_the_joint_solve);
    RUN(sites_that_the_mesh_does_not_have_are_refused);
    RUN(a_gradient_of_apd_needs_coordinates);
    RUN(a_site_just_outside_is_moved_and_it_is_said);
    return gm_report();
}
