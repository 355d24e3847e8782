// The contraction with integer instructions (contraction_limbs.c) for few rows of a: rows of b are
// split or decoded in the cache, some at a time, and need not be turned.
#include "simd.h"

#if defined(__x86_64__) && (!defined(XM_NO_CLONES) || defined(__AVX512VNNI__))
#include <immintrin.h>

enum { LIMBS = 3, ROWS = 6, COLUMNS = 4, WIDE = 32 };
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))
#define VNNI_INLINE VNNI __attribute__((always_inline)) static inline

// The sums of four vectors' lanes.
VNNI_INLINE __m128i sums_of(const __m512i v[COLUMNS]) {
    __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]),
                                 _mm512_unpackhi_epi32(v[0], v[1]));
    __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]),
                                 _mm512_unpackhi_epi32(v[2], v[3]));
    __m512i c = _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    __m256i d = _mm256_add_epi32(_mm512_castsi512_si256(c), _mm512_extracti64x4_epi64(c, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
}

// out [rows, COLUMNS] = sums over p < k of rows of a times rows of b. `rows` is constant after
// inlining.
VNNI_INLINE void dot_tile(const int16_t *a, size_t lda, size_t rows, const int16_t *b, size_t ldb,
                          size_t k, int32_t *out) {
    __m512i s[ROWS * COLUMNS];
    for (size_t i = 0; i < rows * COLUMNS; i++) s[i] = _mm512_setzero_si512();
    for (size_t p = 0; p < k; p += WIDE) {
        __mmask32 part = k - p < WIDE ? (__mmask32)((1u << (k - p)) - 1) : 0xffffffffu;
        __m512i right[COLUMNS];
        for (size_t j = 0; j < COLUMNS; j++)
            right[j] = _mm512_maskz_loadu_epi16(part, b + j * ldb + p);
        for (size_t i = 0; i < rows; i++) {
            __m512i left = _mm512_maskz_loadu_epi16(part, a + i * lda + p);
            for (size_t j = 0; j < COLUMNS; j++)
                s[i * COLUMNS + j] = _mm512_dpwssd_epi32(s[i * COLUMNS + j], left, right[j]);
        }
    }
    for (size_t i = 0; i < rows; i++)
        _mm_storeu_si128((__m128i *)(out + i * COLUMNS), sums_of(s + i * COLUMNS));
}

#define XM_DOT_CASE(count) \
    case count: dot_tile(a, lda, count, b, ldb, k, out); break;

VNNI static void dots(const int16_t *a, size_t lda, size_t rows, const int16_t *b, size_t ldb,
                      size_t k, int32_t *out) {
    switch (rows) {
        XM_DOT_CASE(1)
        XM_DOT_CASE(2)
        XM_DOT_CASE(3)
        XM_DOT_CASE(4)
        XM_DOT_CASE(5)
    default: dot_tile(a, lda, ROWS, b, ldb, k, out); break;
    }
}

// Where codes of 4 bits are decoded two runs at a time, the second and third 16 of 64 columns change
// places; so they do here.
void xm_limb_dot_left(const xm_product *t, size_t k0, size_t step, int16_t *limbs) {
    xm_limb_left(t, k0, step, limbs);
    if (t->coded == NULL || t->coded->levels == NULL) return;
    size_t columns = xm_limb_columns(step);
    for (size_t row = 0; row < LIMBS * t->m; row++)
        for (size_t c = 0; c + 64 <= step; c += 64) {
            int16_t *x = limbs + row * columns + c + 16, second[16];
            memcpy(second, x, sizeof second);
            memcpy(x, x + 16, sizeof second);
            memcpy(x + 16, second, sizeof second);
        }
}

// Rows n0...n0+count-1 of b as limbs, [3, COLUMNS, columns].
static void fetch(const xm_work *w, size_t n0, size_t count, size_t columns, int16_t *limbs) {
    const xm_product *t = w->t;
    for (size_t j = 0; j < count; j++) {
        int16_t *row = limbs + j * columns;
        if (t->coded != NULL)
            xm_decode_limbs(t->coded, n0 + j, w->k0, w->step, row, COLUMNS * columns);
        else
            xm_split(t->qb + (n0 + j) * t->k + w->k0, w->step, row, COLUMNS * columns);
    }
}

// out [rows, count] with rows `ldo` numbers apart.
static void multiply(const xm_work *w, size_t i0, size_t rows, const int16_t *limbs, size_t columns,
                     size_t count, double *out, size_t ldo) {
    int32_t products[LIMBS][ROWS * COLUMNS];
    double sums[ROWS * COLUMNS];
    for (size_t p = 0; p < w->step || p == 0; p += XM_LIMB_DEPTH) {
        size_t depth = w->step - p < XM_LIMB_DEPTH ? w->step - p : XM_LIMB_DEPTH;
        for (size_t limb = 0; limb < LIMBS; limb++)
            dots(w->limbs + (limb * w->t->m + i0) * columns + p, columns, rows,
                 limbs + limb * COLUMNS * columns + p, columns, depth, products[limb]);
        xm_join_limbs(products[0], products[1], products[2], rows * COLUMNS, p > 0, sums);
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < count; j++) out[i * ldo + j] = sums[i * COLUMNS + j];
}

xm_status xm_limb_dot_strip(const xm_work *w, size_t n0, size_t width) {
    const xm_product *t = w->t;
    size_t columns = xm_limb_columns(w->step);
    size_t groups = (t->m + ROWS - 1) / ROWS, each = (t->m + groups - 1) / groups;
    int16_t *limbs = xm_scratch(XM_SLOT_LIMBS, LIMBS * COLUMNS * columns * sizeof(int16_t) + 64);
    double *out = xm_scratch(XM_SLOT_OUT, t->m * width * sizeof(double));
    if (limbs == NULL || out == NULL) return XM_NO_MEMORY;
    for (size_t j = 0; j < width; j += COLUMNS) {
        size_t count = width - j < COLUMNS ? width - j : COLUMNS;
        fetch(w, n0 + j, count, columns, limbs);
        for (size_t i = 0; i < t->m; i += each)
            multiply(w, i, t->m - i < each ? t->m - i : each, limbs, columns, count,
                     out + i * width + j, width);
    }
    xm_tile all = {0, t->m, n0, width};
    return xm_finish_rows(w, &all, out);
}

#else

void xm_limb_dot_left(const xm_product *t, size_t k0, size_t step, int16_t *limbs) {
    (void)t, (void)k0, (void)step, (void)limbs;
}

xm_status xm_limb_dot_strip(const xm_work *w, size_t n0, size_t width) {
    (void)w, (void)n0, (void)width;
    return XM_UNAVAILABLE;
}

#endif
