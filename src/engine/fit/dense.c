#include "fit/dense.h"

#include <math.h>
#include <string.h>

/* Four rows at a time: one pass over the Gram matrix for four of J. */
static void add_four_rows(size_t n, const double *j, const double *r, double scale, double *gram,
                          double *gradient)
{
    const double *j0 = j, *j1 = j + n, *j2 = j + 2 * n, *j3 = j + 3 * n;
    for (size_t a = 0; a < n; a++) {
        double w0 = scale * j0[a], w1 = scale * j1[a], w2 = scale * j2[a], w3 = scale * j3[a];
        double *row = gram + a * n;
        for (size_t b = 0; b <= a; b++)
            row[b] += (w0 * j0[b] + w1 * j1[b]) + (w2 * j2[b] + w3 * j3[b]);
        gradient[a] += (w0 * r[0] + w1 * r[1]) + (w2 * r[2] + w3 * r[3]);
    }
}

static void add_one_row(size_t n, const double *j, double r, double scale, double *gram,
                        double *gradient)
{
    for (size_t a = 0; a < n; a++) {
        double w = scale * j[a];
        for (size_t b = 0; b <= a; b++)
            gram[a * n + b] += w * j[b];
        gradient[a] += w * r;
    }
}

void gm_dense_add_gram(size_t n_rows, size_t n, const double *j, const double *r, double scale,
                       double *gram, double *gradient)
{
    size_t i = 0;
    for (; i + 4 <= n_rows; i += 4)
        add_four_rows(n, j + i * n, r + i, scale, gram, gradient);
    for (; i < n_rows; i++)
        add_one_row(n, j + i * n, r[i], scale, gram, gradient);
    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++)
            gram[a * n + b] = gram[b * n + a];
}

bool gm_dense_cholesky(size_t n, double *a)
{
    for (size_t j = 0; j < n; j++) {
        double d = a[j * n + j];
        for (size_t k = 0; k < j; k++)
            d -= a[j * n + k] * a[j * n + k];
        if (!(d > 0 && isfinite(d))) return false;
        d = sqrt(d);
        a[j * n + j] = d;
        for (size_t i = j + 1; i < n; i++) {
            double s = a[i * n + j];
            for (size_t k = 0; k < j; k++)
                s -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = s / d;
        }
    }
    return true;
}

void gm_dense_solve_lower(size_t n, const double *l, double *b)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i * n + k] * b[k];
        b[i] /= l[i * n + i];
    }
}

void gm_dense_solve_lower_transposed(size_t n, const double *l, double *b)
{
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= l[k * n + i] * b[k];
        b[i] /= l[i * n + i];
    }
}

void gm_dense_multiply_symmetric(size_t n, const double *a, const double *x, double *ax)
{
    for (size_t i = 0; i < n; i++) {
        ax[i] = 0;
        for (size_t k = 0; k < n; k++)
            ax[i] += a[i * n + k] * x[k];
    }
}

/* ---- eigenvalues -------------------------------------------------------------------------------- */

enum { MOST_SWEEPS = 60 };

/* Turns rows and columns p and q so that a[p][q] becomes 0 (Golub & Van Loan, algorithm 8.5.1). */
static void rotate(size_t n, double *a, double *vectors, size_t p, size_t q)
{
    double apq = a[p * n + q];
    if (apq == 0) return;
    double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    double t = (tau >= 0 ? 1.0 : -1.0) / (fabs(tau) + sqrt(1 + tau * tau));
    double c = 1 / sqrt(1 + t * t), s = t * c;
    for (size_t k = 0; k < n; k++) { /* columns */
        double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (size_t k = 0; k < n; k++) { /* rows */
        double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        double vp = vectors[p * n + k], vq = vectors[q * n + k];
        vectors[p * n + k] = c * vp - s * vq;
        vectors[q * n + k] = s * vp + c * vq;
    }
    a[p * n + q] = a[q * n + p] = 0;
}

static double off_diagonal(size_t n, const double *a)
{
    double largest = 0;
    for (size_t p = 0; p < n; p++)
        for (size_t q = p + 1; q < n; q++) {
            double size = sqrt(fabs(a[p * n + p] * a[q * n + q]));
            double v = fabs(a[p * n + q]) / (size > 0 ? size : 1);
            if (v > largest) largest = v;
        }
    return largest;
}

static void swap_rows(size_t n, double *values, double *vectors, size_t i, size_t k)
{
    double v = values[i];
    values[i] = values[k], values[k] = v;
    for (size_t c = 0; c < n; c++) {
        double x = vectors[i * n + c];
        vectors[i * n + c] = vectors[k * n + c], vectors[k * n + c] = x;
    }
}

static void sort_ascending(size_t n, double *values, double *vectors)
{
    for (size_t i = 0; i < n; i++) {
        size_t least = i;
        for (size_t k = i + 1; k < n; k++)
            if (values[k] < values[least]) least = k;
        if (least != i) swap_rows(n, values, vectors, i, least);
    }
}

static void point_largest_up(size_t n, double *v)
{
    size_t largest = 0;
    for (size_t k = 1; k < n; k++)
        if (fabs(v[k]) > fabs(v[largest])) largest = k;
    if (v[largest] < 0)
        for (size_t k = 0; k < n; k++)
            v[k] = -v[k];
}

void gm_dense_eigen(size_t n, double *a, double *values, double *vectors)
{
    memset(vectors, 0, n * n * sizeof *vectors);
    for (size_t i = 0; i < n; i++)
        vectors[i * n + i] = 1;
    for (int sweep = 0; sweep < MOST_SWEEPS && off_diagonal(n, a) > 1e-15; sweep++)
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++)
                rotate(n, a, vectors, p, q);
    for (size_t i = 0; i < n; i++)
        values[i] = a[i * n + i];
    sort_ascending(n, values, vectors);
    for (size_t i = 0; i < n; i++)
        point_largest_up(n, vectors + i * n);
}
