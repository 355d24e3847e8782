// Every function of one float32, over ranges of bit patterns: what an exhaustive test hashes.
#include "elementary.h"
#include "include/decoder.h"

enum { BATCH = 512 };

XM_KERNEL static void exp_batch(const float *x, float *y) {
    for (size_t i = 0; i < BATCH; i++) y[i] = xm_exp_of(x[i]);
}

XM_KERNEL static void log_batch(const float *x, float *y) {
    for (size_t i = 0; i < BATCH; i++) y[i] = xm_log_of(x[i]);
}

XM_KERNEL static void sine_batch(const float *x, uint64_t quarter, float *y) {
    for (size_t i = 0; i < BATCH; i++) y[i] = xm_sine_of(x[i], quarter);
}

// The layers' own loops. A status is not looked at: these inputs include NaN and infinity, and
// results are written for all.
static void evaluate(xm_unary function, const float *x, float *y) {
    float ones[BATCH], unused[BATCH];
    for (size_t i = 0; i < BATCH; i++) ones[i] = 1.0f;
    switch (function) {
    case XM_EXP: exp_batch(x, y); break;
    case XM_LOG: log_batch(x, y); break;
    case XM_SIN: sine_batch(x, 0, y); break;
    case XM_COS: sine_batch(x, 1, y); break;
    case XM_SILU: (void)xm_swiglu(x, ones, BATCH, y); break;
    case XM_SILU_SLOPE: (void)xm_swiglu_backward(ones, x, ones, BATCH, y, unused); break;
    case XM_GELU: (void)xm_gelu(x, BATCH, y); break;
    case XM_GELU_SLOPE: (void)xm_gelu_backward(ones, x, BATCH, y); break;
    case XM_UNARY_COUNT: break;
    }
}

xm_status xm_hash_unary(xm_unary function, uint64_t first, uint64_t count, uint64_t stride,
                        uint64_t *hash) {
    if (function < XM_EXP || function >= XM_UNARY_COUNT) return XM_OUT_OF_RANGE;
    float x[BATCH], y[BATCH];
    *hash = 0xcbf29ce484222325u;
    for (uint64_t start = 0; start < count; start += BATCH) {
        size_t used = count - start < BATCH ? (size_t)(count - start) : BATCH;
        for (size_t i = 0; i < BATCH; i++) {
            uint32_t bits = (uint32_t)(first + (start + i) * stride);
            memcpy(&x[i], &bits, sizeof bits);
        }
        evaluate(function, x, y);
        for (size_t i = 0; i < used; i++) {
            uint32_t result = y[i] != y[i] ? 0x7fc00000u : xm_bits32(y[i]);
            *hash = (*hash ^ result) * 0x100000001b3u;
        }
    }
    return XM_OK;
}
