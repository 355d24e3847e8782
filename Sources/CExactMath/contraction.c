// The contraction by floating-point BLAS as a fast integer multiplier. Each block of at most
// XM_BLOCK columns has an exact sum: products are below 2^40, so every partial sum in any order,
// fused or not, is an integer below 2^53. Blocks are added as Int64.
#include <cblas.h>

#include "internal.h"

enum { SMALL_ROWS = 4, TILE_VALUES = 1 << 17 };

typedef struct {
    const float *qa;
    const int32_t *ea;
    size_t m;
    const float *qb;
    const int32_t *eb; // null when the scales of b are folded into a
    size_t n, k;
    bool folded; // b is [k, n] instead of [n, k]
    float *c;
    int64_t *sums; // wanted instead of c when not null
    uint64_t *trace;
} task;

static xm_status check(const task *t) {
    if (t->k > XM_MAX_COLUMNS || t->m > (1u << 30) || t->n > (1u << 30)) return XM_TOO_LARGE;
    return XM_OK;
}

XM_KERNEL static void widen(const float *x, size_t rows, size_t columns, size_t stride, double *out) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) out[r * columns + c] = (double)x[r * stride + c];
}

XM_KERNEL static void add_sums(const double *block, size_t count, int64_t *sums) {
    for (size_t i = 0; i < count; i++) sums[i] += (int64_t)block[i];
}

XM_KERNEL static void round_sums(const int64_t *sums, size_t count, double *out) {
    for (size_t i = 0; i < count; i++) out[i] = (double)sums[i];
}

// row = s * scale * columns; all factors are powers of two and products stay normal, so only the
// conversion rounds. + 0.0 because a BLAS may give an empty sum a sign. False if one overflows.
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

// Columns n0...n0+width-1 of all rows from the sums S as float64, [m, width].
static xm_status finish(const task *t, size_t n0, size_t width, const double *s) {
    double *columns = xm_scratch(XM_SLOT_COLUMNS, width * sizeof(double));
    if (columns == NULL) return XM_NO_MEMORY;
    for (size_t j = 0; j < width; j++)
        columns[j] = t->eb == NULL ? 1.0 : xm_power_of_two(t->eb[n0 + j]);
    for (size_t i = 0; i < t->m; i++) {
        double scale = xm_power_of_two(t->ea[i] - 2 * XM_BITS);
        if (!scale_row(s + i * width, scale, columns, width, t->c + i * t->n + n0))
            return XM_NOT_FINITE;
        if (t->trace != NULL) *t->trace += trace_row(s + i * width, width, i * t->n + n0);
    }
    return XM_OK;
}

static xm_status deliver(const task *t, size_t n0, size_t width, const int64_t *sums, double *s) {
    if (t->sums == NULL) {
        if (sums != NULL) round_sums(sums, t->m * width, s);
        return finish(t, n0, width, s);
    }
    for (size_t i = 0; i < t->m; i++)
        for (size_t j = 0; j < width; j++)
            t->sums[i * t->n + n0 + j] =
                sums != NULL ? sums[i * width + j] : (int64_t)s[i * width + j];
    return XM_OK;
}

// Columns n0...n0+width-1 of the result. `left` is a in float64, [m, k].
static xm_status product_tile(const task *t, const double *left, size_t n0, size_t width,
                              size_t depth) {
    double *tile = xm_scratch(XM_SLOT_TILE, width * depth * sizeof(double));
    double *out = xm_scratch(XM_SLOT_OUT, t->m * width * sizeof(double));
    int64_t *sums = NULL;
    if (tile == NULL || out == NULL) return XM_NO_MEMORY;
    if (t->k > XM_BLOCK) {
        sums = xm_scratch(XM_SLOT_SUMS, t->m * width * sizeof(int64_t));
        if (sums == NULL) return XM_NO_MEMORY;
        memset(sums, 0, t->m * width * sizeof(int64_t));
    }
    if (t->k == 0) memset(out, 0, t->m * width * sizeof(double));
    size_t in_block = 0;
    for (size_t k0 = 0; k0 < t->k;) {
        size_t step = t->k - k0 < depth ? t->k - k0 : depth;
        step = step < XM_BLOCK - in_block ? step : XM_BLOCK - in_block;
        // Within one block, sums continue in float64 (beta = 1): still below 2^53.
        double beta = in_block == 0 ? 0.0 : 1.0;
        if (t->folded) {
            widen(t->qb + k0 * t->n + n0, step, width, t->n, tile);
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)t->m, (int)width,
                        (int)step, 1.0, left + k0, (int)t->k, tile, (int)width, beta, out,
                        (int)width);
        } else {
            widen(t->qb + n0 * t->k + k0, width, step, t->k, tile);
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)t->m, (int)width, (int)step,
                        1.0, left + k0, (int)t->k, tile, (int)step, beta, out, (int)width);
        }
        k0 += step;
        in_block += step;
        if (in_block == XM_BLOCK || k0 == t->k) {
            if (sums != NULL) add_sums(out, t->m * width, sums);
            in_block = 0;
        }
    }
    return deliver(t, n0, width, sums, out);
}

// sum of a[i] * b[i] in blocks, for the few rows of one step of generation.
XM_KERNEL static void dot_rows(const double *a, size_t m, const float *b, size_t width, size_t k,
                               int64_t *sums) {
    for (size_t j = 0; j < width; j++)
        for (size_t i = 0; i < m; i++) {
            const float *right = b + j * k;
            const double *row = a + i * k;
            int64_t sum = 0;
            for (size_t k0 = 0; k0 < k; k0 += XM_BLOCK) {
                size_t end = k - k0 < XM_BLOCK ? k : k0 + XM_BLOCK;
                double lanes[32] = {0};
                size_t p = k0;
                for (; p + 32 <= end; p += 32)
                    for (size_t l = 0; l < 32; l++) lanes[l] += row[p + l] * (double)right[p + l];
                for (; p < end; p++) lanes[0] += row[p] * (double)right[p];
                double total = 0;
                for (size_t l = 0; l < 32; l++) total += lanes[l];
                sum += (int64_t)total;
            }
            sums[i * width + j] = sum;
        }
}

static xm_status run(const task *t) {
    XM_TRY(check(t));
    if (t->m == 0 || t->n == 0) return XM_OK;
    double *left = xm_scratch(XM_SLOT_LEFT, (t->m * t->k + 1) * sizeof(double));
    if (left == NULL) return XM_NO_MEMORY;
    widen(t->qa, t->m, t->k, t->k, left);
    if (t->m <= SMALL_ROWS && !t->folded) {
        int64_t *sums = xm_scratch(XM_SLOT_SUMS, t->m * t->n * sizeof(int64_t));
        double *out = xm_scratch(XM_SLOT_OUT, t->m * t->n * sizeof(double));
        if (sums == NULL || out == NULL) return XM_NO_MEMORY;
        dot_rows(left, t->m, t->qb, t->n, t->k, sums);
        return deliver(t, 0, t->n, sums, out);
    }
    size_t depth = t->k < XM_BLOCK ? (t->k == 0 ? 1 : t->k) : XM_BLOCK;
    size_t tile = TILE_VALUES / depth;
    if (t->folded) { // whole rows of b are contiguous, so tiles are shallow and wide
        tile = t->n < XM_BLOCK ? t->n : XM_BLOCK;
        depth = TILE_VALUES / tile;
    }
    tile = tile < 16 ? 16 : tile;
    for (size_t n0 = 0; n0 < t->n; n0 += tile) {
        size_t width = t->n - n0 < tile ? t->n - n0 : tile;
        XM_TRY(product_tile(t, left, n0, width, depth));
    }
    return XM_OK;
}

xm_status xm_contract(const float *qa, const int32_t *ea, size_t m, const float *qb,
                      const int32_t *eb, size_t n, size_t k, float *c, uint64_t *trace) {
    task t = {qa, ea, m, qb, eb, n, k, false, c, NULL, trace};
    return run(&t);
}

xm_status xm_contract_folded(const float *qa, const int32_t *ea, size_t m, const float *qb,
                             size_t n, size_t k, float *c, uint64_t *trace) {
    task t = {qa, ea, m, qb, NULL, n, k, true, c, NULL, trace};
    return run(&t);
}

xm_status xm_contract_sums(const float *qa, size_t m, const float *qb, size_t n, size_t k,
                           int64_t *sums) {
    task t = {qa, NULL, m, qb, NULL, n, k, false, NULL, sums, NULL};
    return run(&t);
}
