#include "geometry/obj.h"

#include <ctype.h>
#include <string.h>

#include "geometry/numbers.h"
#include "mesh/surface.h"

static const char *const skipped[] = {"vn", "vt", "vp",     "g",      "o", "s",
                                      "l",  "p",  "usemtl", "mtllib", NULL};

typedef struct {
    size_t n_nodes, n_faces;
} counts;

static gm_scanner scanner_over(const gm_bytes *b)
{
    gm_scanner s = gm_scanner_over(b->data, b->length, b->name);
    s.comment = '#';
    return s;
}

static void skip_line(gm_scanner *s)
{
    while (s->at < s->end && *s->at != '\n')
        s->at++;
}

static bool is_word(const char *word, size_t n, const char *expected)
{
    return n == strlen(expected) && memcmp(word, expected, n) == 0;
}

static bool is_skipped(const char *word, size_t n)
{
    for (int i = 0; skipped[i]; i++)
        if (is_word(word, n, skipped[i])) return true;
    return false;
}

/* First pass: how many vertices and triangles there are; refuses unknown keywords. */
static gm_status count_items(gm_scanner s, counts *out)
{
    const char *word;
    size_t n;
    *out = (counts){0};
    while (gm_scan_word(&s, &word, &n)) {
        if (is_word(word, n, "v")) {
            out->n_nodes++;
        } else if (is_word(word, n, "f")) {
            size_t corners = 0;
            for (; gm_number_more_on_line(&s); corners++)
                gm_scan_word(&s, &word, &n);
            if (corners < 3)
                return gm_scan_fail(&s, "a face of %zu vertices, allowed are 3 and more", corners);
            out->n_faces += corners - 2;
        } else if (!is_skipped(word, n)) {
            return gm_scan_fail(&s, "unknown keyword \"%.*s\" in an OBJ file",
                                (int)(n < 20 ? n : 20), word);
        }
        skip_line(&s);
    }
    return GM_OK;
}

/* "7", "7/1", "7/1/3", "7//3", "-1": the vertex only. */
static gm_status scan_corner(gm_scanner *s, size_t n_before, int32_t *node)
{
    const char *word;
    size_t n;
    if (!gm_scan_word(s, &word, &n)) return gm_scan_fail(s, "a face ends too early");
    const char *slash = memchr(word, '/', n);
    gm_scanner number = gm_scanner_over(word, slash ? (size_t)(slash - word) : n, s->name);
    number.line = s->line;
    GM_TRY(gm_number_int(&number, node, "a vertex number"));
    if (*node < 0)
        *node += (int32_t)n_before;
    else
        *node -= 1;
    return GM_OK;
}

static gm_status scan_face(gm_scanner *s, size_t n_before, int32_t (*faces)[3], size_t *n_faces)
{
    int32_t first, last, next;
    GM_TRY(scan_corner(s, n_before, &first));
    GM_TRY(scan_corner(s, n_before, &last));
    while (gm_number_more_on_line(s)) {
        GM_TRY(scan_corner(s, n_before, &next));
        int32_t *f = faces[(*n_faces)++];
        f[0] = first, f[1] = last, f[2] = next;
        last = next;
    }
    return GM_OK;
}

static gm_status fill(gm_scanner s, gm_surface *surface)
{
    const char *word;
    size_t n, n_nodes = 0, n_faces = 0;
    while (gm_scan_word(&s, &word, &n)) {
        if (is_word(word, n, "v"))
            GM_TRY(gm_number_reals(&s, 0, surface->nodes_mm[n_nodes++], 3, "a coordinate in mm"));
        else if (is_word(word, n, "f"))
            GM_TRY(scan_face(&s, n_nodes, surface->faces, &n_faces));
        skip_line(&s);
    }
    return GM_OK;
}

gm_status gm_obj_parse(gm_surface **out, const gm_bytes *obj)
{
    *out = NULL;
    counts n;
    gm_surface *surface;
    GM_TRY(count_items(scanner_over(obj), &n));
    if (n.n_nodes > INT32_MAX || n.n_faces > INT32_MAX)
        return gm_fail(GM_EFORMAT, "%s: %zu vertices and %zu triangles are too many", obj->name,
                       n.n_nodes, n.n_faces);
    GM_TRY(gm_surface_create(&surface, n.n_nodes, n.n_faces));
    gm_status s = fill(scanner_over(obj), surface);
    if (s == GM_OK) s = gm_surface_check(surface, obj->name);
    if (s == GM_OK)
        *out = surface;
    else
        gm_surface_destroy(surface);
    return s;
}
