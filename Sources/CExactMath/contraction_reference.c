// The contraction as docs/numerics.md defines it: the sum of integer products, then two roundings.
// Any other backend must agree with this one on every bit.
#include "contraction.h"

// The scales are applied one after the other; each product by a power of two is exact.
static xm_status scale(int64_t sum, int32_t ea, int32_t eb, float *out) {
    double value = (double)sum;
    value *= xm_power_of_two(ea - 2 * XM_BITS);
    value *= xm_power_of_two(eb);
    *out = (float)value;
    return xm_check_finite(out, 1);
}

static int64_t right_value(const xm_product *t, const float *row, size_t j, size_t p) {
    return (int64_t)(t->folded ? row[p * t->n + j] : row[j * t->k + p]);
}

static xm_status multiply(const xm_product *t, const float *b) {
    size_t n = t->n, k = t->k;
    for (size_t i = 0; i < t->m; i++)
        for (size_t j = 0; j < n; j++) {
            int64_t sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += (int64_t)t->qa[i * k + p] * right_value(t, b, j, p);
            if (t->sums != NULL) {
                t->sums[i * n + j] = sum;
                continue;
            }
            XM_TRY(scale(sum, t->ea[i], t->eb == NULL ? 0 : t->eb[j], &t->c[i * n + j]));
            if (t->trace != NULL) *t->trace += xm_trace_mix((double)sum, i * n + j);
        }
    return XM_OK;
}

xm_status xm_product_reference(const xm_product *t) {
    if (t->k > XM_MAX_COLUMNS) return XM_TOO_LARGE;
    const xm_coded *x = t->coded;
    if (x == NULL) return multiply(t, t->qb);
    float *b = xm_scratch(XM_SLOT_TILE, (x->rows * x->columns + 1) * sizeof(float));
    if (b == NULL) return XM_NO_MEMORY;
    for (size_t r = 0; r < x->rows; r++) xm_decode(x, r, 0, x->columns, b + r * x->columns);
    return multiply(t, b);
}

xm_status xm_contract_reference(const float *qa, const int32_t *ea, size_t m, const float *qb,
                                const int32_t *eb, size_t n, size_t k, float *c, uint64_t *trace) {
    xm_product t = {.qa = qa, .ea = ea, .m = m, .qb = qb, .eb = eb, .n = n, .k = k, .c = c,
                    .trace = trace};
    return xm_product_reference(&t);
}

xm_status xm_contract_folded_reference(const float *qa, const int32_t *ea, size_t m,
                                       const float *qb, size_t n, size_t k, float *c,
                                       uint64_t *trace) {
    xm_product t = {.qa = qa, .ea = ea, .m = m, .qb = qb, .n = n, .k = k, .folded = true, .c = c,
                    .trace = trace};
    return xm_product_reference(&t);
}
