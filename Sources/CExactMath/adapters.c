// Sums of a matrix and a low-rank product, element by element in float64: w + scale * sum over r of
// b[o, r] * a[r, i], r ascending. Sums over a row run in eight lanes as in layers.c.
#include "include/decoder.h"
#include "internal.h"

// Eight neighbouring elements of one row; `count` of them exist.
XM_INLINE void sum_block(const float *w, double w_scale, const float *b, const float *a,
                         double scale, size_t columns, size_t rank, size_t count, double out[8]) {
    double product[8] = {0};
    for (size_t r = 0; r < rank; r++)
        for (size_t l = 0; l < count; l++)
            product[l] += (double)b[r] * (double)a[r * columns + l];
    for (size_t l = 0; l < count; l++) out[l] = (double)w[l] * w_scale + scale * product[l];
}

XM_INLINE double sum_norm(const float *w, double w_scale, const float *b, const float *a,
                          double scale, size_t columns, size_t rank) {
    double s[8] = {0}, v[8];
    for (size_t c = 0; c < columns; c += 8) {
        size_t count = columns - c < 8 ? columns - c : 8;
        sum_block(w + c, w_scale, b, a + c, scale, columns, rank, count, v);
        for (size_t l = 0; l < count; l++) s[l] += v[l] * v[l];
    }
    return __builtin_sqrt(xm_join(s));
}

XM_KERNEL static void sum_norms(const float *q, const int32_t *e, const float *b, const float *a,
                                double scale, size_t rows, size_t columns, size_t rank,
                                double *norms) {
    for (size_t r = 0; r < rows; r++)
        norms[r] = sum_norm(q + r * columns, xm_power_of_two(e[r] - XM_BITS), b + r * rank, a,
                            scale, columns, rank);
}

xm_status xm_sum_norms(const float *q, const int32_t *e, const float *b, const float *a,
                       float scale, size_t rows, size_t columns, size_t rank, double *norms) {
    sum_norms(q, e, b, a, (double)scale, rows, columns, rank, norms);
    for (size_t r = 0; r < rows; r++)
        if (!(norms[r] > 0.0)) return XM_NOT_POSITIVE;
    return XM_OK;
}

XM_KERNEL static xm_status merge(float *w, const float *b, const float *a, double scale,
                                 const float *magnitude, size_t rows, size_t columns, size_t rank) {
    for (size_t r = 0; r < rows; r++) {
        float *row = w + r * columns;
        const float *own = b + r * rank;
        double stretch = 1.0, v[8];
        if (magnitude != NULL) {
            double norm = sum_norm(row, 1.0, own, a, scale, columns, rank);
            if (!(norm > 0.0)) return XM_NOT_POSITIVE;
            stretch = (double)magnitude[r] / norm;
        }
        for (size_t c = 0; c < columns; c += 8) {
            size_t count = columns - c < 8 ? columns - c : 8;
            sum_block(row + c, 1.0, own, a + c, scale, columns, rank, count, v);
            for (size_t l = 0; l < count; l++) row[c + l] = (float)(v[l] * stretch);
        }
    }
    return XM_OK;
}

xm_status xm_merge(float *w, const float *b, const float *a, float scale, const float *magnitude,
                   size_t rows, size_t columns, size_t rank) {
    XM_TRY(merge(w, b, a, (double)scale, magnitude, rows, columns, rank));
    return xm_check_finite(w, rows * columns);
}

XM_KERNEL static void scale_columns(float *y, const float *factors, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) y[r * columns + c] = y[r * columns + c] * factors[c];
}

xm_status xm_scale_columns(float *y, const float *factors, size_t rows, size_t columns) {
    scale_columns(y, factors, rows, columns);
    return xm_check_finite(y, rows * columns);
}
