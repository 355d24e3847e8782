// Causal grouped-query attention in float32 with a written order. Scores: 16 lanes over the head
// dimension, joined as a balanced tree. Mixing: positions ascending. A query row reads only itself
// and the keys and values up to its position, so a cache gives the bits of a full pass.
#include <stdlib.h>

#include "elementary.h"

enum { LANES = 16 };

XM_INLINE float dot(const float *a, const float *b, size_t count) {
    float s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t l = 0; l < LANES; l++) s[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i + l < count; l++) s[l] += a[i + l] * b[i + l];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t l = 0; l < width; l++) s[l] += s[l + width];
    return s[0];
}

XM_INLINE void add_multiple(float *y, const float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += factor * x[i];
}

// In place: scores to probabilities. exp in float64, their sum in eight lanes.
XM_INLINE void softmax(float *x, size_t count) {
    float largest = x[0];
    for (size_t i = 1; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    double s[8] = {0};
    for (size_t i = 0; i < count; i++) x[i] = (float)xm_exp_core((double)x[i] - (double)largest);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t l = 0; l < 8; l++) s[l] += (double)x[i + l];
    for (size_t l = 0; i + l < count; l++) s[l] += (double)x[i + l];
    double total = xm_join(s);
    for (i = 0; i < count; i++) x[i] = (float)((double)x[i] / total);
}

typedef struct {
    size_t rows, past, heads, kv_heads, d;
} shape;

// One head: q and out have stride heads * d, k and v stride kv_heads * d.
// Probabilities [rows, past + rows], or one scratch row with stride 0.
XM_KERNEL static void forward_head(const shape *s, const float *q, const float *k, const float *v,
                                   float *out, float *p, size_t p_stride) {
    size_t q_stride = s->heads * s->d, k_stride = s->kv_heads * s->d;
    float scale = (float)(1.0 / __builtin_sqrt((double)s->d));
    for (size_t i = 0; i < s->rows; i++) {
        float *row = p + i * p_stride;
        size_t seen = s->past + i + 1;
        for (size_t j = 0; j < seen; j++)
            row[j] = dot(q + i * q_stride, k + j * k_stride, s->d) * scale;
        softmax(row, seen);
        for (size_t j = seen; p_stride > 0 && j < p_stride; j++) row[j] = 0.0f;
        float *o = out + i * q_stride;
        for (size_t c = 0; c < s->d; c++) o[c] = 0.0f;
        for (size_t j = 0; j < seen; j++) add_multiple(o, v + j * k_stride, row[j], s->d);
    }
}

xm_status xm_attention(const float *q, const float *k, const float *v, size_t rows, size_t past,
                       size_t heads, size_t kv_heads, size_t d, float *out, float *probabilities) {
    if (kv_heads == 0 || heads % kv_heads != 0) return XM_OUT_OF_RANGE;
    // A NaN would not survive the search for the maximum, so scores must start from finite values.
    XM_TRY(xm_check_finite(q, rows * heads * d));
    XM_TRY(xm_check_finite(k, (past + rows) * kv_heads * d));
    shape s = {rows, past, heads, kv_heads, d};
    size_t total = past + rows;
    float *scratch = NULL;
    if (probabilities == NULL) {
        scratch = xm_scratch(XM_SLOT_OUT, (total + 1) * sizeof(float));
        if (scratch == NULL) return XM_NO_MEMORY;
    }
    for (size_t h = 0; h < heads; h++) {
        size_t kv = h / (heads / kv_heads);
        float *p = probabilities == NULL ? scratch : probabilities + h * rows * total;
        forward_head(&s, q + h * d, k + kv * d, v + kv * d, out + h * d, p,
                     probabilities == NULL ? 0 : total);
    }
    return xm_check_finite(out, rows * heads * d);
}

// One head; dk and dv grow by this head's part. dp is a scratch row [rows].
XM_KERNEL static void backward_head(const shape *s, const float *dout, const float *q,
                                    const float *k, const float *v, const float *p, float *dp,
                                    float *dq, float *dk, float *dv) {
    size_t q_stride = s->heads * s->d, k_stride = s->kv_heads * s->d;
    float scale = (float)(1.0 / __builtin_sqrt((double)s->d));
    for (size_t i = 0; i < s->rows; i++) {
        const float *row = p + i * s->rows, *d_row = dout + i * q_stride;
        for (size_t j = 0; j <= i; j++) {
            dp[j] = dot(d_row, v + j * k_stride, s->d);
            add_multiple(dv + j * k_stride, d_row, row[j], s->d);
        }
        double mean[8] = {0};
        for (size_t j = 0; j <= i; j++) mean[j % 8] += (double)dp[j] * (double)row[j];
        double weighted = xm_join(mean);
        float *dq_row = dq + i * q_stride;
        for (size_t c = 0; c < s->d; c++) dq_row[c] = 0.0f;
        for (size_t j = 0; j <= i; j++) {
            float ds = (float)((double)row[j] * ((double)dp[j] - weighted)) * scale;
            add_multiple(dq_row, k + j * k_stride, ds, s->d);
            add_multiple(dk + j * k_stride, q + i * q_stride, ds, s->d);
        }
    }
}

xm_status xm_attention_backward(const float *dout, const float *q, const float *k, const float *v,
                                const float *probabilities, size_t rows, size_t heads,
                                size_t kv_heads, size_t d, float *dq, float *dk, float *dv) {
    if (kv_heads == 0 || heads % kv_heads != 0) return XM_OUT_OF_RANGE;
    shape s = {rows, 0, heads, kv_heads, d};
    float *dp = xm_scratch(XM_SLOT_OUT, (rows + 1) * sizeof(float));
    if (dp == NULL) return XM_NO_MEMORY;
    memset(dk, 0, rows * kv_heads * d * sizeof(float));
    memset(dv, 0, rows * kv_heads * d * sizeof(float));
    for (size_t h = 0; h < heads; h++) {
        size_t kv = h / (heads / kv_heads);
        backward_head(&s, dout + h * d, q + h * d, k + kv * d, v + kv * d,
                      probabilities + h * rows * rows, dp, dq + h * d, dk + kv * d, dv + kv * d);
    }
    XM_TRY(xm_check_finite(dq, rows * heads * d));
    XM_TRY(xm_check_finite(dk, rows * kv_heads * d));
    return xm_check_finite(dv, rows * kv_heads * d);
}
