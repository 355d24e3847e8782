// Cross-entropy, argmax and AdamW.
#include "elementary.h"
#include "parallel.h"

// exp(row - largest) summed in eight float64 lanes.
XM_KERNEL static double exponential_sum(const float *row, double largest, size_t count) {
    double s[8] = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t l = 0; l < 8; l++) s[l] += xm_exp_core((double)row[i + l] - largest);
    for (size_t l = 0; i + l < count; l++) s[l] += xm_exp_core((double)row[i + l] - largest);
    return xm_join(s);
}

// `out` may be `row`: blocks pass through a buffer, so that the loop needs no proof that they differ.
XM_KERNEL static void softmax_gradient(const float *row, double largest, double factor,
                                       size_t count, float *out) {
    enum { BLOCK = 256 };
    float block[BLOCK];
    for (size_t i = 0; i < count; i += BLOCK) {
        size_t width = count - i < BLOCK ? count - i : BLOCK;
        for (size_t l = 0; l < width; l++)
            block[l] = (float)(xm_exp_core((double)row[i + l] - largest) * factor);
        memcpy(out + i, block, width * sizeof(float));
    }
}

typedef struct {
    const float *logits;
    const uint32_t *targets;
    size_t vocabulary;
    double scale;
    double *losses;
    float *gradient;
} entropy;

static xm_status entropy_rows(const void *context, size_t begin, size_t end) {
    const entropy *e = context;
    size_t vocabulary = e->vocabulary;
    for (size_t r = begin; r < end; r++) {
        const float *row = e->logits + r * vocabulary;
        if (e->targets[r] >= vocabulary) return XM_OUT_OF_RANGE;
        float largest = row[0];
        for (size_t i = 1; i < vocabulary; i++) largest = row[i] > largest ? row[i] : largest;
        double sum = exponential_sum(row, (double)largest, vocabulary);
        double target = (double)row[e->targets[r]] - (double)largest;
        e->losses[r] = xm_log_core(sum) - target;
        if (e->gradient == NULL) continue;
        float *out = e->gradient + r * vocabulary;
        double probability = xm_exp_core(target) / sum;
        softmax_gradient(row, (double)largest, e->scale / sum, vocabulary, out);
        out[e->targets[r]] = (float)((probability - 1.0) * e->scale);
    }
    return XM_OK;
}

xm_status xm_cross_entropy(const float *logits, const uint32_t *targets, size_t rows,
                           size_t vocabulary, double scale, double *losses, float *gradient) {
    if (vocabulary == 0) return XM_OUT_OF_RANGE;
    XM_TRY(xm_check_finite(logits, rows * vocabulary));
    entropy e = {logits, targets, vocabulary, scale, losses, gradient};
    XM_TRY(xm_in_shares(rows, rows * vocabulary * 64, entropy_rows, &e));
    return gradient == NULL ? XM_OK : xm_check_finite(gradient, rows * vocabulary);
}

xm_status xm_argmax(const float *logits, size_t count, uint32_t *index) {
    if (count == 0) return XM_OUT_OF_RANGE;
    XM_TRY(xm_check_finite(logits, count));
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (logits[i] > logits[best]) best = i;
    *index = (uint32_t)best;
    return XM_OK;
}

double xm_sum_of_squares(const float *x, size_t count) {
    double s[8] = {0};
    for (size_t i = 0; i < count; i++) s[i % 8] += (double)x[i] * (double)x[i];
    return xm_join(s);
}

// base^exponent by repeated squaring from the low bit up.
static double power(double base, uint64_t exponent) {
    double result = 1.0;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) result *= base;
        base *= base;
    }
    return result;
}

XM_KERNEL static void adamw(const xm_adamw *s, double correction1, double correction2, float *p,
                            float *m, float *v, const float *g, size_t count) {
    double keep = 1.0 - s->learning_rate * s->weight_decay;
    double root = __builtin_sqrt(correction2);
    double size = s->learning_rate / correction1;
    for (size_t i = 0; i < count; i++) {
        double gradient = (double)g[i];
        double first = s->beta1 * (double)m[i] + (1.0 - s->beta1) * gradient;
        double second = s->beta2 * (double)v[i] + (1.0 - s->beta2) * (gradient * gradient);
        m[i] = (float)first + 0.0f;
        v[i] = (float)second + 0.0f;
        double denominator = __builtin_sqrt(second) / root + s->epsilon;
        p[i] = (float)((double)p[i] * keep - size * (first / denominator)) + 0.0f;
    }
}

xm_status xm_adamw_step(const xm_adamw *s, float *p, float *m, float *v, const float *g,
                        size_t count) {
    if (s->step == 0) return XM_OUT_OF_RANGE;
    XM_TRY(xm_check_finite(g, count));
    adamw(s, 1.0 - power(s->beta1, s->step), 1.0 - power(s->beta2, s->step), p, m, v, g, count);
    XM_TRY(xm_check_finite(m, count));
    XM_TRY(xm_check_finite(v, count));
    return xm_check_finite(p, count);
}
