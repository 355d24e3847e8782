// The kernels of contraction_simd.c for one instruction set; included once for each. The including
// file defines NAME(x), TARGET, LANES, COLUMNS (of b at a time), VECTORS (of a panel), the vector type `vector`, and
//   ZERO(), FMA(a, b, c), LOAD(p), SPREAD(p) (float64; one value to all lanes),
//   WIDEN(p) (float32 to float64), SUM(v) (of the lanes), STORE(p, v),
//   LOAD_PART(p, count), WIDEN_PART(p, count) (the rest zero).
// Every sum is an integer of at most 2^52, so order, fusing and lanes do not matter.

#define KERNEL static inline __attribute__((always_inline)) TARGET

// out[i * ldo + j] = sum over p < k of a[i * lda + p] * b[j * ldb + p], `rows` x `columns`
// constant after inlining.
KERNEL void NAME(dot_tile)(const double *a, size_t lda, size_t rows, const float *b, size_t ldb,
                           size_t columns, size_t k, double *out, size_t ldo) {
    vector s[XM_SIMD_SUMS];
    for (size_t x = 0; x < rows * columns; x++) s[x] = ZERO();
    size_t p = 0;
    for (; p + LANES <= k; p += LANES) {
        vector right[XM_SIMD_COLUMNS];
        for (size_t j = 0; j < columns; j++) right[j] = WIDEN(b + j * ldb + p);
        for (size_t i = 0; i < rows; i++) {
            vector left = LOAD(a + i * lda + p);
            for (size_t j = 0; j < columns; j++)
                s[i * columns + j] = FMA(left, right[j], s[i * columns + j]);
        }
    }
    if (p < k)
        for (size_t j = 0; j < columns; j++) {
            vector right = WIDEN_PART(b + j * ldb + p, k - p);
            for (size_t i = 0; i < rows; i++)
                s[i * columns + j] =
                    FMA(LOAD_PART(a + i * lda + p, k - p), right, s[i * columns + j]);
        }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) out[i * ldo + j] = SUM(s[i * columns + j]);
}

// All columns for `rows` rows of a: in groups of `wide`, then one by one.
KERNEL void NAME(dot_rows)(const double *a, size_t lda, size_t rows, const float *b, size_t ldb,
                           size_t columns, size_t wide, size_t k, double *out, size_t ldo) {
    size_t j = 0;
    for (; j + wide <= columns; j += wide)
        NAME(dot_tile)(a, lda, rows, b + j * ldb, ldb, wide, k, out + j, ldo);
    for (; j < columns; j++) NAME(dot_tile)(a, lda, rows, b + j * ldb, ldb, 1, k, out + j, ldo);
}

TARGET static void NAME(dots)(const double *a, size_t lda, size_t rows, const float *b, size_t ldb,
                              size_t columns, size_t k, double *out, size_t ldo) {
    switch (rows) {
    case 1: NAME(dot_rows)(a, lda, 1, b, ldb, columns, 8, k, out, ldo); break;
    case 2: NAME(dot_rows)(a, lda, 2, b, ldb, columns, 4, k, out, ldo); break;
    case 3: NAME(dot_rows)(a, lda, 3, b, ldb, columns, COLUMNS, k, out, ldo); break;
    case 4: NAME(dot_rows)(a, lda, 4, b, ldb, columns, COLUMNS, k, out, ldo); break;
    case 5: NAME(dot_rows)(a, lda, 5, b, ldb, columns, COLUMNS, k, out, ldo); break;
    default: NAME(dot_rows)(a, lda, 6, b, ldb, columns, COLUMNS, k, out, ldo); break;
    }
}

// out[i * ldo + j] = sum over p < k of a[i * lda + p] * b[p * XM_PANEL + j], j < VECTORS * LANES.
KERNEL void NAME(panel_tile)(const double *a, size_t lda, size_t rows, const float *b, size_t k,
                             double *out, size_t ldo) {
    vector s[XM_SIMD_SUMS];
    for (size_t x = 0; x < rows * VECTORS; x++) s[x] = ZERO();
    for (size_t p = 0; p < k; p++) {
        vector right[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) right[v] = WIDEN(b + p * XM_PANEL + v * LANES);
        for (size_t i = 0; i < rows; i++) {
            vector left = SPREAD(a + i * lda + p);
            for (size_t v = 0; v < VECTORS; v++)
                s[i * VECTORS + v] = FMA(left, right[v], s[i * VECTORS + v]);
        }
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t v = 0; v < VECTORS; v++) STORE(out + i * ldo + v * LANES, s[i * VECTORS + v]);
}

// A panel of XM_PANEL columns for `rows` rows of a.
TARGET static void NAME(panels)(const double *a, size_t lda, size_t rows, const float *b, size_t k,
                                double *out, size_t ldo) {
    for (size_t j = 0; j < XM_PANEL; j += VECTORS * LANES) {
        switch (rows) {
        case 1: NAME(panel_tile)(a, lda, 1, b + j, k, out + j, ldo); break;
        case 2: NAME(panel_tile)(a, lda, 2, b + j, k, out + j, ldo); break;
        case 3: NAME(panel_tile)(a, lda, 3, b + j, k, out + j, ldo); break;
        case 4: NAME(panel_tile)(a, lda, 4, b + j, k, out + j, ldo); break;
        case 5: NAME(panel_tile)(a, lda, 5, b + j, k, out + j, ldo); break;
        default: NAME(panel_tile)(a, lda, 6, b + j, k, out + j, ldo); break;
        }
    }
}

#undef KERNEL
#undef NAME
#undef TARGET
#undef LANES
#undef COLUMNS
#undef VECTORS
#undef vector
#undef ZERO
#undef FMA
#undef LOAD
#undef SPREAD
#undef WIDEN
#undef SUM
#undef STORE
#undef LOAD_PART
#undef WIDEN_PART
