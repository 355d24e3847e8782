// The contraction: checks, the way from sums to results, and the choice of a backend.
#include "contraction.h"

XM_KERNEL void xm_widen(const float *x, size_t rows, size_t columns, size_t stride, double *out) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) out[r * columns + c] = (double)x[r * stride + c];
}

XM_KERNEL void xm_add_block(const double *block, size_t count, int64_t *sums) {
    for (size_t i = 0; i < count; i++) sums[i] += (int64_t)block[i];
}

XM_KERNEL static void round_sums(const int64_t *sums, size_t count, double *out) {
    for (size_t i = 0; i < count; i++) out[i] = (double)sums[i];
}

// row = s * scale * columns; all factors are powers of two and products stay normal, so only the
// conversion rounds. + 0.0 because a backend may give an empty sum a sign. False if one overflows.
XM_KERNEL static bool scale_row(const double *s, double scale, const double *columns, size_t width,
                                float *row) {
    uint32_t worst = 0;
    for (size_t j = 0; j < width; j++) {
        row[j] = (float)((s[j] + 0.0) * (scale * columns[j]));
        uint32_t magnitude = xm_bits32(row[j]) & 0x7fffffffu;
        worst = magnitude > worst ? magnitude : worst;
    }
    return worst < 0x7f800000u;
}

XM_KERNEL static uint64_t trace_row(const double *s, size_t width, uint64_t index) {
    uint64_t trace = 0;
    for (size_t j = 0; j < width; j++) trace += xm_trace_mix(s[j] + 0.0, index + j);
    return trace;
}

static xm_status finish(const xm_product *t, const xm_tile *tile, const double *s) {
    size_t width = tile->width, n0 = tile->n0;
    double *columns = xm_scratch(XM_SLOT_COLUMNS, width * sizeof(double));
    if (columns == NULL) return XM_NO_MEMORY;
    for (size_t j = 0; j < width; j++)
        columns[j] = t->eb == NULL ? 1.0 : xm_power_of_two(t->eb[n0 + j]);
    for (size_t r = 0; r < tile->rows; r++) {
        size_t i = tile->i0 + r;
        double scale = xm_power_of_two(t->ea[i] - 2 * XM_BITS);
        if (!scale_row(s + r * width, scale, columns, width, t->c + i * t->n + n0))
            return XM_NOT_FINITE;
        if (t->trace != NULL) *t->trace += trace_row(s + r * width, width, i * t->n + n0);
    }
    return XM_OK;
}

xm_status xm_deliver(const xm_product *t, const xm_tile *tile, const int64_t *whole, double *s) {
    if (t->sums == NULL) {
        if (whole != NULL) round_sums(whole, tile->rows * tile->width, s);
        return finish(t, tile, s);
    }
    for (size_t r = 0; r < tile->rows; r++)
        for (size_t j = 0; j < tile->width; j++) {
            size_t from = r * tile->width + j;
            t->sums[(tile->i0 + r) * t->n + tile->n0 + j] =
                whole != NULL ? whole[from] : (int64_t)s[from];
        }
    return XM_OK;
}

// A product of so few rows reads b once and is bound by that; no BLAS call is worth its packing.
enum { FEW_ROWS = 8 };

static xm_status run(const xm_product *t) {
    if (t->k > XM_MAX_COLUMNS || t->m > (1u << 30) || t->n > (1u << 30)) return XM_TOO_LARGE;
    if (t->m == 0 || t->n == 0) return XM_OK;
    xm_backend backend;
    XM_TRY(xm_current_backend(&backend));
    if (backend == XM_BACKEND_REFERENCE) return xm_product_reference(t);
    if (backend == XM_BACKEND_SIMD || t->m <= FEW_ROWS) return xm_product_simd(t);
    return xm_product_blas(t, backend == XM_BACKEND_BLIS ? xm_blis() : xm_openblas());
}

const float *xm_right_row(const xm_product *t, size_t row, size_t first, size_t count,
                          float *space) {
    if (t->coded == NULL) return t->qb + row * (t->folded ? t->n : t->k) + first;
    xm_decode(t->coded, row, first, count, space);
    return space;
}

xm_status xm_contract(const float *qa, const int32_t *ea, size_t m, const float *qb,
                      const int32_t *eb, size_t n, size_t k, float *c, uint64_t *trace) {
    xm_product t = {.qa = qa, .ea = ea, .m = m, .qb = qb, .eb = eb, .n = n, .k = k, .c = c,
                    .trace = trace};
    return run(&t);
}

xm_status xm_contract_folded(const float *qa, const int32_t *ea, size_t m, const float *qb,
                             size_t n, size_t k, float *c, uint64_t *trace) {
    xm_product t = {.qa = qa, .ea = ea, .m = m, .qb = qb, .n = n, .k = k, .folded = true, .c = c,
                    .trace = trace};
    return run(&t);
}

xm_status xm_contract_sums(const float *qa, size_t m, const float *qb, size_t n, size_t k,
                           int64_t *sums) {
    xm_product t = {.qa = qa, .m = m, .qb = qb, .n = n, .k = k, .sums = sums};
    return run(&t);
}

xm_status xm_contract_coded(const float *qa, const int32_t *ea, size_t m, const xm_coded *x,
                            float *c, uint64_t *trace) {
    XM_TRY(xm_coded_check(x));
    xm_product t = {.qa = qa, .ea = ea, .m = m, .coded = x, .eb = x->exponents, .n = x->rows,
                    .k = x->columns, .c = c, .trace = trace};
    return run(&t);
}

xm_status xm_contract_coded_folded(const float *qa, const int32_t *ea, size_t m, const xm_coded *x,
                                   float *c, uint64_t *trace) {
    XM_TRY(xm_coded_check(x));
    xm_product t = {.qa = qa, .ea = ea, .m = m, .coded = x, .n = x->columns, .k = x->rows,
                    .folded = true, .c = c, .trace = trace};
    return run(&t);
}
