// The contraction by our own kernels. Operands stay float32 integers in memory, half of what
// float64 takes, and rows of b are read in place. Rows of a go in blocks that fit the second cache.
#include "simd.h"

enum { LEFT_BYTES = 448 << 10, OUT_COLUMNS = 96 };

typedef struct {
    const xm_product *t;
    xm_kernels kernels;
    const double *left; // a in float64, [m, k]
} work;


// Sums over columns k0...k0+step-1 of the contracted index for a tile of a * b^T.
static void dot_block(const work *w, const xm_tile *tile, size_t k0, size_t step, double *out) {
    const xm_product *t = w->t;
    size_t groups = (tile->rows + w->kernels.dot_rows - 1) / w->kernels.dot_rows;
    size_t each = (tile->rows + groups - 1) / groups;
    enum { STRIP = 8 }; // rows of b that stay in the first cache while all rows of a pass
    for (size_t j = 0; j < tile->width; j += STRIP) {
        size_t columns = tile->width - j < STRIP ? tile->width - j : STRIP;
        const float *right = t->qb + (tile->n0 + j) * t->k + k0;
        for (size_t i = 0; i < tile->rows; i += each)
            w->kernels.dots(w->left + (tile->i0 + i) * t->k + k0, t->k,
                            tile->rows - i < each ? tile->rows - i : each, right, t->k, columns,
                            step, out + i * tile->width + j, tile->width);
    }
}

// The same for a * b: columns of b are copied to a panel first.
static xm_status panel_block(const work *w, const xm_tile *tile, size_t k0, size_t step,
                             double *out) {
    const xm_product *t = w->t;
    float *panel = xm_scratch(XM_SLOT_TILE, (step + 1) * XM_PANEL * sizeof(float));
    double result[XM_PANEL_ROWS * XM_PANEL];
    if (panel == NULL) return XM_NO_MEMORY;
    for (size_t j = 0; j < tile->width; j += XM_PANEL) {
        size_t columns = tile->width - j < XM_PANEL ? tile->width - j : XM_PANEL;
        memset(panel, 0, columns < XM_PANEL ? step * XM_PANEL * sizeof(float) : 0);
        for (size_t p = 0; p < step; p++)
            memcpy(panel + p * XM_PANEL, t->qb + (k0 + p) * t->n + tile->n0 + j,
                   columns * sizeof(float));
        for (size_t i = 0; i < tile->rows; i += XM_PANEL_ROWS) {
            size_t rows = tile->rows - i < XM_PANEL_ROWS ? tile->rows - i : XM_PANEL_ROWS;
            w->kernels.panels(w->left + (tile->i0 + i) * t->k + k0, t->k, rows, panel, step, result,
                              XM_PANEL);
            for (size_t r = 0; r < rows; r++)
                memcpy(out + (i + r) * tile->width + j, result + r * XM_PANEL,
                       columns * sizeof(double));
        }
    }
    return XM_OK;
}

static xm_status product_tile(const work *w, const xm_tile *tile) {
    const xm_product *t = w->t;
    size_t count = tile->rows * tile->width;
    double *out = xm_scratch(XM_SLOT_OUT, count * sizeof(double));
    int64_t *sums = NULL;
    if (out == NULL) return XM_NO_MEMORY;
    if (t->k > XM_BLOCK) {
        sums = xm_scratch(XM_SLOT_SUMS, count * sizeof(int64_t));
        if (sums == NULL) return XM_NO_MEMORY;
        memset(sums, 0, count * sizeof(int64_t));
    }
    size_t k0 = 0;
    do {
        size_t step = t->k - k0 < XM_BLOCK ? t->k - k0 : XM_BLOCK;
        if (t->folded)
            XM_TRY(panel_block(w, tile, k0, step, out));
        else
            dot_block(w, tile, k0, step, out);
        if (sums != NULL) xm_add_block(out, count, sums);
        k0 += step;
    } while (k0 < t->k);
    return xm_deliver(t, tile, sums, out);
}

xm_status xm_product_simd(const xm_product *t) {
    double *left = xm_scratch(XM_SLOT_LEFT, (t->m * t->k + 1) * sizeof(double));
    if (left == NULL) return XM_NO_MEMORY;
    xm_widen(t->qa, t->m, t->k, t->k, left);
    work w = {t, xm_simd_kernels(), left};
    size_t depth = t->k < XM_BLOCK ? t->k + 1 : XM_BLOCK;
    size_t rows = LEFT_BYTES / sizeof(double) / depth / XM_PANEL_ROWS * XM_PANEL_ROWS;
    rows = rows < XM_PANEL_ROWS ? XM_PANEL_ROWS : rows;
    for (size_t i0 = 0; i0 < t->m; i0 += rows)
        for (size_t n0 = 0; n0 < t->n; n0 += OUT_COLUMNS) {
            xm_tile tile = {i0, t->m - i0 < rows ? t->m - i0 : rows, n0,
                            t->n - n0 < OUT_COLUMNS ? t->n - n0 : OUT_COLUMNS};
            XM_TRY(product_tile(&w, &tile));
        }
    return XM_OK;
}
