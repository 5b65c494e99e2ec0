#include "info/dtdl/dom.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "info/dtdl/arena.h"

enum { DEEPEST = 128 };

struct gm_dom_document {
    gm_arena arena;
    gm_dom root;
};

typedef struct {
    gm_dom_document *d;
    const char *at, *end;
    int line, depth;
    gm_dom *stack; /* [n_stack] children of what is not closed yet */
    size_t n_stack, most_stack;
} reader;

static gm_status fail(const reader *r, const char *what)
{
    return gm_fail(GM_EFORMAT, "line %d: %s", r->line, what);
}

static void skip_blanks(reader *r)
{
    for (; r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at; r->at++)
        r->line += *r->at == '\n';
}

/* ---- strings ------------------------------------------------------------------------------------ */

static int hex4(const char *at, const char *end)
{
    int v = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) return -1;
        v = 16 * v + d;
    }
    return v;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) return out[0] = (char)c, 1;
    if (c < 0x800) return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63));
        return out[2] = (char)(0x80 | (c & 63)), 3;
    }
    out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    return out[3] = (char)(0x80 | (c & 63)), 4;
}

/* After "\u": one code point, of a surrogate pair both halves. */
static gm_status read_unicode(reader *r, char *out, size_t *n)
{
    int c = hex4(r->at, r->end);
    if (c < 0) return fail(r, "\\u wants four hexadecimal digits");
    r->at += 4;
    if (c >= 0xD800 && c < 0xDC00) {
        int low = r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u'
                      ? hex4(r->at + 2, r->end)
                      : -1;
        if (low < 0xDC00 || low > 0xDFFF) return fail(r, "half a surrogate pair");
        r->at += 6;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c < 0xE000) {
        return fail(r, "half a surrogate pair");
    }
    if (c == 0) return fail(r, "a text may not hold \\u0000");
    *n += put_utf8(out + *n, (uint32_t)c);
    return GM_OK;
}

static gm_status read_escape(reader *r, char *out, size_t *n)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return fail(r, "a text that does not end");
    char c = *r->at++;
    if (c == 'u') return read_unicode(r, out, n);
    const char *k = c ? strchr(names, c) : NULL;
    if (!k) return fail(r, "an unknown escape in a text");
    out[(*n)++] = values[k - names];
    return GM_OK;
}

/* At the opening quote. A text never gets longer by its escapes. */
static gm_status read_string(reader *r, const char **text, size_t *length)
{
    const char *stop = ++r->at;
    while (stop < r->end && *stop != '"')
        stop += *stop == '\\' && stop + 1 < r->end ? 2 : 1;
    if (stop >= r->end) return fail(r, "a text that does not end");
    char *out = gm_arena_take(&r->d->arena, (size_t)(stop - r->at) + 1);
    size_t n = 0;
    if (!out) return gm_fail(GM_ENOMEM, "no memory for a text");
    while (*r->at != '"') {
        if ((unsigned char)*r->at < 0x20) return fail(r, "a control character in a text");
        if (*r->at != '\\') {
            out[n++] = *r->at++;
        } else {
            r->at++;
            GM_TRY(read_escape(r, out, &n));
        }
        if (r->at >= r->end) return fail(r, "a text that does not end");
    }
    r->at++;
    *text = out, *length = n;
    return GM_OK;
}

/* ---- values ------------------------------------------------------------------------------------- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static gm_status read_number(reader *r, gm_dom *v)
{
    const char *from = r->at, *at = from + (*from == '-'), *digits = at;
    at = skip_digits(at, r->end);
    bool good = at > digits && !(*digits == '0' && at > digits + 1);
    if (good && at < r->end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, r->end);
        good = at > digits;
    }
    if (good && at < r->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < r->end && (*at == '+' || *at == '-')) at++;
        digits = at;
        at = skip_digits(at, r->end);
        good = at > digits;
    }
    if (!good) return fail(r, "not a number");
    v->type = GM_DOM_NUMBER;
    v->length = (size_t)(at - from);
    v->text = gm_arena_text(&r->d->arena, from, v->length);
    r->at = at;
    return v->text ? GM_OK : gm_fail(GM_ENOMEM, "no memory for a number");
}

static bool take_word(reader *r, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

static gm_status read_value(reader *r, gm_dom *v);

static gm_status push(reader *r, const gm_dom *v)
{
    if (r->n_stack == r->most_stack) {
        size_t most = r->most_stack ? 2 * r->most_stack : 64;
        gm_dom *more = gm_realloc(r->stack, most, sizeof *more);
        if (!more) return gm_fail(GM_ENOMEM, "no memory for %zu values", most);
        r->stack = more, r->most_stack = most;
    }
    r->stack[r->n_stack++] = *v;
    return GM_OK;
}

static gm_status read_member(reader *r, bool is_object)
{
    gm_dom child = {0};
    size_t length;
    const char *key = NULL;
    skip_blanks(r);
    int line = r->line;
    if (is_object) {
        if (r->at == r->end || *r->at != '"') return fail(r, "the name of a member is expected");
        GM_TRY(read_string(r, &key, &length));
        skip_blanks(r);
        if (r->at == r->end || *r->at != ':') return fail(r, "a colon is expected");
        r->at++;
        skip_blanks(r);
    }
    GM_TRY(read_value(r, &child));
    child.key = key, child.line = line;
    return push(r, &child);
}

static gm_status read_children(reader *r, gm_dom *v, bool is_object)
{
    char close = is_object ? '}' : ']';
    size_t first = r->n_stack;
    v->type = is_object ? GM_DOM_OBJECT : GM_DOM_ARRAY;
    if (++r->depth > DEEPEST) return fail(r, "nested deeper than 128 levels");
    r->at++;
    skip_blanks(r);
    bool is_empty = r->at < r->end && *r->at == close;
    while (!is_empty) {
        GM_TRY(read_member(r, is_object));
        skip_blanks(r);
        if (r->at == r->end || (*r->at != ',' && *r->at != close))
            return fail(r, is_object ? "a comma or } is expected" : "a comma or ] is expected");
        if (*r->at == close) break;
        r->at++;
    }
    r->at++;
    r->depth--;
    v->n = r->n_stack - first;
    v->children = gm_arena_take(&r->d->arena, v->n * sizeof *v->children + 1);
    if (!v->children) return gm_fail(GM_ENOMEM, "no memory for %zu values", v->n);
    if (v->n) memcpy(v->children, r->stack + first, v->n * sizeof *v->children);
    r->n_stack = first;
    return GM_OK;
}

static gm_status read_value(reader *r, gm_dom *v)
{
    skip_blanks(r);
    if (r->at == r->end) return fail(r, "a value is expected");
    v->line = r->line;
    gm_status s = GM_OK;
    switch (*r->at) {
    case '{': s = read_children(r, v, true); break;
    case '[': s = read_children(r, v, false); break;
    case '"': v->type = GM_DOM_STRING, s = read_string(r, &v->text, &v->length); break;
    default:
        if (take_word(r, "null"))
            v->type = GM_DOM_NULL;
        else if (take_word(r, "true"))
            v->type = GM_DOM_TRUE;
        else if (take_word(r, "false"))
            v->type = GM_DOM_FALSE;
        else
            s = read_number(r, v);
    }
    v->end_line = r->line;
    return s;
}

gm_status gm_dom_parse(gm_dom_document **out, const char *text, size_t length)
{
    *out = NULL;
    gm_dom_document *d = gm_calloc(1, sizeof *d);
    if (!d) return gm_fail(GM_ENOMEM, "no memory for a document");
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3, length -= 3;
    reader r = {.d = d, .at = text, .end = text + length, .line = 1};
    gm_status s = read_value(&r, &d->root);
    skip_blanks(&r);
    if (s == GM_OK && r.at != r.end) s = fail(&r, "something stands behind the document");
    gm_free(r.stack);
    if (s != GM_OK) {
        gm_dom_destroy(d);
        return s;
    }
    *out = d;
    return GM_OK;
}

void gm_dom_destroy(gm_dom_document *d)
{
    if (!d) return;
    gm_arena_clear(&d->arena);
    gm_free(d);
}

gm_dom *gm_dom_root(gm_dom_document *d)
{
    return &d->root;
}

const gm_dom *gm_dom_member(const gm_dom *object, const char *key)
{
    for (size_t i = 0; object && object->type == GM_DOM_OBJECT && i < object->n; i++)
        if (strcmp(object->children[i].key, key) == 0) return &object->children[i];
    return NULL;
}

/* ---- lines as printed --------------------------------------------------------------------------- */

static size_t printed_text(const char *text, size_t n)
{
    size_t length = 2;
    for (size_t i = 0; i < n; i++)
        length += strchr("\"\\\b\f\n\r\t", text[i]) && text[i] ? 2 : 1;
    return length;
}

static size_t renumber(gm_dom *v, int *line, int depth)
{
    size_t length = 0;
    v->line = *line;
    if (v->key) length += printed_text(v->key, strlen(v->key)) + 2;
    switch (v->type) {
    case GM_DOM_NULL:
    case GM_DOM_TRUE: length += 4; break;
    case GM_DOM_FALSE: length += 5; break;
    case GM_DOM_NUMBER: length += v->length; break;
    case GM_DOM_STRING: length += printed_text(v->text, v->length); break;
    default:
        length += 2;
        for (size_t i = 0; i < v->n; i++) {
            ++*line;
            length += 1 + 2 * (size_t)(depth + 1) + (i > 0);
            length += renumber(&v->children[i], line, depth + 1);
        }
        if (v->n) ++*line, length += 1 + 2 * (size_t)depth;
    }
    v->end_line = *line;
    return length;
}

size_t gm_dom_renumber(gm_dom *node, int line)
{
    return renumber(node, &line, 0);
}

double gm_dom_number(const gm_dom *node)
{
    return node->type == GM_DOM_NUMBER ? strtod(node->text, NULL) : NAN;
}

bool gm_dom_is_integer(const gm_dom *node)
{
    return node->type == GM_DOM_NUMBER && !strpbrk(node->text, ".eE");
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void write_string(gm_text *out, const char *text, size_t length)
{
    gm_text_add(out, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            gm_text_addf(out, "\\%c", c);
        else if (c < 0x20)
            gm_text_addf(out, "\\u%04x", c);
        else
            gm_text_add_bytes(out, &text[i], 1);
    }
    gm_text_add(out, "\"");
}

static void start_line(int depth, gm_text *out)
{
    if (depth < 0) return;
    gm_text_add(out, "\n");
    for (int i = 0; i < depth; i++)
        gm_text_add(out, "  ");
}

static void write_children(const gm_dom *v, int depth, gm_text *out)
{
    int inner = depth < 0 ? depth : depth + 1;
    for (size_t i = 0; i < v->n; i++) {
        if (i) gm_text_add(out, ",");
        start_line(inner, out);
        if (v->type == GM_DOM_OBJECT) {
            write_string(out, v->children[i].key, strlen(v->children[i].key));
            gm_text_add(out, depth < 0 ? ":" : ": ");
        }
        gm_dom_write(&v->children[i], inner, out);
    }
    if (v->n) start_line(depth, out);
}

void gm_dom_write(const gm_dom *v, int depth, gm_text *out)
{
    switch (v->type) {
    case GM_DOM_NULL: gm_text_add(out, "null"); return;
    case GM_DOM_FALSE: gm_text_add(out, "false"); return;
    case GM_DOM_TRUE: gm_text_add(out, "true"); return;
    case GM_DOM_NUMBER: gm_text_add(out, v->text); return;
    case GM_DOM_STRING: write_string(out, v->text, v->length); return;
    case GM_DOM_ARRAY:
    case GM_DOM_OBJECT: break;
    }
    gm_text_add(out, v->type == GM_DOM_ARRAY ? "[" : "{");
    write_children(v, depth, out);
    gm_text_add(out, v->type == GM_DOM_ARRAY ? "]" : "}");
}
