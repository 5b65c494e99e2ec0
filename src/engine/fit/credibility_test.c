#include "fit/credibility.h"

#include "testing/gm_test.h"

static const char *const analytic[] = {"eikonal_test", NULL};
static gm_factor_record factors[GM_N_FACTORS];
static const gm_validity_range inputs[] = {{"qrs_ms", "ms", 60, 200}, {"edge_mm", "mm", 0.5, 3}};
static const gm_data_record data[] = {{"crtdemo", NULL, "ab12", "CC-BY-4.0"}};

static gm_credibility record(void)
{
    for (int i = 0; i < GM_N_FACTORS; i++)
        factors[i] = (gm_factor_record){(gm_factor)i, 2, 3, analytic};
    return (gm_credibility){.model = "heart.eikonal",
                            .version = "0.1.0",
                            .hash = "00ff",
                            .question = "Where does activation begin?",
                            .context_of_use = "research",
                            .influence = 2,
                            .consequence = 3,
                            .factors = factors,
                            .n_factors = GM_N_FACTORS,
                            .inputs = inputs,
                            .n_inputs = 2,
                            .population = "adults",
                            .numerical_uncertainty = 0.06,
                            .numerical_unit = "ms",
                            .data = data,
                            .n_data = 1,
                            .expires = "2027-06-01"};
}

static void a_whole_record_passes_and_is_written_with_the_agreed_keys(void)
{
    gm_credibility c = record();
    EXPECT(gm_credibility_check(&c) == GM_OK);
    EXPECT(gm_credibility_is_met(&c, NULL));
    EXPECT(gm_credibility_risk(&c) == 4);
    json_t *j = gm_credibility_to_json(&c);
    static const char *const keys[] = {
        "model", "version", "hash",     "question",    "contextOfUse", "influence", "consequence",
        "risk",  "factors", "validity", "uncertainty", "data",         "reviewed",  "expires"};
    EXPECT(json_object_size(j) == sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        EXPECT(json_object_get(j, keys[i]) != NULL);
    EXPECT(json_array_size(json_object_get(j, "factors")) == 13);
    json_t *validity = json_object_get(json_object_get(j, "validity"), "inputs");
    json_t *range = json_object_get(validity, "qrs_ms");
    EXPECT(json_real_value(json_array_get(range, 1)) == 200);
    EXPECT(json_is_null(json_object_get(json_object_get(j, "reviewed"), "by")));
    json_decref(j);
}

static void a_goal_not_reached_or_not_recorded_is_named(void)
{
    gm_credibility c = record();
    gm_factor missing;
    factors[GM_FACTOR_MODEL_FORM].reached = 1;
    EXPECT(!gm_credibility_is_met(&c, &missing) && missing == GM_FACTOR_MODEL_FORM);
    c = record(), c.n_factors = 4;
    EXPECT(!gm_credibility_is_met(&c, &missing) && missing == GM_FACTOR_USE_ERROR);
    EXPECT(!strcmp(gm_factor_name(missing), "use error"));
    EXPECT(gm_factor_name(GM_N_FACTORS) == NULL);
}

static void bad_records_are_refused_by_field(void)
{
    gm_credibility c = record();
    c.hash = "";
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "heart.eikonal: hash is empty");
    c = record(), c.influence = 4;
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
    c = record(), factors[3].evidence = NULL;
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "without evidence");
    c = record(), factors[3].factor = factors[2].factor;
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
    EXPECT_CONTAINS(gm_error_text(), "twice");
    c = record(), factors[5].goal = 9;
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
    c = record(), factors[5].factor = (gm_factor)40;
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
    const gm_validity_range empty = {"x", "1", NAN, 1};
    c = record(), c.inputs = &empty, c.n_inputs = 1;
    EXPECT(gm_credibility_check(&c) == GM_EINVAL);
}

static void expiry_is_told_by_date_only(void)
{
    gm_credibility c = record();
    EXPECT(!gm_credibility_has_expired(&c, "2027-05-31"));
    EXPECT(gm_credibility_has_expired(&c, "2027-06-01"));
    c.expires = "next release";
    EXPECT(!gm_credibility_has_expired(&c, "2099-01-01"));
    c.expires = NULL;
    EXPECT(!gm_credibility_has_expired(&c, "2099-01-01"));
}

static void predictions_carry_where_they_lie_in_the_domain(void)
{
    gm_credibility c = record();
    size_t which;
    EXPECT(gm_validity_of(&c, (double[]){100, 1}, &which) == GM_VALIDITY_INSIDE);
    EXPECT(gm_validity_of(&c, (double[]){100, 2.95}, &which) == GM_VALIDITY_EDGE && which == 1);
    EXPECT(gm_validity_of(&c, (double[]){210, 2.95}, &which) == GM_VALIDITY_OUTSIDE && which == 0);
    EXPECT(gm_validity_of(&c, (double[]){100, NAN}, NULL) == GM_VALIDITY_OUTSIDE);
    c.n_inputs = 0;
    EXPECT(gm_validity_of(&c, NULL, NULL) == GM_VALIDITY_OUTSIDE);
    EXPECT(!strcmp(gm_validity_name(GM_VALIDITY_EDGE), "edge"));
}

int main(int argc, char **argv)
{
    RUN(a_whole_record_passes_and_is_written_with_the_agreed_keys);
    RUN(a_goal_not_reached_or_not_recorded_is_named);
    RUN(bad_records_are_refused_by_field);
    RUN(expiry_is_told_by_date_only);
    RUN(predictions_carry_where_they_lie_in_the_domain);
    return gm_report();
}
