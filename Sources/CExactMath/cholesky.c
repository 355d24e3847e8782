// Cholesky factorisation and triangular solves in float64. Every dot product runs in eight lanes
// over ascending columns, so the result has one value.
#include "internal.h"

XM_INLINE double dot(const double *a, const double *b, size_t count) {
    double s[8] = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t l = 0; l < 8; l++) s[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i + l < count; l++) s[l] += a[i + l] * b[i + l];
    return xm_join(s);
}

static xm_status check_finite(const double *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if ((xm_bits(x[i]) & 0x7ff0000000000000u) == 0x7ff0000000000000u) return XM_NOT_FINITE;
    return XM_OK;
}

XM_KERNEL static xm_status factor(double *a, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (size_t j = 0; j < i; j++) {
            const double *other = a + j * n;
            row[j] = (row[j] - dot(row, other, j)) / other[j];
        }
        double pivot = row[i] - dot(row, row, i);
        if (!(pivot > 0.0)) return XM_NOT_POSITIVE;
        row[i] = __builtin_sqrt(pivot);
        for (size_t j = i + 1; j < n; j++) row[j] = 0.0;
    }
    return XM_OK;
}

xm_status xm_cholesky(double *a, size_t n) {
    XM_TRY(check_finite(a, n * n));
    XM_TRY(factor(a, n));
    return check_finite(a, n * n);
}

XM_KERNEL static void solve_row(const double *l, size_t n, double *x) {
    for (size_t i = 0; i < n; i++) x[i] = (x[i] - dot(l + i * n, x, i)) / l[i * n + i];
    // Column-wise from the end, so that rows of L are read in order of memory.
    for (size_t i = n; i-- > 0;) {
        x[i] = x[i] / l[i * n + i];
        for (size_t j = 0; j < i; j++) x[j] = x[j] - l[i * n + j] * x[i];
    }
}

xm_status xm_cholesky_solve(const double *l, size_t n, double *x, size_t rows) {
    XM_TRY(check_finite(x, rows * n));
    for (size_t r = 0; r < rows; r++) solve_row(l, n, x + r * n);
    return check_finite(x, rows * n);
}
