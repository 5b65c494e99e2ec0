/* result.h - what a verb gives back: values, files and views. The program that asked writes and
 * draws them; a verb never prints and never writes.
 *
 * Ownership: everything added is copied or taken over as said; gm_result_destroy() frees all.
 */
#ifndef GM_KIND_RESULT_H
#define GM_KIND_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "core/status.h"
#include "mesh/tetmesh.h"

/* ---- views: what a person looks at; each has a title and a caption (may be "") ------------------ */

typedef enum {
    GM_VIEW_TABLE,   /* cells of text */
    GM_VIEW_SERIES,  /* panels of curves over a common x */
    GM_VIEW_SURFACE, /* triangles with fields, in 3-D */
    GM_VIEW_BARS,    /* named values, with intervals */
    GM_VIEW_DISC     /* a polar map: bull's-eye */
} gm_view_kind;

typedef struct {
    char *label;
    double *y;          /* [n] */
    double *low, *high; /* [n] a band, or NULL */
    bool is_reference;  /* drawn as the measured thing */
} gm_curve;

typedef struct {
    double x;
    char *label;
} gm_mark; /* a vertical line: "QRS on" */

typedef struct {
    char *title; /* "V3" */
    gm_curve *curves;
    size_t n_curves;
    gm_mark *marks;
    size_t n_marks;
} gm_panel;

typedef struct {
    char *name, *unit; /* "activation", "ms" */
    double *values;    /* [n_nodes] */
    bool is_time;      /* the viewer can step through it */
} gm_field;

typedef struct {
    gm_view_kind kind;
    char *title, *caption;
    union {
        struct {
            size_t n_rows, n_columns; /* the first row is the heading */
            char **cells;             /* [n_rows][n_columns] */
        } table;
        struct {
            size_t n, n_panels;
            double *x; /* [n] */
            char *x_unit, *y_unit;
            gm_panel *panels;
            bool is_ecg_paper; /* draw on the grid of clinical paper, 25 mm/s, 10 mm/mV */
        } series;
        struct {
            size_t n_nodes, n_faces, n_fields, n_points;
            float (*nodes_mm)[3];
            int32_t (*faces)[3];
            gm_field *fields;
            float (*points_mm)[3]; /* marked places: early sites, electrodes */
            char **point_labels;
        } surface;
        struct {
            size_t n;
            char **names;
            double *values, *low, *high; /* low, high: NULL if no interval */
            char *unit;
        } bars;
        struct {
            size_t n_rings, n_sectors; /* cells [ring][sector], ring 0 innermost, NaN = no tissue */
            double *values;
            char *unit;
            char *sector_zero; /* what lies at angle 0 = the top; sectors counter-clockwise */
            bool is_time;      /* coloured as time fields are: early bright */
        } disc;
    } as;
} gm_view;

/* ---- files: what a program reads ---------------------------------------------------------------- */

typedef enum {
    GM_FILE_COLUMN, /* one number a line */
    GM_FILE_CSV,    /* header line, then rows */
    GM_FILE_JSON,
    GM_FILE_TEXT,
    GM_FILE_BYTES,    /* as they are */
    GM_FILE_MESH,     /* VTU with fields on nodes and tets */
    GM_FILE_MESH_SET, /* openCARP .pts .elem .lon under this base name */
    GM_FILE_SURFACE   /* .surf: triangles of mesh node numbers */
} gm_file_kind;

typedef struct {
    char *name, *unit;
    size_t n_components; /* 1 or 3 */
    double *values;      /* [n][n_components], n = nodes or tets */
    bool on_tets;
} gm_mesh_field;

typedef struct {
    gm_file_kind kind;
    char *path;       /* relative to the output folder: "ensemble/003/activation_ms.txt" */
    bool is_as_named; /* the caller named the place: path stands as it is, in no output folder */
    union {
        struct {
            double *values;
            size_t n;
            int decimals;
        } column;
        struct {
            char *header; /* "t_ms,I,II" */
            double *values;
            size_t n_rows, n_columns;
            int decimals; /* of all columns but the first; the first is %g */
        } csv;
        json_t *json;
        char *text;
        struct {
            char *data;
            size_t length;
        } bytes;
        struct {
            gm_tetmesh *mesh; /* owned */
            gm_mesh_field *fields;
            size_t n_fields;
        } mesh;
        struct {
            int32_t (*faces)[3];
            size_t n;
        } surface;
    } as;
} gm_file;

/* ---- the result --------------------------------------------------------------------------------- */

typedef struct {
    json_t *values; /* the one JSON document of --json; an object */
    char *title;    /* of the report */
    char *summary;  /* a few lines for a person at a terminal */
    gm_view *views;
    size_t n_views;
    gm_file *files;
    size_t n_files;
    bool files_as_named; /* of the files that are added from now on: see gm_file.is_as_named */
    /* One file to look at that the caller named: .html the report, .svg .pdf .png the first views on
     * ECG paper; NULL: none. */
    char *view_path;
    bool wants_report; /* the program also writes report.html from the views */
    /* What was looked at is not in order: the result is given back all the same, then the program fails
     * with this. NULL: it is. */
    char *objection;
} gm_result;

gm_status gm_result_create(gm_result **out);
void gm_result_destroy(gm_result *r); /* NULL is allowed */

gm_status gm_result_set_title(gm_result *r, const char *title);
/* Sets the objection. */
gm_status gm_result_object(gm_result *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends to the summary. */
gm_status gm_result_say(gm_result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds a zeroed view or file of that kind, titles and path copied, and returns it in *out (valid
 * until the next add) to be filled with gm_calloc()ed arrays and gm_strdup()ed texts, which the
 * result owns from then on. */
gm_status gm_result_add_view(gm_result *r, gm_view_kind kind, const char *title,
                             const char *caption, gm_view **out);
gm_status gm_result_add_file(gm_result *r, gm_file_kind kind, const char *path, gm_file **out);

/* Shorthands that copy what they are given. */
gm_status gm_result_add_column(gm_result *r, const char *path, const double *values, size_t n,
                               int decimals);
gm_status gm_result_add_csv(gm_result *r, const char *path, const char *header,
                            const double *values, size_t n_rows, size_t n_columns, int decimals);
/* data is taken over, also after a failure. */
gm_status gm_result_add_bytes(gm_result *r, const char *path, char *data, size_t length);
gm_status gm_result_add_json(gm_result *r, const char *path, json_t *taken);
/* cells: n_rows * n_columns strings, copied. */
gm_status gm_result_add_table(gm_result *r, const char *title, const char *caption, size_t n_rows,
                              size_t n_columns, const char *const cells[]);

#endif
