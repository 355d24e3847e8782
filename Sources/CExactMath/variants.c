// LayerNorm, GELU, biases and scaled rotary positions. Sums run in eight float64 lanes: lane l takes
// the elements l, l+8, …, and xm_join adds the lanes.
#include "include/decoder.h"
#include "elementary.h"

XM_INLINE double mean_of(const float *row, size_t columns) {
    double s[8] = {0};
    size_t c = 0;
    for (; c + 8 <= columns; c += 8)
        for (size_t l = 0; l < 8; l++) s[l] += (double)row[c + l];
    for (size_t l = 0; c + l < columns; l++) s[l] += (double)row[c + l];
    return xm_join(s) / (double)columns;
}

XM_KERNEL static void layer_norm(const float *x, const float *weight, const float *bias,
                                 size_t rows, size_t columns, double epsilon, float *out,
                                 double *inverse) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * columns;
        double mean = mean_of(row, columns), s[8] = {0};
        size_t c = 0;
        for (; c + 8 <= columns; c += 8)
            for (size_t l = 0; l < 8; l++) {
                double d = (double)row[c + l] - mean;
                s[l] += d * d;
            }
        for (size_t l = 0; c + l < columns; l++) {
            double d = (double)row[c + l] - mean;
            s[l] += d * d;
        }
        double scale = 1.0 / __builtin_sqrt(xm_join(s) / (double)columns + epsilon);
        inverse[r] = scale;
        for (c = 0; c < columns; c++)
            out[r * columns + c] = (float)(((double)row[c] - mean) * scale * (double)weight[c] +
                                           (double)bias[c]);
    }
}

xm_status xm_layer_norm(const float *x, const float *weight, const float *bias, size_t rows,
                        size_t columns, double epsilon, float *out, double *inverse) {
    layer_norm(x, weight, bias, rows, columns, epsilon, out, inverse);
    return xm_check_finite(out, rows * columns);
}

// With g = dy * weight and n the normalised row: dx += inverse * (g - mean(g) - n * mean(g * n)).
XM_KERNEL static void layer_norm_backward(const float *dy, const float *x, const float *weight,
                                          const double *inverse, size_t rows, size_t columns,
                                          float *dx) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * columns, *gradient = dy + r * columns;
        double mean = mean_of(row, columns), scale = inverse[r];
        double direct[8] = {0}, along[8] = {0};
        for (size_t c = 0; c < columns; c += 8)
            for (size_t l = 0; l < 8 && c + l < columns; l++) {
                double g = (double)gradient[c + l] * (double)weight[c + l];
                direct[l] += g;
                along[l] += g * (((double)row[c + l] - mean) * scale);
            }
        double g_mean = xm_join(direct) / (double)columns;
        double n_mean = xm_join(along) / (double)columns;
        for (size_t c = 0; c < columns; c++) {
            double g = (double)gradient[c] * (double)weight[c];
            double n = ((double)row[c] - mean) * scale;
            dx[r * columns + c] =
                (float)((double)dx[r * columns + c] + scale * ((g - g_mean) - n * n_mean));
        }
    }
}

xm_status xm_layer_norm_backward(const float *dy, const float *x, const float *weight,
                                 const double *inverse, size_t rows, size_t columns, float *dx) {
    layer_norm_backward(dy, x, weight, inverse, rows, columns, dx);
    return xm_check_finite(dx, rows * columns);
}

#define XM_GELU_SCALE 0x1.9884533d43651p+0 // 2 sqrt(2/pi)
#define XM_GELU_CUBIC 0x1.6e4e26d4801f7p-5 // 0.044715

XM_KERNEL static void gelu(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        double v = (double)x[i];
        double z = XM_GELU_SCALE * (v + XM_GELU_CUBIC * (v * v * v));
        out[i] = (float)(v * (1.0 / (1.0 + xm_exp_core(-z))));
    }
}

xm_status xm_gelu(const float *x, size_t count, float *out) {
    gelu(x, count, out);
    return xm_check_finite(out, count);
}

XM_KERNEL static void gelu_backward(const float *dout, const float *x, size_t count, float *dx) {
    for (size_t i = 0; i < count; i++) {
        double v = (double)x[i];
        double z = XM_GELU_SCALE * (v + XM_GELU_CUBIC * (v * v * v));
        double s = 1.0 / (1.0 + xm_exp_core(-z));
        double slope = XM_GELU_SCALE * (1.0 + 3.0 * XM_GELU_CUBIC * (v * v));
        dx[i] = (float)((double)dout[i] * (s + v * (s * (1.0 - s)) * slope));
    }
}

xm_status xm_gelu_backward(const float *dout, const float *x, size_t count, float *dx) {
    gelu_backward(dout, x, count, dx);
    return xm_check_finite(dx, count);
}

XM_KERNEL static void add_row(float *y, const float *row, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) y[r * columns + c] += row[c];
}

xm_status xm_add_row(float *y, const float *row, size_t rows, size_t columns) {
    add_row(y, row, rows, columns);
    return xm_check_finite(y, rows * columns);
}

xm_status xm_rotary_table_divided(size_t first, size_t count, size_t dimension, double base,
                                  const float *divisors, float *cosines, float *sines) {
    size_t half = dimension / 2;
    if (first + count > (1u << 24) || !(base >= 1.0)) return XM_OUT_OF_RANGE;
    double log_base = xm_log_core(base);
    for (size_t i = 0; i < half; i++) {
        if (!(divisors[i] >= 0x1p-20f)) return XM_OUT_OF_RANGE;
        double frequency = xm_exp_core(-((double)(2 * i) / (double)dimension) * log_base);
        frequency = frequency / (double)divisors[i];
        for (size_t p = 0; p < count; p++) {
            double angle = (double)(first + p) * frequency;
            cosines[p * half + i] = (float)xm_sine_core(angle, 1) + 0.0f;
            sines[p * half + i] = (float)xm_sine_core(angle, 0) + 0.0f;
        }
    }
    return XM_OK;
}
