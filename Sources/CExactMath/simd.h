// Our own multiplying kernels (simd_kernels.c), as contraction_simd.c uses them.
#ifndef OPENLEDGER_EXACTMATH_SIMD_H
#define OPENLEDGER_EXACTMATH_SIMD_H

#include "contraction.h"

// Columns of a panel, accumulators of a tile, columns of a tile.
enum { XM_PANEL = 32, XM_SIMD_SUMS = 24, XM_SIMD_COLUMNS = 8, XM_PANEL_ROWS = 6 };

typedef struct {
    size_t dot_rows; // rows that `dots` takes at most
    // out[i * ldo + j] = sum over p < k of a[i * lda + p] * b[j * ldb + p]; k <= XM_BLOCK.
    void (*dots)(const double *a, size_t lda, size_t rows, const float *b, size_t ldb,
                 size_t columns, size_t k, double *out, size_t ldo);
    // out[i * ldo + j] = sum over p < k of a[i * lda + p] * b[p * XM_PANEL + j], j < XM_PANEL;
    // rows <= XM_PANEL_ROWS.
    void (*panels)(const double *a, size_t lda, size_t rows, const float *b, size_t k, double *out,
                   size_t ldo);
} xm_kernels;

xm_kernels xm_simd_kernels(void);
// True where these kernels were measured to beat the BLAS libraries (docs/benchmarks.md).
bool xm_simd_is_fastest(void);

#endif
