// Dot products of many rows of 8-bit integers with many others. Exact, so any order will do.
#include "products.h"

#include "parallel.h"

#if defined(__x86_64__) && (!defined(XM_NO_CLONES) || defined(__AVX512VNNI__))
#include <immintrin.h>
#define XM_HAS_TILE 1
#endif

enum {
    SIDE = 4,        // rows and columns of a tile
    COLUMNS = 32,    // of the right operand, which stay in the cache while all rows pass
    CHUNK = 1 << 15, // elements whose products fit an int32_t
};

// A product is at most 2^14.
XM_KERNEL static int64_t dot(const int8_t *left, const int8_t *right, size_t count) {
    int64_t total = 0;
    for (size_t start = 0; start < count; start += CHUNK) {
        size_t end = count - start < CHUNK ? count : start + CHUNK;
        int32_t sum = 0;
        for (size_t k = start; k < end; k++) sum += (int32_t)left[k] * (int32_t)right[k];
        total += sum;
    }
    return total;
}

typedef struct {
    const int8_t *left, *right;
    size_t ldl, ldr, columns, width, ldo;
    double *out;
    bool lower;
} job;

#if defined(XM_HAS_TILE)
// One operand is moved by 128 to be without sign, as the instruction wants it; that adds 128 times
// the sum of the other, which is taken off again.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) static void tile(
    const job *w, const int8_t *left, const int8_t *right, double *out) {
    int64_t total[SIDE][SIDE] = {{0}};
    const __m512i flip = _mm512_set1_epi8(-128);
    for (size_t start = 0; start < w->width; start += CHUNK) {
        size_t end = w->width - start < CHUNK ? w->width : start + CHUNK;
        __m512i s[SIDE][SIDE], own[SIDE];
        for (int r = 0; r < SIDE; r++) {
            own[r] = _mm512_setzero_si512();
            for (int c = 0; c < SIDE; c++) s[r][c] = _mm512_setzero_si512();
        }
        for (size_t k = start; k < end; k += 64) {
            __mmask64 mask = end - k < 64 ? ((__mmask64)1 << (end - k)) - 1 : ~(__mmask64)0;
            __m512i moved[SIDE];
            for (int c = 0; c < SIDE; c++)
                moved[c] = _mm512_xor_si512(
                    _mm512_maskz_loadu_epi8(mask, right + (size_t)c * w->ldr + k), flip);
            for (int r = 0; r < SIDE; r++) {
                __m512i row = _mm512_maskz_loadu_epi8(mask, left + (size_t)r * w->ldl + k);
                own[r] = _mm512_dpbusd_epi32(own[r], flip, row);
                for (int c = 0; c < SIDE; c++) s[r][c] = _mm512_dpbusd_epi32(s[r][c], moved[c], row);
            }
        }
        for (int r = 0; r < SIDE; r++)
            for (int c = 0; c < SIDE; c++)
                total[r][c] += _mm512_reduce_add_epi32(_mm512_sub_epi32(s[r][c], own[r]));
    }
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < SIDE; c++) out[(size_t)r * w->ldo + (size_t)c] = (double)total[r][c];
}

static bool has_tile(void) {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
}
#else
static bool has_tile(void) { return false; }
static void tile(const job *w, const int8_t *left, const int8_t *right, double *out) {
    (void)w, (void)left, (void)right, (void)out;
}
#endif

static xm_status some_rows(const void *context, size_t begin, size_t end) {
    const job *w = context;
    bool tiles = has_tile();
    for (size_t first = 0; first < w->columns; first += COLUMNS) {
        size_t last = first + COLUMNS < w->columns ? first + COLUMNS : w->columns;
        for (size_t i = begin; i < end; i += SIDE) {
            size_t rows = end - i < SIDE ? end - i : SIDE;
            if (w->lower && first >= i + rows) continue;
            for (size_t j = first; j < last; j += SIDE) {
                const int8_t *left = w->left + i * w->ldl, *right = w->right + j * w->ldr;
                double *out = w->out + i * w->ldo + j;
                if (tiles && rows == SIDE && j + SIDE <= last) {
                    tile(w, left, right, out);
                    continue;
                }
                for (size_t r = 0; r < rows; r++)
                    for (size_t c = 0; c < SIDE && j + c < last; c++)
                        out[r * w->ldo + c] =
                            (double)dot(left + r * w->ldl, right + c * w->ldr, w->width);
            }
        }
    }
    return XM_OK;
}

xm_status xm_row_products(const int8_t *left, size_t ldl, size_t rows, const int8_t *right,
                          size_t ldr, size_t columns, size_t width, bool lower, double *out) {
    job w = {.left = left, .right = right, .ldl = ldl, .ldr = ldr, .columns = columns,
              .width = width, .ldo = columns, .out = out, .lower = lower};
    return xm_in_shares(rows, 2 * rows * columns * width, some_rows, &w);
}
