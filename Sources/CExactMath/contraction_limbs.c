// The contraction with integer instructions. A number q of 20 bits is h * 2^10 + l with h in
// -1024...1024 and l in -512...511, and the product of two is, by Karatsuba's identity,
//   h h' * 2^20 + (s s' - h h' - l l') * 2^10 + l l', s = h + l,
// three products of 16 bits, which VNNI sums in pairs 32 to an instruction, modulo 2^32. Sums of h h',
// l l' and the middle over XM_LIMB_DEPTH columns stay below 2^31, so their remainders tell them; they
// are joined in float64, exact up to 2^52.
#include "simd.h"

#if defined(__x86_64__) && (!defined(XM_NO_CLONES) || defined(__AVX512VNNI__))
#include <immintrin.h>
#define XM_HAS_LIMBS 1
#endif

enum { LIMBS = 3, ROWS = 12 };

size_t xm_limb_columns(size_t step) { return step + step % 2; }

#if !defined(XM_HAS_LIMBS)

bool xm_has_limbs(void) { return false; }

void xm_limb_left(const xm_product *t, size_t k0, size_t step, int16_t *limbs) {
    (void)t, (void)k0, (void)step, (void)limbs;
}

xm_status xm_limb_strip(const xm_work *w, size_t n0, size_t width) {
    (void)w, (void)n0, (void)width;
    return XM_UNAVAILABLE;
}

#else

bool xm_has_limbs(void) {
#if defined(XM_NO_CLONES)
    return true;
#else
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vnni");
#endif
}

// h, l and s of count numbers, at limbs + 0, 1, 2 times `apart`; one more zero if count is odd.
XM_KERNEL static void split(const float *x, size_t count, int16_t *limbs, size_t apart) {
    for (size_t i = 0; i < count; i++) {
        int32_t q = (int32_t)x[i], h = (q + 512) >> 10, l = q - h * 1024;
        limbs[i] = (int16_t)h;
        limbs[apart + i] = (int16_t)l;
        limbs[2 * apart + i] = (int16_t)(h + l);
    }
    if (count % 2 != 0) limbs[count] = limbs[apart + count] = limbs[2 * apart + count] = 0;
}

void xm_limb_left(const xm_product *t, size_t k0, size_t step, int16_t *limbs) {
    size_t columns = xm_limb_columns(step);
    for (size_t i = 0; i < t->m; i++)
        split(t->qa + i * t->k + k0, step, limbs + i * columns, t->m * columns);
}

void xm_split(const float *x, size_t count, int16_t *limbs, size_t apart) {
    split(x, count, limbs, apart);
}

// One pair of rows of b as three rows of pairs: the low half from x, the high one from y.
XM_KERNEL static void split_pair(const float *x, const float *y, size_t count, uint32_t *pairs,
                                 size_t apart) {
    for (size_t i = 0; i < count; i++) {
        int32_t q = (int32_t)x[i], h = (q + 512) >> 10, l = q - h * 1024;
        int32_t r = (int32_t)y[i], g = (r + 512) >> 10, m = r - g * 1024;
        pairs[i] = ((uint32_t)h & 0xffffu) | (uint32_t)g << 16;
        pairs[apart + i] = ((uint32_t)l & 0xffffu) | (uint32_t)m << 16;
        pairs[2 * apart + i] = ((uint32_t)(h + l) & 0xffffu) | (uint32_t)(g + m) << 16;
    }
}

// out [rows, XM_PANEL]: sums over `pairs` pairs of a (rows `lda` numbers apart) and of a panel.
__attribute__((target("avx512f,avx512bw,avx512vnni"), always_inline)) static inline void limb_tile(
    const int16_t *a, size_t lda, size_t rows, const uint32_t *b, size_t pairs, int32_t *out) {
    __m512i s[2 * ROWS];
    for (size_t i = 0; i < 2 * rows; i++) s[i] = _mm512_setzero_si512();
    for (size_t p = 0; p < pairs; p++) {
        __m512i first = _mm512_loadu_si512(b + p * XM_PANEL);
        __m512i second = _mm512_loadu_si512(b + p * XM_PANEL + 16);
        for (size_t i = 0; i < rows; i++) {
            int32_t pair;
            memcpy(&pair, a + i * lda + 2 * p, sizeof pair);
            __m512i left = _mm512_set1_epi32(pair);
            s[2 * i] = _mm512_dpwssd_epi32(s[2 * i], left, first);
            s[2 * i + 1] = _mm512_dpwssd_epi32(s[2 * i + 1], left, second);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        _mm512_storeu_si512(out + i * XM_PANEL, s[2 * i]);
        _mm512_storeu_si512(out + i * XM_PANEL + 16, s[2 * i + 1]);
    }
}

#define XM_LIMB_CASE(count) \
    case count: limb_tile(a, lda, count, b, pairs, out); break;

__attribute__((target("avx512f,avx512bw,avx512vnni"))) static void limb_rows(
    const int16_t *a, size_t lda, size_t rows, const uint32_t *b, size_t pairs, int32_t *out) {
    switch (rows) {
        XM_LIMB_CASE(1)
        XM_LIMB_CASE(2)
        XM_LIMB_CASE(3)
        XM_LIMB_CASE(4)
        XM_LIMB_CASE(5)
        XM_LIMB_CASE(6)
        XM_LIMB_CASE(7)
        XM_LIMB_CASE(8)
        XM_LIMB_CASE(9)
        XM_LIMB_CASE(10)
        XM_LIMB_CASE(11)
    default: limb_tile(a, lda, ROWS, b, pairs, out); break;
    }
}

// out = or += the sums that the products of limbs stand for. [columns]
XM_KERNEL static void join(const int32_t *hh, const int32_t *ll, const int32_t *ss, size_t columns,
                           bool add, double *out) {
    for (size_t j = 0; j < columns; j++) {
        int32_t middle = (int32_t)((uint32_t)ss[j] - (uint32_t)hh[j] - (uint32_t)ll[j]);
        double sum = (double)hh[j] * 0x1p20 + (double)middle * 0x1p10 + (double)ll[j];
        out[j] = add ? out[j] + sum : sum;
    }
}

void xm_join_limbs(const int32_t *hh, const int32_t *ll, const int32_t *ss, size_t count, bool add,
                   double *out) {
    join(hh, ll, ss, count, add, out);
}

// Panels of a strip: [panel, limb, pair, XM_PANEL], zero beyond the last column.
static xm_status fetch(const xm_work *w, size_t n0, size_t width, uint32_t *space) {
    const xm_product *t = w->t;
    size_t pairs = xm_limb_columns(w->step) / 2, apart = pairs * XM_PANEL;
    float *rows = xm_scratch(XM_SLOT_TILE, (2 * w->step + 2 * XM_STRIP + 1) * sizeof(float));
    int16_t *limbs = xm_scratch(XM_SLOT_LIMBS, XM_PANEL * LIMBS * 4 * (pairs + 1));
    if (rows == NULL || limbs == NULL) return XM_NO_MEMORY;
    if (width % XM_PANEL != 0)
        memset(space + width / XM_PANEL * LIMBS * apart, 0, LIMBS * apart * sizeof(uint32_t));
    if (t->folded) {
        static const float zeros[XM_STRIP];
        for (size_t p = 0; p < w->step; p += 2) {
            const float *x = xm_right_row(t, w->k0 + p, n0, width, rows);
            const float *y = p + 1 < w->step
                                 ? xm_right_row(t, w->k0 + p + 1, n0, width, rows + XM_STRIP)
                                 : zeros;
            for (size_t j = 0; j < width; j += XM_PANEL)
                split_pair(x + j, y + j, width - j < XM_PANEL ? width - j : XM_PANEL,
                           space + j / XM_PANEL * LIMBS * apart + p / 2 * XM_PANEL, apart);
        }
        return XM_OK;
    }
    for (size_t j0 = 0; j0 < width; j0 += XM_PANEL) {
        size_t columns = width - j0 < XM_PANEL ? width - j0 : XM_PANEL;
        for (size_t j = 0; j < columns; j++)
            split(xm_right_row(t, n0 + j0 + j, w->k0, w->step, rows), w->step,
                  limbs + j * 2 * pairs, XM_PANEL * 2 * pairs);
        for (size_t limb = 0; limb < LIMBS; limb++)
            xm_turn((const float *)(limbs + limb * XM_PANEL * 2 * pairs), pairs, columns, pairs,
                    (float *)(space + (j0 / XM_PANEL * LIMBS + limb) * apart));
    }
    return XM_OK;
}

// out [rows, width] for rows i0...i0+rows-1 of a.
static void multiply(const xm_work *w, const uint32_t *space, size_t i0, size_t rows, size_t width,
                     double *out) {
    size_t columns = xm_limb_columns(w->step), pairs = columns / 2, apart = pairs * XM_PANEL;
    int32_t products[LIMBS][ROWS * XM_PANEL];
    size_t groups = (rows + ROWS - 1) / ROWS, each = (rows + groups - 1) / groups;
    for (size_t j = 0; j < width; j += XM_PANEL)
        for (size_t i = 0; i < rows; i += each) {
            size_t some = rows - i < each ? rows - i : each;
            for (size_t p = 0; p < pairs || p == 0; p += XM_LIMB_DEPTH / 2) {
                size_t depth = pairs - p < XM_LIMB_DEPTH / 2 ? pairs - p : XM_LIMB_DEPTH / 2;
                for (size_t limb = 0; limb < LIMBS; limb++)
                    limb_rows(w->limbs + (limb * w->t->m + i0 + i) * columns + 2 * p, columns, some,
                              space + (j / XM_PANEL * LIMBS + limb) * apart + p * XM_PANEL, depth,
                              products[limb]);
                for (size_t r = 0; r < some; r++)
                    join(products[0] + r * XM_PANEL, products[1] + r * XM_PANEL,
                         products[2] + r * XM_PANEL, width - j < XM_PANEL ? width - j : XM_PANEL,
                         p > 0, out + (i + r) * width + j);
            }
        }
}

xm_status xm_limb_strip(const xm_work *w, size_t n0, size_t width) {
    const xm_product *t = w->t;
    size_t panels = (width + XM_PANEL - 1) / XM_PANEL, apart = (w->step + 1) / 2 * XM_PANEL;
    uint32_t *space = xm_scratch(XM_SLOT_PANEL, (panels * LIMBS * apart + 1) * sizeof(uint32_t));
    double *out = xm_scratch(XM_SLOT_OUT, w->left_rows * width * sizeof(double));
    if (space == NULL || out == NULL) return XM_NO_MEMORY;
    XM_TRY(fetch(w, n0, width, space));
    for (size_t i0 = 0; i0 < t->m; i0 += w->left_rows) {
        xm_tile tile = {i0, t->m - i0 < w->left_rows ? t->m - i0 : w->left_rows, n0, width};
        multiply(w, space, i0, tile.rows, width, out);
        XM_TRY(xm_finish_rows(w, &tile, out));
    }
    return XM_OK;
}

#endif
