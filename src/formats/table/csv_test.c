#include "table/csv.h"

#include "core/alloc.h"
#include "testing/gm_test.h"

static gm_csv *parsed(const char *text, const gm_csv_options *o)
{
    gm_csv *t;
    gm_status s = gm_csv_parse(&t, text, strlen(text), "t.csv", o);
    EXPECT(s == GM_OK);
    if (s != GM_OK) printf("  %s\n", gm_error_text());
    return t;
}

#define EXPECT_CELL(t, row, column, text) EXPECT(strcmp(gm_csv_cell(t, row, column), text) == 0)

static void quotes_hold_separators_newlines_and_quotes(void)
{
    gm_csv *t = parsed("name,x\r\n\"a, \"\"b\"\"\r\nsecond\",1.5\r\n\"\",\r\n", NULL);
    if (!t) return;
    EXPECT(gm_csv_n_rows(t) == 3);
    EXPECT_CELL(t, 1, 0, "a, \"b\"\r\nsecond");
    EXPECT_CELL(t, 1, 1, "1.5");
    EXPECT_CELL(t, 2, 0, "");
    EXPECT_CELL(t, 2, 1, "");
    EXPECT_CELL(t, 7, 7, "");
    EXPECT(gm_csv_line(t, 1) == 2 && gm_csv_line(t, 2) == 4);
    double x;
    EXPECT(gm_csv_real(t, 1, 1, "x in mm", &x) == GM_OK && x == 1.5);
    gm_csv_destroy(t);
}

static void separators_are_found_by_counting(void)
{
    gm_csv *t = parsed("\"a,b,c\";d\n1;2\n", NULL);
    EXPECT(t && gm_csv_n_cells(t, 0) == 2 && gm_csv_n_cells(t, 1) == 2);
    gm_csv_destroy(t);
    t = parsed("a\tb, c\td\r1\t2\t3\r", NULL);
    EXPECT(t && gm_csv_n_cells(t, 0) == 3 && gm_csv_n_rows(t) == 2);
    gm_csv_destroy(t);
    t = parsed("alone", NULL);
    EXPECT(t && gm_csv_n_cells(t, 0) == 1 && gm_csv_n_rows(t) == 1);
    gm_csv_destroy(t);
}

static void comments_blank_lines_and_a_byte_order_mark_are_no_rows(void)
{
    gm_csv *t = parsed("\xef\xbb\xbf# rate_hz: 500 \n\n Name ,x\n#second\na,1", NULL);
    if (!t) return;
    EXPECT(gm_csv_n_rows(t) == 2 && gm_csv_n_comments(t) == 2);
    EXPECT(strcmp(gm_csv_comment(t, 0), "rate_hz: 500") == 0);
    EXPECT(strcmp(gm_csv_comment(t, 1), "second") == 0);
    EXPECT(gm_csv_column(t, "name") == 0 && gm_csv_column(t, "X") == 1);
    EXPECT(gm_csv_column(t, "nam") == -1);
    EXPECT(gm_csv_line(t, 1) == 5);
    gm_csv_destroy(t);
}

static void a_real_table_with_newlines_in_cells_is_read(void)
{
    NEED_DATA(GM_SHARED_DIR "/data/ecg/ludb/ludb.csv");
    gm_csv *t;
    EXPECT(gm_csv_read(&t, GM_SHARED_DIR "/data/ecg/ludb/ludb.csv", NULL) == GM_OK);
    if (!t) return;
    EXPECT(gm_csv_n_rows(t) == 141); /* a heading and records 1-140 */
    EXPECT(strtol(gm_csv_cell(t, 140, 0), NULL, 10) == 140);
    gm_csv_destroy(t);
}

static void malformed_tables_are_refused_with_their_line(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "t.csv:1: the table has no row"},
        {"# only\n\n", "t.csv:3: the table has no row"},
        {"a,b\n1\n", "t.csv:2: 1 cells, but the first row has 2"},
        {"a,b\n1,2,3\n", "t.csv:2: 3 cells, but the first row has 2"},
        {"a,b\n1,\"x\n\n", "t.csv:2: this cell's opening quote is never closed"},
        {"a,b\n\"x\"y,2\n", "t.csv:2: text after the closing quote"},
        {"a,b\n5\" pipe,2\n", "t.csv:2: a quote inside a cell"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gm_csv *t;
        EXPECT(gm_csv_parse(&t, cases[i].text, strlen(cases[i].text), "t.csv", NULL) == GM_EFORMAT);
        EXPECT(!t);
        EXPECT_CONTAINS(gm_error_text(), cases[i].says);
    }
    gm_csv *t;
    EXPECT(gm_csv_parse(&t, "a\0b", 3, "t.csv", NULL) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "byte 1 is NUL");
    EXPECT(gm_csv_read(&t, "/nowhere/t.csv", NULL) == GM_ENOTFOUND);
}

static void limits_are_kept(void)
{
    gm_csv_options o = gm_csv_options_defaults();
    o.max_rows = 2;
    o.max_columns = 3;
    gm_csv *t;
    EXPECT(gm_csv_parse(&t, "a\nb\nc\n", 6, "t.csv", &o) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "t.csv:3: more than the 2 rows allowed");
    EXPECT(gm_csv_parse(&t, "a,b,c,d\n", 8, "t.csv", &o) == GM_EFORMAT);
    EXPECT_CONTAINS(gm_error_text(), "t.csv:1: more than the 3 columns allowed");
    o.ragged = true;
    t = parsed("a,b\nc\n", &o);
    EXPECT(t && gm_csv_n_cells(t, 1) == 1);
    gm_csv_destroy(t);
}

static void what_is_no_finite_number_is_refused(void)
{
    gm_csv *t = parsed("a,b,c,d,e\nnan,1e999,,\"1,5\",0x\n", NULL);
    double x = 7;
    for (size_t c = 0; t && c < 5; c++) {
        EXPECT(gm_csv_real(t, 1, c, "x in mm", &x) == GM_EFORMAT && x == 7);
        EXPECT_CONTAINS(gm_error_text(), "t.csv:2: column ");
        EXPECT_CONTAINS(gm_error_text(), "expected x in mm");
    }
    gm_csv_destroy(t);
}

static void without_memory_it_fails_cleanly(void)
{
    for (long after = 0; after < 6; after++) {
        gm_csv *t;
        gm_alloc_fail_after(after);
        gm_status s = gm_csv_parse(&t, "a,b\n", 4, "t.csv", NULL);
        gm_alloc_fail_after(-1);
        EXPECT(s == GM_ENOMEM && !t);
    }
}

int main(int argc, char **argv)
{
    RUN(quotes_hold_separators_newlines_and_quotes);
    RUN(separators_are_found_by_counting);
    RUN(comments_blank_lines_and_a_byte_order_mark_are_no_rows);
    RUN(a_real_table_with_newlines_in_cells_is_read);
    RUN(malformed_tables_are_refused_with_their_line);
    RUN(limits_are_kept);
    RUN(what_is_no_finite_number_is_refused);
    RUN(without_memory_it_fails_cleanly);
    return gm_report();
}
