// The contraction by a floating-point BLAS as a fast integer multiplier. Each block of at most
// XM_BLOCK columns has an exact sum: products are at most 2^40, so every partial sum in any order,
// fused or not, is an integer of at most 2^52. Blocks are added as Int64.
#include "contraction.h"

enum { TILE_VALUES = 1 << 17 };

typedef struct {
    const xm_product *t;
    xm_gemm_function gemm;
    const double *left; // a in float64, [m, k]
    size_t depth;       // columns of the contracted index per call
} work;

// Columns n0...n0+width-1 of the result over the contracted columns k0...k0+step-1.
static void multiply(const work *w, size_t n0, size_t width, size_t k0, size_t step,
                     bool accumulate, double *tile, double *out) {
    const xm_product *t = w->t;
    size_t row = t->folded ? k0 : n0, rows = t->folded ? step : width;
    size_t column = t->folded ? n0 : k0, columns = t->folded ? width : step;
    float space[XM_BLOCK];
    for (size_t r = 0; r < rows; r++)
        xm_widen(xm_right_row(t, row + r, column, columns, space), 1, columns, columns,
                 tile + r * columns);
    xm_gemm g = {t->m, width,   step,       w->left + k0, t->k, tile,
                 columns, !t->folded, accumulate, out, width};
    w->gemm(&g);
}

static xm_status product_tile(const work *w, size_t n0, size_t width) {
    const xm_product *t = w->t;
    double *tile = xm_scratch(XM_SLOT_TILE, width * w->depth * sizeof(double));
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
        size_t step = t->k - k0 < w->depth ? t->k - k0 : w->depth;
        step = step < XM_BLOCK - in_block ? step : XM_BLOCK - in_block;
        // Within one block, sums continue in float64: still at most 2^52.
        multiply(w, n0, width, k0, step, in_block > 0, tile, out);
        k0 += step;
        in_block += step;
        if (in_block == XM_BLOCK || k0 == t->k) {
            if (sums != NULL) xm_add_block(out, t->m * width, sums);
            in_block = 0;
        }
    }
    xm_tile whole = {0, t->m, n0, width};
    return xm_deliver(t, &whole, sums, out);
}

xm_status xm_product_blas(const xm_product *t, xm_gemm_function gemm) {
    if (gemm == NULL) return XM_UNAVAILABLE;
    double *left = xm_scratch(XM_SLOT_LEFT, (t->m * t->k + 1) * sizeof(double));
    if (left == NULL) return XM_NO_MEMORY;
    xm_widen(t->qa, t->m, t->k, t->k, left);
    size_t depth = t->k < XM_BLOCK ? (t->k == 0 ? 1 : t->k) : XM_BLOCK;
    size_t tile = TILE_VALUES / depth;
    if (t->folded) { // whole rows of b are contiguous, so tiles are shallow and wide
        tile = t->n < XM_BLOCK ? t->n : XM_BLOCK;
        depth = TILE_VALUES / tile;
    }
    tile = tile < 16 ? 16 : tile;
    work w = {t, gemm, left, depth};
    for (size_t n0 = 0; n0 < t->n; n0 += tile)
        XM_TRY(product_tile(&w, n0, t->n - n0 < tile ? t->n - n0 : tile));
    return XM_OK;
}
