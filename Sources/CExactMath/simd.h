// Our own multiplying kernels (simd_kernels.c), as contraction_simd.c uses them.
#ifndef OPENLEDGER_EXACTMATH_SIMD_H
#define OPENLEDGER_EXACTMATH_SIMD_H

#include <stdatomic.h>

#include "contraction.h"

// Columns of a panel; accumulators, columns and rows of a tile.
enum { XM_PANEL = 32, XM_SIMD_SUMS = 24, XM_SIMD_COLUMNS = 8, XM_SIMD_ROWS = 6 };

typedef struct {
    // out[i * ldo + j] = sum over p < k of a[i * lda + p] * b[j * ldb + p];
    // rows <= XM_SIMD_ROWS, k <= XM_BLOCK.
    void (*dots)(const double *a, size_t lda, size_t rows, const float *b, size_t ldb,
                 size_t columns, size_t k, double *out, size_t ldo);
    // out[i * ldo + j] = sum over p < k of a[i * lda + p] * b[p * XM_PANEL + j], j < XM_PANEL;
    // rows <= XM_SIMD_ROWS.
    void (*panels)(const double *a, size_t lda, size_t rows, const float *b, size_t k, double *out,
                   size_t ldo);
} xm_kernels;

xm_kernels xm_simd_kernels(void);
// True where these kernels were measured to beat the BLAS libraries (docs/benchmarks.md).
bool xm_simd_is_fastest(void);

// One block of the contracted index, k0...k0+step-1, as every thread sees it.
typedef struct xm_work xm_work;
struct xm_work {
    const xm_product *t;
    xm_kernels kernels;
    // Columns n0...n0+width-1 of the result.
    xm_status (*strip)(const xm_work *w, size_t n0, size_t width);
    size_t k0, step;
    const double *left;   // the block of a in float64, [m, step]
    const int16_t *limbs; // or in limbs, [3, m, xm_limb_columns(step)]
    size_t left_rows;     // rows of a that are multiplied at a time
    int64_t *sums;        // of all blocks, [m, width] for each strip, from n0 * m; null for one block
    _Atomic uint64_t *trace;
};
enum { XM_STRIP = 96 }; // columns of the result per strip: three panels

// A rectangle whose sums over this block are in out, [rows, width]: delivered, or added to those of
// the other blocks.
xm_status xm_finish_rows(const xm_work *w, const xm_tile *tile, double *out);
// to[p * XM_PANEL + j] = from[j * stride + p], values of 32 bits.
void xm_turn(const float *from, size_t stride, size_t columns, size_t count, float *to);

// --- Integer kernels for AVX-512 VNNI (contraction_limbs.c) ---

enum { XM_LIMB_DEPTH = 2016 }; // columns whose products of limbs have sums of 32 bits
bool xm_has_limbs(void);
size_t xm_limb_columns(size_t step);
// limbs + 0, 1, 2 times `apart` = those of count numbers, and one more zero if count is odd.
void xm_split(const float *x, size_t count, int16_t *limbs, size_t apart);
// limbs [3, m, xm_limb_columns(step)] of columns k0...k0+step-1 of a.
void xm_limb_left(const xm_product *t, size_t k0, size_t step, int16_t *limbs);
// out = or += the sums that products of limbs stand for. [count]
void xm_join_limbs(const int32_t *hh, const int32_t *ll, const int32_t *ss, size_t count, bool add,
                   double *out);
xm_status xm_limb_strip(const xm_work *w, size_t n0, size_t width);

// The same for fewer rows of a (limb_dots.c).
void xm_limb_dot_left(const xm_product *t, size_t k0, size_t step, int16_t *limbs);
xm_status xm_limb_dot_strip(const xm_work *w, size_t n0, size_t width);

#endif
