// Fixed-point rows, and exact sums over them.
#include "internal.h"

static double row_value(const void *x, bool wide, size_t index) {
    return wide ? ((const double *)x)[index] : (double)((const float *)x)[index];
}

static xm_status quantize_rows(const void *x, bool wide, size_t rows, size_t columns, int bits,
                               int32_t *q, int32_t *e) {
    if (bits < 2 || bits > 24) return XM_OUT_OF_RANGE;
    double limit = (double)((1 << (bits - 1)) - 1);
    for (size_t r = 0; r < rows; r++) {
        uint64_t largest = 0;
        for (size_t c = 0; c < columns; c++) {
            uint64_t magnitude = xm_bits(row_value(x, wide, r * columns + c)) & INT64_MAX;
            largest = magnitude > largest ? magnitude : largest;
        }
        if (largest >= 0x7ff0000000000000u) return XM_NOT_FINITE;
        e[r] = largest == 0 ? 0 : xm_exponent(xm_from_bits(largest));
        if (e[r] < -900 || e[r] > 900) return XM_OUT_OF_RANGE;
        double scale = xm_power_of_two(bits - 1 - e[r]);
        for (size_t c = 0; c < columns; c++) {
            double value = row_value(x, wide, r * columns + c) * scale;
            value = (value + XM_ROUNDER) - XM_ROUNDER;
            value = value > limit ? limit : value < -limit ? -limit : value;
            q[r * columns + c] = (int32_t)value;
        }
    }
    return XM_OK;
}

xm_status xm_fixed_rows(const float *x, size_t rows, size_t columns, int bits, int32_t *q,
                        int32_t *e) {
    return quantize_rows(x, false, rows, columns, bits, q, e);
}

xm_status xm_fixed_rows64(const double *x, size_t rows, size_t columns, int bits, int32_t *q,
                          int32_t *e) {
    return quantize_rows(x, true, rows, columns, bits, q, e);
}

XM_KERNEL static void project_row(const int32_t *q, size_t n, const uint64_t *words, size_t columns,
                                  size_t stride, int64_t *sums) {
    for (size_t i = 0; i < n; i++)
        for (size_t c0 = 0; c0 < columns; c0 += 64) {
            size_t width = columns - c0 < 64 ? columns - c0 : 64;
            uint64_t signs = words[i * stride + c0 / 64];
            for (size_t c = 0; c < width; c++) {
                int64_t minus = -(int64_t)(signs >> c & 1); // 0 or all ones
                sums[c0 + c] += ((int64_t)q[i] ^ minus) - minus;
            }
        }
}

xm_status xm_project_signs(const int32_t *q, size_t rows, size_t n, const uint64_t *words,
                           size_t columns, int64_t *sums) {
    if (n > (1u << 30)) return XM_TOO_LARGE;
    memset(sums, 0, rows * columns * sizeof(int64_t));
    for (size_t r = 0; r < rows; r++)
        project_row(q + r * n, n, words, columns, (columns + 63) / 64, sums + r * columns);
    return XM_OK;
}

XM_KERNEL static int64_t integer_dot(const int32_t *a, const int8_t *b, size_t k) {
    int64_t sum = 0;
    for (size_t p = 0; p < k; p++) sum += (int64_t)a[p] * (int64_t)b[p];
    return sum;
}

xm_status xm_integer_products(const int32_t *a, size_t m, const int8_t *b, size_t n, size_t k,
                              int64_t *sums) {
    if (k > (1u << 24)) return XM_TOO_LARGE;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) sums[i * n + j] = integer_dot(a + i * k, b + j * k, k);
    return XM_OK;
}
