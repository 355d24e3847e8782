// Operands of a contraction: float32 rows to integers of XM_BITS bits with a power-of-two scale.
#include "internal.h"

XM_KERNEL xm_status xm_check_finite(const float *x, size_t count) {
    uint32_t worst = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t magnitude = xm_bits32(x[i]) & 0x7fffffffu;
        worst = magnitude > worst ? magnitude : worst;
    }
    return worst < 0x7f800000u ? XM_OK : XM_NOT_FINITE;
}

XM_KERNEL xm_status xm_quantize(const float *x, size_t rows, size_t columns, float *q,
                                int32_t *e) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * columns;
        float *to = q + r * columns;
        uint32_t largest = 0; // magnitudes order as their bit patterns do
        for (size_t c = 0; c < columns; c++) {
            uint32_t magnitude = xm_bits32(from[c]) & 0x7fffffffu;
            largest = magnitude > largest ? magnitude : largest;
        }
        if (largest >= 0x7f800000u) return XM_NOT_FINITE;
        float largest_value;
        memcpy(&largest_value, &largest, sizeof largest_value);
        e[r] = largest == 0 ? 0 : xm_exponent((double)largest_value);
        double scale = xm_power_of_two(XM_BITS - e[r]);
        // + 0.0 turns a negative zero into zero.
        for (size_t c = 0; c < columns; c++)
            to[c] = (float)(((double)from[c] * scale + XM_ROUNDER) - XM_ROUNDER) + 0.0f;
    }
    return XM_OK;
}

XM_KERNEL xm_status xm_quantize_folded(const float *x, size_t rows, size_t columns,
                                       const int32_t *fold, float *q, int32_t *e) {
    double *factors = xm_scratch(XM_SLOT_OUT, columns * sizeof(double));
    if (factors == NULL && columns > 0) return XM_NO_MEMORY;
    for (size_t c = 0; c < columns; c++) {
        if (fold[c] < -200 || fold[c] > 200) return XM_OUT_OF_RANGE;
        factors[c] = xm_power_of_two(fold[c]);
    }
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * columns;
        float *to = q + r * columns;
        uint64_t largest = 0;
        uint32_t infinite = 0;
        for (size_t c = 0; c < columns; c++) {
            infinite |= (xm_bits32(from[c]) & 0x7f800000u) == 0x7f800000u;
            uint64_t magnitude = xm_bits((double)from[c] * factors[c]) & 0x7fffffffffffffffu;
            largest = magnitude > largest ? magnitude : largest;
        }
        if (infinite) return XM_NOT_FINITE;
        e[r] = largest == 0 ? 0 : xm_exponent(xm_from_bits(largest));
        double scale = xm_power_of_two(XM_BITS - e[r]);
        for (size_t c = 0; c < columns; c++)
            to[c] =
                (float)(((double)from[c] * factors[c] * scale + XM_ROUNDER) - XM_ROUNDER) + 0.0f;
    }
    return XM_OK;
}

void xm_transpose(const float *x, size_t rows, size_t columns, float *out) {
    enum { TILE = 16 };
    for (size_t r0 = 0; r0 < rows; r0 += TILE)
        for (size_t c0 = 0; c0 < columns; c0 += TILE)
            for (size_t r = r0; r < rows && r < r0 + TILE; r++)
                for (size_t c = c0; c < columns && c < c0 + TILE; c++)
                    out[c * rows + r] = x[r * columns + c];
}
