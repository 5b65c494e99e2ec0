#include "heart/case/case.h"

#include "heart/case/files_for_tests.h"
#include "heart/case/sources.h"
#include "testing/gm_test.h"

/* 3 x 3 x 3 cubes of 10 mm. */
enum { N = 3, SIDE = N + 1, N_NODES = 64, N_TETS = 162 };

static const char electrodes[] = "name,x,y,z\n"
                                 "V1,-100,0,0\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\n"
                                 "v6, 100, 0, 0\nRA,-200,0,200\nla,200,0,200\nLL,100,0,-300\n";

typedef struct {
    char folder[64];
    gm_tetmesh *mesh;
} fixture;

static fixture set_up(void)
{
    fixture f = {.mesh = gm_muscle_cube(N, 10)};
    gm_folder_for_test(f.folder);
    gm_put_mesh(f.folder, "heart", f.mesh, 1000, true);
    gm_put(f.folder, "electrodes.csv", electrodes);
    return f;
}

static void tear_down(fixture *f)
{
    gm_tetmesh_destroy(f->mesh);
    gm_folder_drop(f->folder);
}

static gm_status read_case(const fixture *f, const char *text, gm_heart_case **c)
{
    gm_put(f->folder, "case.json", text);
    char *path = gm_path_join(f->folder, "case.json");
    gm_status s = gm_heart_case_read(c, path, NULL);
    gm_free(path);
    return s;
}

/* Nodes of the face x = i h as a .vtx file. */
static void put_x_face(const fixture *f, const char *leaf, int i)
{
    gm_text t = {0};
    gm_text_addf(&t, "%d\nintra\n", SIDE * SIDE);
    for (int k = 0; k < SIDE * SIDE; k++)
        gm_text_addf(&t, "%d\n", k * SIDE + i);
    gm_put_text(f->folder, leaf, &t);
}

#define MESH "\"mesh\": \"heart\", \"electrodes\": \"electrodes.csv\""

static void the_smallest_case_has_the_documented_defaults(void)
{
    fixture f = set_up();
    gm_heart_case *c;
    EXPECT(read_case(&f, "{" MESH "}", &c) == GM_OK);
    if (!c) printf("%s\n", gm_error_text());
    EXPECT(c->mesh->n_nodes == N_NODES && c->mesh->n_tets == N_TETS);
    EXPECT_CLOSE(c->facts.volume_mm3, 30 * 30 * 30, 1e-12, 0);
    EXPECT(c->conductivity.gil_mS_cm == 3.0 && c->conductivity.git_mS_cm == 0.3);
    EXPECT(c->conductivity.sigma0_mS_cm == 3.0);
    EXPECT(c->shape.v_rest_mv == -80 && c->shape.v_peak_mv == 20 && c->shape.eps_up_ms == 1);
    EXPECT(c->shape.w_rep_ms == 15 && c->shape.t_on_ms == 0);
    EXPECT(c->electrodes_mm[GM_V6][0] == 100 && c->electrodes_mm[GM_LA][2] == 200);
    EXPECT(c->lv_endo.n_faces == 0 && c->n_fast == 0 && !c->has_fast_tag);
    EXPECT(c->n_inputs == 5 && strlen(c->geometry_hash) == 64);
    EXPECT(!strcmp(c->inputs[0].role, "case") && strlen(c->inputs[4].sha256) == 64);
    gm_heart_case_destroy(c);
    tear_down(&f);
}

static void constants_are_read_and_paths_are_relative_to_the_file(void)
{
    fixture f = set_up();
    gm_heart_case *c;
    EXPECT(
        read_case(&f,
                  "{" MESH ", \"fibres\": \"heart.lon\","
                  "\"conductivity\": {\"gil_mS_cm\": 5.2, \"git_mS_cm\": 2, \"sigma0_mS_cm\": 6},"
                  "\"template\": {\"V_rest\": -86.2, \"V_peak\": 40, \"eps_up_ms\": 0.5,"
                  "\"w_rep_ms\": 20, \"t_on_ms\": 42}}",
                  &c) == GM_OK);
    EXPECT(c->conductivity.gil_mS_cm == 5.2 && c->conductivity.sigma0_mS_cm == 6);
    EXPECT(c->shape.v_rest_mv == -86.2 && c->shape.t_on_ms == 42 && c->shape.w_rep_ms == 20);
    gm_heart_case_destroy(c);
    tear_down(&f);
}

static void the_layer_is_the_tets_that_touch_the_endocardium(void)
{
    fixture f = set_up();
    put_x_face(&f, "lv.vtx", 0);
    gm_heart_case *c;
    EXPECT(read_case(&f, "{" MESH ", \"endocardium\": {\"lv\": \"lv.vtx\"}}", &c) == GM_OK);
    EXPECT(c->lv_endo.n_faces == 2 * N * N);
    EXPECT(c->n_fast == 6 * N * N); /* the first layer of cubes */
    for (size_t e = 0; e < c->mesh->n_tets; e++) {
        bool touches = false;
        for (int k = 0; k < 4; k++)
            touches |= c->mesh->nodes_mm[c->mesh->tets[e][k]][0] == 0;
        EXPECT(c->fast[e] == touches);
    }
    gm_heart_case_destroy(c);
    tear_down(&f);
}

static void the_layer_is_the_tagged_tets_where_a_tag_is_given(void)
{
    fixture f = set_up();
    f.mesh->tags = gm_calloc(N_TETS, sizeof *f.mesh->tags);
    f.mesh->tags[7] = f.mesh->tags[9] = 2;
    gm_put_mesh(f.folder, "heart", f.mesh, 1000, true);
    put_x_face(&f, "lv.vtx", 0);
    gm_heart_case *c;
    EXPECT(read_case(&f, "{" MESH ", \"endocardium\": {\"lv\": \"lv.vtx\"}, \"fast_layer_tag\": 2}",
                     &c) == GM_OK);
    EXPECT(c->has_fast_tag && c->n_fast == 2 && c->fast[7] && c->fast[9]);
    gm_heart_case_destroy(c);
    tear_down(&f);
}

static void a_surface_is_the_same_from_vtx_surf_and_obj(void)
{
    fixture f = set_up();
    put_x_face(&f, "a.vtx", N);
    gm_heart_case *c, *again;
    EXPECT(read_case(&f, "{" MESH ", \"endocardium\": {\"rv\": \"a.vtx\"}}", &c) == GM_OK);
    gm_text surf = {0}, obj = {0};
    gm_text_addf(&surf, "%zu\n", c->rv_endo.n_faces);
    for (size_t i = 0; i < c->rv_endo.n_faces; i++) {
        const int32_t *v = c->rv_endo.faces[i];
        gm_text_addf(&surf, "Tr %d %d %d\n", v[0], v[2], v[1]); /* turned: must not matter */
        for (int k = 0; k < 3; k++) {
            const double *x = f.mesh->nodes_mm[v[k]];
            gm_text_addf(&obj, "v %.17g %.17g %.17g\n", x[0] + 5e-4, x[1], x[2]);
        }
    }
    for (size_t i = 0; i < c->rv_endo.n_faces; i++)
        gm_text_addf(&obj, "f %zu %zu %zu\n", 3 * i + 1, 3 * i + 2, 3 * i + 3);
    gm_put_text(f.folder, "a.surf", &surf);
    gm_put_text(f.folder, "a.obj", &obj);
    static const char *const endings[] = {"surf", "obj"};
    for (int k = 0; k < 2; k++) {
        char text[200];
        snprintf(text, sizeof text, "{" MESH ", \"endocardium\": {\"rv\": \"a.%s\"}}", endings[k]);
        EXPECT(read_case(&f, text, &again) == GM_OK);
        EXPECT(again->rv_endo.n_faces == c->rv_endo.n_faces);
        EXPECT(memcmp(again->rv_endo.faces, c->rv_endo.faces,
                      c->rv_endo.n_faces * sizeof *c->rv_endo.faces) == 0);
        EXPECT(!strcmp(again->geometry_hash, c->geometry_hash));
        gm_heart_case_destroy(again);
    }
    gm_heart_case_destroy(c);
    tear_down(&f);
}

/* ---- refusals ----------------------------------------------------------------------------------- */

/* What is put into a file before the case is read (leaf NULL: nothing), the case, and what the message
 * must contain. */
static const struct {
    const char *leaf, *text, *json, *says[3];
} bad[] = {
    {0, 0, "{}", {"\"mesh\" is missing"}},
    {0, 0, "[1]", {"expected an object"}},
    {0, 0, "{" MESH ", \"fibers\": \"x\"}", {"unknown key \"fibers\"", "fibres"}},
    {0, 0, "{\"mesh\": 7, \"electrodes\": \"electrodes.csv\"}", {"\"mesh\" must be a string"}},
    {0, 0, "{\"mesh\": \"\", \"electrodes\": \"electrodes.csv\"}", {"\"mesh\" is empty"}},
    {0, 0, "{\"mesh\": \"liver\", \"electrodes\": \"electrodes.csv\"}", {"\"mesh\"", "liver"}},
    {0, 0, "{\"mesh\": \"heart\"}", {"\"electrodes\" is missing", "RA, LA, LL"}},
    {0, 0, "{\"mesh\": \"heart\", \"electrodes\": \"no.csv\"}", {"\"electrodes\"", "no.csv"}},
    {"e.csv",
     "name,x,y,z\nV1,1,2,3\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"\"electrodes\"", "electrode RA is missing"}},
    {"e.csv",
     "name,x,y\nV1,1,2\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"no column \"z\"", "name,x,y,z"}},
    {"e.csv",
     "name,x,y,z\nV1,1,2,nan\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"e.csv:2", "z in mm"}},
    {"e.csv",
     "name,x,y,z\nV1,-90,0,0\nv1,-99,0,0\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"e.csv:3", "V1 is given twice"}},
    {"e.csv",
     "name,x,y,z\nV1,20,15,10\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\nV6,100,0,0\n"
     "RA,-200,0,200\nLA,200,0,200\nLL,100,0,-300\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"electrode V1", "inside the muscle"}},
    {"e.csv",
     "name,x,y,z\nV1,-0.5,15,10\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\nV6,100,0,0\n"
     "RA,-200,0,200\nLA,200,0,200\nLL,100,0,-300\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"electrode V1", "too near", "1 mm"}},
    {"e.csv",
     "name,x,y,z\nV1,-90000,0,0\nV2,-80,10,0\nV3,-60,20,0\nV4,60,20,0\nV5,80,10,0\nV6,100,0,0\n"
     "RA,-200,0,200\nLA,200,0,200\nLL,100,0,-300\n",
     "{\"mesh\": \"heart\", \"electrodes\": \"e.csv\"}",
     {"electrode V1", "in mm?"}},
    {0,
     0,
     "{\"mesh\": \"heart\", \"electrodes\": \".\"}",
     {"\"electrodes\"", "not a regular file"}},
    {0, 0, "{" MESH ", \"fibres\": \"no.lon\"}", {"\"fibres\"", "no.lon"}},
    {"f.lon",
     "1\n1 0 0\n0 1 0\n",
     "{" MESH ", \"fibres\": \"f.lon\"}",
     {"\"fibres\"", "2 elements", "162"}},
    {0, 0, "{" MESH ", \"endocardium\": \"lv.vtx\"}", {"endocardium", "expected an object"}},
    {0, 0, "{" MESH ", \"endocardium\": {\"left\": \"lv.vtx\"}}", {"unknown key \"left\""}},
    {0,
     0,
     "{" MESH ", \"endocardium\": {\"lv\": \"no.vtx\"}}",
     {"endocardium", "\"lv\"", "no.vtx"}},
    {"lv.vtx",
     "2\nintra\n0\n99\n",
     "{" MESH ", \"endocardium\": {\"lv\": \"lv.vtx\"}}",
     {"node 99", "0 to 63"}},
    {"lv.vtx",
     "2\nintra\n0\n1\n",
     "{" MESH ", \"endocardium\": {\"lv\": \"lv.vtx\"}}",
     {"no boundary face"}},
    {"lv.surf",
     "1\nTr 0 1 63\n",
     "{" MESH ", \"endocardium\": {\"lv\": \"lv.surf\"}}",
     {"triangle 0", "no boundary face"}},
    {"lv.obj",
     "v 0 0 0\nv 10 0 0\nv 0.5 10 0\nf 1 2 3\n",
     "{" MESH ", \"endocardium\": {\"lv\": \"lv.obj\"}}",
     {"no nodes of the mesh", "0.001 mm"}},
    {"lv.stl",
     "solid\n",
     "{" MESH ", \"endocardium\": {\"lv\": \"lv.stl\"}}",
     {"allowed are", ".vtx, .surf, .obj"}},
    {"a.surf",
     "1\nTr 0 1 5\n",
     "{" MESH ", \"endocardium\": {\"lv\": \"a.surf\", \"rv\": \"a.surf\"}}",
     {"share 1 faces"}},
    {0, 0, "{" MESH ", \"fast_layer_tag\": 2}", {"\"fast_layer_tag\" is 2", "no element"}},
    {0, 0, "{" MESH ", \"fast_layer_tag\": 2.5}", {"\"fast_layer_tag\" must be a whole number"}},
    {0,
     0,
     "{" MESH ", \"conductivity\": {\"gil_mS_cm\": -3}}",
     {"conductivity", "\"gil_mS_cm\" is -3 mS/cm", "0.001 to 100"}},
    {0, 0, "{" MESH ", \"conductivity\": {\"gil\": 3}}", {"unknown key \"gil\""}},
    {0, 0, "{" MESH ", \"template\": {\"V_rest\": 30}}", {"\"V_rest\" is 30 mV", "V_peak"}},
    {0, 0, "{" MESH ", \"template\": {\"eps_up_ms\": 0}}", {"\"eps_up_ms\" is 0 ms", "0.1 to 20"}},
    {0, 0, "{" MESH ", \"template\": {\"V_peak\": 20000}}", {"\"V_peak\" is 20000 mV"}},
};

static void malformed_cases_are_refused_with_file_key_value_and_what_is_allowed(void)
{
    fixture f = set_up();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gm_heart_case *c;
        if (bad[i].leaf) gm_put(f.folder, bad[i].leaf, bad[i].text);
        gm_status s = read_case(&f, bad[i].json, &c);
        if (s != GM_EFORMAT) printf("%s: %s\n", bad[i].json, gm_status_name(s));
        EXPECT(s == GM_EFORMAT && !c);
        EXPECT_CONTAINS(gm_error_text(), "case.json");
        for (int k = 0; k < 3 && bad[i].says[k]; k++)
            EXPECT_CONTAINS(gm_error_text(), bad[i].says[k]);
        gm_heart_case_destroy(c);
    }
    tear_down(&f);
}

static void a_mesh_without_fibres_says_what_to_do(void)
{
    fixture f = set_up();
    gm_put_mesh(f.folder, "bare", f.mesh, 1000, false);
    gm_heart_case *c;
    EXPECT(read_case(&f, "{\"mesh\": \"bare\", \"electrodes\": \"electrodes.csv\"}", &c) ==
           GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "one line for each of the 162 elements");
    EXPECT_CONTAINS(gm_error_text(), "endocardium");
    tear_down(&f);
}

static void a_mesh_in_the_wrong_unit_is_refused(void)
{
    fixture f = set_up();
    gm_heart_case *c;
    gm_put_mesh(f.folder, "heart", f.mesh, 1, true); /* mm where um belong */
    EXPECT(read_case(&f, "{" MESH "}", &c) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "0.03 mm long");
    EXPECT_CONTAINS(gm_error_text(), "10 to 500 mm");
    gm_put_mesh(f.folder, "heart", f.mesh, 1e6, true);
    EXPECT(read_case(&f, "{" MESH "}", &c) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "looks like um");
    tear_down(&f);
}

static void no_memory_is_reported_wherever_it_ends(void)
{
    fixture f = set_up();
    put_x_face(&f, "lv.vtx", 0);
    gm_put(f.folder, "case.json", "{" MESH ", \"endocardium\": {\"lv\": \"lv.vtx\"}}");
    char *path = gm_path_join(f.folder, "case.json");
    gm_status s = GM_ENOMEM;
    for (long n = 0; s != GM_OK && n < 1000; n++) {
        gm_heart_case *c;
        gm_alloc_fail_after(n);
        s = gm_heart_case_read(&c, path, NULL);
        gm_alloc_fail_after(-1);
        if (s != GM_OK && s != GM_ENOMEM) printf("after %ld: %s\n", n, gm_error_text());
        EXPECT(s == GM_OK || (s == GM_ENOMEM && !c));
        gm_heart_case_destroy(c);
    }
    EXPECT(s == GM_OK);
    gm_free(path);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    RUN(the_smallest_case_has_the_documented_defaults);
    RUN(constants_are_read_and_paths_are_relative_to_the_file);
    RUN(the_layer_is_the_tets_that_touch_the_endocardium);
    RUN(the_layer_is_the_tagged_tets_where_a_tag_is_given);
    RUN(a_surface_is_the_same_from_vtx_surf_and_obj);
    RUN(malformed_cases_are_refused_with_file_key_value_and_what_is_allowed);
    RUN(a_mesh_without_fibres_says_what_to_do);
    RUN(a_mesh_in_the_wrong_unit_is_refused);
    RUN(no_memory_is_reported_wherever_it_ends);
    return gm_report();
}
