// Norms, gates, embeddings and rotary positions. Sums run in eight float64 lanes: lane l takes the
// elements l, l+8, …, and xm_join adds the lanes.
#include "elementary.h"
#include "parallel.h"

xm_status xm_gather(const float *q, const int32_t *e, size_t vocabulary, size_t columns,
                    const uint32_t *ids, size_t rows, float *out) {
    for (size_t r = 0; r < rows; r++) {
        if (ids[r] >= vocabulary) return XM_OUT_OF_RANGE;
        double scale = xm_power_of_two(e[ids[r]] - XM_BITS);
        const float *from = q + (size_t)ids[r] * columns;
        for (size_t c = 0; c < columns; c++)
            out[r * columns + c] = (float)((double)from[c] * scale);
    }
    return xm_check_finite(out, rows * columns);
}

XM_KERNEL xm_status xm_rms_norm(const float *x, const float *weight, size_t rows, size_t columns,
                                double epsilon, float *out, double *inverse) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * columns;
        double s[8] = {0};
        size_t c = 0;
        for (; c + 8 <= columns; c += 8)
            for (size_t l = 0; l < 8; l++) s[l] += (double)row[c + l] * (double)row[c + l];
        for (size_t l = 0; c + l < columns; l++) s[l] += (double)row[c + l] * (double)row[c + l];
        double scale = 1.0 / __builtin_sqrt(xm_join(s) / (double)columns + epsilon);
        inverse[r] = scale;
        for (c = 0; c < columns; c++)
            out[r * columns + c] = (float)((double)row[c] * scale * (double)weight[c]);
    }
    return xm_check_finite(out, rows * columns);
}

XM_KERNEL xm_status xm_rms_norm_backward(const float *dy, const float *x, const float *weight,
                                         const double *inverse, size_t rows, size_t columns,
                                         float *dx) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * columns, *gradient = dy + r * columns;
        double s[8] = {0};
        size_t c = 0;
        for (; c + 8 <= columns; c += 8)
            for (size_t l = 0; l < 8; l++)
                s[l] += (double)gradient[c + l] * (double)weight[c + l] * (double)row[c + l];
        for (size_t l = 0; c + l < columns; l++)
            s[l] += (double)gradient[c + l] * (double)weight[c + l] * (double)row[c + l];
        double scale = inverse[r];
        double mean = xm_join(s) / (double)columns * scale * scale * scale;
        for (c = 0; c < columns; c++) {
            double direct = (double)gradient[c] * (double)weight[c] * scale;
            dx[r * columns + c] =
                (float)((double)dx[r * columns + c] + (direct - (double)row[c] * mean));
        }
    }
    return xm_check_finite(dx, rows * columns);
}

XM_INLINE double sigmoid(double x) { return 1.0 / (1.0 + xm_exp_core(-x)); }

typedef struct {
    const float *dout, *gate, *up;
    float *out, *dgate, *dup;
} gates;

enum { GATE_OPERATIONS = 32 }; // of one element, most of them in the exponential

XM_KERNEL static xm_status swiglu(const void *context, size_t begin, size_t end) {
    const gates *g = context;
    const float *gate = g->gate, *up = g->up;
    float *out = g->out;
    for (size_t i = begin; i < end; i++) {
        double x = (double)gate[i];
        out[i] = (float)(x * sigmoid(x) * (double)up[i]);
    }
    return xm_check_finite(out + begin, end - begin);
}

xm_status xm_swiglu(const float *gate, const float *up, size_t count, float *out) {
    gates g = {NULL, gate, up, out, NULL, NULL};
    return xm_in_shares(count, count * GATE_OPERATIONS, swiglu, &g);
}

XM_KERNEL static xm_status swiglu_backward(const void *context, size_t begin, size_t end) {
    const gates *all = context;
    const float *dout = all->dout, *gate = all->gate, *up = all->up;
    float *dgate = all->dgate, *dup = all->dup;
    for (size_t i = begin; i < end; i++) {
        double g = (double)gate[i], u = (double)up[i], d = (double)dout[i];
        double s = sigmoid(g);
        dgate[i] = (float)(d * u * (s * (1.0 + g * (1.0 - s))));
        dup[i] = (float)(d * (g * s));
    }
    XM_TRY(xm_check_finite(dgate + begin, end - begin));
    return xm_check_finite(dup + begin, end - begin);
}

xm_status xm_swiglu_backward(const float *dout, const float *gate, const float *up, size_t count,
                             float *dgate, float *dup) {
    gates g = {dout, gate, up, NULL, dgate, dup};
    return xm_in_shares(count, count * GATE_OPERATIONS, swiglu_backward, &g);
}

XM_KERNEL static void add_scaled(float *y, const float *x, float scale, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = y[i] + scale * x[i];
}

xm_status xm_add_scaled(float *y, const float *x, float scale, size_t count) {
    add_scaled(y, x, scale, count);
    return xm_check_finite(y, count);
}

xm_status xm_scale(float *y, float scale, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = y[i] * scale;
    return xm_check_finite(y, count);
}

xm_status xm_rotary_table(size_t first, size_t count, size_t dimension, double base,
                          float *cosines, float *sines) {
    size_t half = dimension / 2;
    if (first + count > (1u << 24) || !(base >= 1.0)) return XM_OUT_OF_RANGE;
    double log_base = xm_log_core(base);
    for (size_t i = 0; i < half; i++) {
        double frequency = xm_exp_core(-((double)(2 * i) / (double)dimension) * log_base);
        for (size_t p = 0; p < count; p++) {
            double angle = (double)(first + p) * frequency;
            cosines[p * half + i] = (float)xm_sine_core(angle, 1) + 0.0f;
            sines[p * half + i] = (float)xm_sine_core(angle, 0) + 0.0f;
        }
    }
    return XM_OK;
}

XM_KERNEL static void rotate(float *x, const float *cosines, const float *sines, size_t rows,
                             size_t heads, size_t dimension, double direction) {
    size_t half = dimension / 2;
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < heads; h++) {
            float *low = x + (r * heads + h) * dimension, *high = low + half;
            for (size_t i = 0; i < half; i++) {
                double c = (double)cosines[r * half + i];
                double s = (double)sines[r * half + i] * direction;
                double a = (double)low[i], b = (double)high[i];
                low[i] = (float)(a * c - b * s);
                high[i] = (float)(b * c + a * s);
            }
        }
}

xm_status xm_rotate(float *x, const float *cosines, const float *sines, size_t rows, size_t heads,
                    size_t dimension, int direction) {
    rotate(x, cosines, sines, rows, heads, dimension, (double)direction);
    return xm_check_finite(x, rows * heads * dimension);
}
