#include "registry/registry.h"

#include "testing/gm_test.h"

static void every_verb_is_complete_and_found_by_its_name(void)
{
    size_t n = 0;
    for (const gm_kind *const *k = gm_kinds(); *k; k++) {
        EXPECT(gm_kind_find((*k)->id) == *k);
        for (const gm_verb *v = (*k)->verbs; v->name; v++, n++) {
            EXPECT(gm_verb_find(v->noun, v->name) == v); /* also: no name twice */
            EXPECT(v->run && v->options && v->words && v->min_words <= v->max_words);
            EXPECT(v->help && strlen(v->help) > 10 && strlen(v->help) <= 80);
            EXPECT(v->description && strlen(v->description) > 40);
        }
    }
    EXPECT(n >= 1);
}

static void every_option_says_what_it_takes(void)
{
    for (const gm_kind *const *k = gm_kinds(); *k; k++)
        for (const gm_verb *v = (*k)->verbs; v->name; v++)
            for (const gm_option *o = v->options; o->name; o++) {
                EXPECT(o->help && *o->help);
                EXPECT((o->type == GM_ARG_FLAG) == !o->value);
                EXPECT(o->min <= o->max);
            }
}

static void an_unknown_name_finds_nothing(void)
{
    EXPECT(!gm_kind_find("spleen"));
    EXPECT(!gm_verb_find("ecg", "sing"));
    EXPECT(!gm_verb_find("sing", "measure"));
}

int main(int argc, char **argv)
{
    RUN(every_verb_is_complete_and_found_by_its_name);
    RUN(every_option_says_what_it_takes);
    RUN(an_unknown_name_finds_nothing);
    return gm_report();
}
