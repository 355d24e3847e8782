// What the backends of the contraction share.
#ifndef OPENLEDGER_EXACTMATH_CONTRACTION_H
#define OPENLEDGER_EXACTMATH_CONTRACTION_H

#include "internal.h"

// One product: c = a * b^T with b [n, k], or, when folded, c = a * b with b [k, n].
typedef struct {
    const float *qa;
    const int32_t *ea;
    size_t m;
    const float *qb;       // null when b is coded
    const xm_coded *coded; // or null
    const int32_t *eb;     // null when the scales of b are folded into a
    size_t n, k;
    bool folded;
    float *c;
    int64_t *sums; // wanted instead of c when not null
    uint64_t *trace;
} xm_product;

// A rectangle of the result: rows i0...i0+rows-1, columns n0...n0+width-1.
typedef struct {
    size_t i0, rows, n0, width;
} xm_tile;

// Takes the sums S of a tile, [rows, width], from `whole` when it is not null, else from `s`, which
// holds integers; scales and rounds them into c (or copies them to sums) and adds to the trace.
// `s` is scratch when `whole` is given.
xm_status xm_deliver(const xm_product *t, const xm_tile *tile, const int64_t *whole, double *s);

// out [count] = integers of columns first...first+count-1, both multiples of 32, of a coded row.
void xm_decode(const xm_coded *x, size_t row, size_t first, size_t count, float *out);
// The same as limbs of 16 bits (contraction_limbs.c), at limbs + 0, 1, 2 times `apart`, where
// xm_has_limbs(). Of codes with levels the second and third 16 of every 64 columns change places.
void xm_decode_limbs(const xm_coded *x, size_t row, size_t first, size_t count, int16_t *limbs,
                     size_t apart);
// out [rows, width] = sums over count columns of rows n0... of x, from column `first`, times rows
// of a (row stride lda), without decoding to memory. False, and nothing done, where that is not
// to be had: more than a few rows, or another processor.
bool xm_coded_dots(const xm_coded *x, const xm_tile *tile, size_t first, size_t count,
                   const double *a, size_t lda, double *out);
// Whether the shape is one that can be decoded.
xm_status xm_coded_check(const xm_coded *x);
// Columns first...first+count-1 of a row of b: in place, or decoded to `space` [count]. When b is
// coded, both are multiples of 32 or reach to the row's end.
const float *xm_right_row(const xm_product *t, size_t row, size_t first, size_t count,
                          float *space);

// out [rows, columns] = rows of x in float64, from a matrix of `stride` columns.
void xm_widen(const float *x, size_t rows, size_t columns, size_t stride, double *out);
// sums += block, whole numbers. [count]
void xm_add_block(const double *block, size_t count, int64_t *sums);

// --- The backends: all sums of a product, tile by tile, through xm_deliver ---

xm_status xm_product_reference(const xm_product *t);
xm_status xm_product_simd(const xm_product *t);

// Row-major: c [m, n] = a [m, k] * b (+ c if `accumulate`), b [n, k] transposed or [k, n].
typedef struct {
    size_t m, n, k;
    const double *a;
    size_t lda;
    const double *b;
    size_t ldb;
    bool transposed, accumulate;
    double *c;
    size_t ldc;
} xm_gemm;
typedef void (*xm_gemm_function)(const xm_gemm *g);
xm_status xm_product_blas(const xm_product *t, xm_gemm_function gemm);

// --- Choice of the backend (backend.c) ---

// The backend in use; XM_UNAVAILABLE if the environment names one that is not here.
xm_status xm_current_backend(xm_backend *backend);
// The product functions of the libraries, or null.
xm_gemm_function xm_blis(void);
xm_gemm_function xm_openblas(void);
// Threads that one product may use.
int xm_threads(void);

#endif
