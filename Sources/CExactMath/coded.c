// Rows kept as short codes with a scale and an offset for each block of columns, the way model files
// keep them. They stand for the same fixed-point integers as the float32 rows would.
#include "contraction.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { RUN = 32 }; // columns that are decoded at a time

// The value of a level: two float32 roundings, as the readers of model files have it.
XM_INLINE float value_of(float level, const float scale[2]) { return level * scale[0] + scale[1]; }

// The fixed-point integer of a value for power = 2^(20 - e): |value * power| <= 2^20. A zero may be
// negative, which no sum shows.
XM_INLINE float integer_of(float value, float power) {
    return (value * power + 0x1.8p23f) - 0x1.8p23f;
}

// Columns first...first+count-1 of one row: where its codes and scales begin, log2 of the block.
typedef struct {
    const uint8_t *codes;
    const float *scales, *levels;
    int shift;
    float power;
} coded_row;

XM_INLINE coded_row row_of(const xm_coded *x, size_t row) {
    return (coded_row){
        x->codes + row * (x->levels == NULL ? x->columns : x->columns / 2),
        x->scales + row * (x->columns / x->block) * 2,
        x->levels,
        __builtin_ctzll(x->block),
        (float)xm_power_of_two(XM_BITS - x->exponents[row]),
    };
}

enum { XM_CODED_ROWS = 2 }; // rows of a at once; for more, decoding to memory is faster

typedef void (*decoder)(const coded_row *x, size_t first, size_t count, float *out);

XM_KERNEL static void decode_bytes(const coded_row *x, size_t first, size_t count, float *out) {
    const int8_t *codes = (const int8_t *)x->codes;
    for (size_t c = first; c < first + count; c += 16) {
        const float *scale = x->scales + (c >> x->shift) * 2;
        for (size_t i = 0; i < 16; i++)
            out[c - first + i] = integer_of(value_of((float)codes[c + i], scale), x->power);
    }
}

static void decode_nibbles(const coded_row *x, size_t first, size_t count, float *out) {
    float table[16];
    for (size_t c = first; c < first + count; c += RUN, out += RUN) {
        const float *scale = x->scales + (c >> x->shift) * 2;
        const uint8_t *code = x->codes + c / 2;
        for (size_t l = 0; l < 16; l++)
            table[l] = integer_of(value_of(x->levels[l], scale), x->power);
        for (size_t i = 0; i < 16; i++) {
            out[i] = table[code[i] & 15];
            out[16 + i] = table[code[i] >> 4];
        }
    }
}

#if defined(__x86_64__) && (!defined(XM_NO_CLONES) || defined(__AVX512F__))
#define XM_HAS_WIDE_DECODERS 1
#define WIDE __attribute__((target("avx512f")))

WIDE static inline __m512 wide_integers(__m512 level, const float *scale, __m512 power) {
    __m512 value = _mm512_add_ps(_mm512_mul_ps(level, _mm512_set1_ps(scale[0])),
                                 _mm512_set1_ps(scale[1]));
    return _mm512_roundscale_ps(_mm512_mul_ps(value, power),
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

WIDE static void decode_bytes_wide(const coded_row *x, size_t first, size_t count, float *out) {
    __m512 power = _mm512_set1_ps(x->power);
    for (size_t c = first; c < first + count; c += 16, out += 16) {
        __m512i code = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(x->codes + c)));
        const float *scale = x->scales + (c >> x->shift) * 2;
        _mm512_storeu_ps(out, wide_integers(_mm512_cvtepi32_ps(code), scale, power));
    }
}

// The table of a block is one register, and a lookup one instruction for 16 codes.
WIDE static void decode_nibbles_wide(const coded_row *x, size_t first, size_t count, float *out) {
    __m512 level = _mm512_loadu_ps(x->levels), power = _mm512_set1_ps(x->power);
    for (size_t c = first; c < first + count; c += RUN, out += RUN) {
        __m512 table = wide_integers(level, x->scales + (c >> x->shift) * 2, power);
        __m512i code =
            _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(x->codes + c / 2)));
        _mm512_storeu_ps(out, _mm512_permutexvar_ps(code, table));
        _mm512_storeu_ps(out + 16, _mm512_permutexvar_ps(_mm512_srli_epi32(code, 4), table));
    }
}

// sums[r * lds + h] += x's columns c...c+15 times those of row r of a, half h of them.
#define WIDE_INLINE WIDE static inline __attribute__((always_inline))
WIDE_INLINE void add_products(__m512 x, const double *a, size_t lda, size_t rows, __m512d *sums,
                              size_t lds) {
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    __m512d high = _mm512_cvtps_pd(
        _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1)));
    for (size_t r = 0; r < rows; r++) {
        sums[r * lds] = _mm512_fmadd_pd(_mm512_loadu_pd(a + r * lda), low, sums[r * lds]);
        sums[r * lds + 1] = _mm512_fmadd_pd(_mm512_loadu_pd(a + r * lda + 8), high,
                                            sums[r * lds + 1]);
    }
}

// out[r * ldo] = sum over the columns of one coded row times row r of a; decoded values never leave
// the registers. `rows` is constant after inlining.
WIDE_INLINE void dot_coded(const coded_row *x, size_t first, size_t count, const double *a,
                           size_t lda, size_t rows, double *out, size_t ldo) {
    __m512d sums[4 * XM_CODED_ROWS];
    for (size_t i = 0; i < 4 * rows; i++) sums[i] = _mm512_setzero_pd();
    __m512 power = _mm512_set1_ps(x->power);
    __m512 level = x->levels == NULL ? power : _mm512_loadu_ps(x->levels);
    for (size_t c = first; c < first + count; c += RUN, a += RUN) {
        const float *scale = x->scales + (c >> x->shift) * 2;
        if (x->levels != NULL) {
            __m512 table = wide_integers(level, scale, power);
            __m512i code =
                _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(x->codes + c / 2)));
            add_products(_mm512_permutexvar_ps(code, table), a, lda, rows, sums, 4);
            add_products(_mm512_permutexvar_ps(_mm512_srli_epi32(code, 4), table), a + 16, lda,
                         rows, sums + 2, 4);
        } else {
            const float *next = x->scales + ((c + 16) >> x->shift) * 2;
            __m512i low = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(x->codes + c)));
            __m512i high =
                _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(x->codes + c + 16)));
            add_products(wide_integers(_mm512_cvtepi32_ps(low), scale, power), a, lda, rows, sums,
                         4);
            add_products(wide_integers(_mm512_cvtepi32_ps(high), next, power), a + 16, lda, rows,
                         sums + 2, 4);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        const __m512d *own = sums + r * 4;
        out[r * ldo] = _mm512_reduce_add_pd(
            _mm512_add_pd(_mm512_add_pd(own[0], own[1]), _mm512_add_pd(own[2], own[3])));
    }
}

WIDE static void dot_coded_rows(const xm_coded *x, const xm_tile *tile, size_t first, size_t count,
                                const double *a, size_t lda, double *out) {
    for (size_t j = 0; j < tile->width; j++) {
        coded_row own = row_of(x, tile->n0 + j);
        if (tile->rows == 1)
            dot_coded(&own, first, count, a, lda, 1, out + j, tile->width);
        else
            dot_coded(&own, first, count, a, lda, 2, out + j, tile->width);
    }
}
#endif

#if defined(__x86_64__) && (!defined(XM_NO_CLONES) || defined(__AVX512VNNI__))
#define DEEP __attribute__((target("avx512f,avx512bw")))

// The limbs h and l of integers h * 2^10 + l.
DEEP static inline __m512i high_limbs(__m512i q) {
    return _mm512_srai_epi32(_mm512_add_epi32(q, _mm512_set1_epi32(512)), 10);
}
DEEP static inline __m512i low_limbs(__m512i q, __m512i high) {
    return _mm512_sub_epi32(q, _mm512_slli_epi32(high, 10));
}
DEEP static inline void store_limbs(__m512i high, __m512i low, int16_t *limbs, size_t apart) {
    _mm512_storeu_si512(limbs, high);
    _mm512_storeu_si512(limbs + apart, low);
    _mm512_storeu_si512(limbs + 2 * apart, _mm512_add_epi16(high, low));
}

DEEP static void limbs_of_bytes(const coded_row *x, size_t first, size_t count, int16_t *limbs,
                                size_t apart) {
    __m512 power = _mm512_set1_ps(x->power);
    // Packing interleaves groups of four, so groups are first put apart.
    __m256i groups = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    for (size_t c = first; c < first + count; c += RUN, limbs += RUN) {
        __m256i codes = _mm256_loadu_si256((const __m256i *)(x->codes + c));
        __m256i apart8 = _mm256_permutevar8x32_epi32(codes, groups);
        const float *s = x->scales + (c >> x->shift) * 2;
        const float *t = x->scales + ((c + 16) >> x->shift) * 2;
        __m512 scale = _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(s[0]), _mm512_set1_ps(t[0]));
        __m512 offset = _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(s[1]), _mm512_set1_ps(t[1]));
        __m512i q[2];
        for (int half = 0; half < 2; half++) {
            __m512 level = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(
                half ? _mm256_extracti128_si256(apart8, 1) : _mm256_castsi256_si128(apart8)));
            __m512 value = _mm512_add_ps(_mm512_mul_ps(level, scale), offset);
            q[half] = _mm512_cvtps_epi32(_mm512_mul_ps(value, power));
        }
        __m512i h0 = high_limbs(q[0]), h1 = high_limbs(q[1]);
        __m512i l0 = low_limbs(q[0], h0), l1 = low_limbs(q[1], h1);
        store_limbs(_mm512_packs_epi32(h0, h1), _mm512_packs_epi32(l0, l1), limbs, apart);
    }
}

// 64 columns: the levels of two runs as one table of 32 words for each limb. Packing puts groups of
// four levels side by side, so these are looked up apart.
DEEP static inline __attribute__((always_inline)) void two_runs(const coded_row *x, size_t c, const __m512 level[2], int16_t *limbs,
                          size_t apart) {
    const float *s = x->scales + (c >> x->shift) * 2;
    const float *t = x->scales + ((c + RUN) >> x->shift) * 2;
    __m512 scale = _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(s[0]), _mm512_set1_ps(t[0]));
    __m512 offset = _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(s[1]), _mm512_set1_ps(t[1]));
    __m512 power = _mm512_set1_ps(x->power);
    __m512i h[2], l[2];
    for (int i = 0; i < 2; i++) {
        __m512 value = _mm512_add_ps(_mm512_mul_ps(level[i], scale), offset);
        __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(value, power));
        h[i] = high_limbs(q);
        l[i] = low_limbs(q, h[i]);
    }
    __m512i high = _mm512_packs_epi32(h[0], h[1]), low = _mm512_packs_epi32(l[0], l[1]);
    __m512i code = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(x->codes + c / 2)));
    __m512i second = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(16), 1);
    __m512i index[2] = {_mm512_or_si512(_mm512_and_si512(code, _mm512_set1_epi16(15)), second),
                        _mm512_or_si512(_mm512_srli_epi16(code, 4), second)};
    for (int i = 0; i < 2; i++) {
        __m512i a = _mm512_permutexvar_epi16(index[i], high);
        __m512i b = _mm512_permutexvar_epi16(index[i], low);
        __m512i all[3] = {a, b, _mm512_add_epi16(a, b)};
        for (int limb = 0; limb < 3; limb++) {
            int16_t *to = limbs + (size_t)limb * apart + 32 * i;
            _mm512_storeu_si512(to, all[limb]);
        }
    }
}

DEEP static void limbs_of_nibbles(const coded_row *x, size_t first, size_t count, int16_t *limbs,
                                  size_t apart) {
    __m512 all = _mm512_loadu_ps(x->levels);
    __m512 level[2] = {_mm512_shuffle_f32x4(all, all, 0x88), _mm512_shuffle_f32x4(all, all, 0xdd)};
    size_t c = first, end = first + count;
    for (; c + 2 * RUN <= end; c += 2 * RUN) two_runs(x, c, level, limbs + (c - first), apart);
    if (c == end) return;
    // An odd run has a table of its own, twice over: of an index only four bits count.
    __m512i q = _mm512_cvtps_epi32(
        wide_integers(all, x->scales + (c >> x->shift) * 2, _mm512_set1_ps(x->power)));
    __m512i h = high_limbs(q), l = low_limbs(q, h);
    __m256i code = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(x->codes + c / 2)));
    __m512i index =
        _mm512_inserti64x4(_mm512_castsi256_si512(code), _mm256_srli_epi16(code, 4), 1);
    store_limbs(_mm512_permutexvar_epi16(index, _mm512_broadcast_i64x4(_mm512_cvtepi32_epi16(h))),
                _mm512_permutexvar_epi16(index, _mm512_broadcast_i64x4(_mm512_cvtepi32_epi16(l))),
                limbs + (c - first), apart);
}

void xm_decode_limbs(const xm_coded *x, size_t row, size_t first, size_t count, int16_t *limbs,
                     size_t apart) {
    coded_row own = row_of(x, row);
    (x->levels == NULL ? limbs_of_bytes : limbs_of_nibbles)(&own, first, count, limbs, apart);
}
#endif

static bool has_wide(void) {
#if !defined(XM_HAS_WIDE_DECODERS)
    return false;
#elif defined(XM_NO_CLONES)
    return true;
#else
    return __builtin_cpu_supports("avx512f");
#endif
}

void xm_decode(const xm_coded *x, size_t row, size_t first, size_t count, float *out) {
    coded_row own = row_of(x, row);
    decoder decode = x->levels == NULL ? decode_bytes : decode_nibbles;
#if defined(XM_HAS_WIDE_DECODERS)
    if (has_wide()) decode = x->levels == NULL ? decode_bytes_wide : decode_nibbles_wide;
#endif
    decode(&own, first, count, out);
}

bool xm_coded_dots(const xm_coded *x, const xm_tile *tile, size_t first, size_t count,
                   const double *a, size_t lda, double *out) {
    if (!has_wide() || tile->rows > XM_CODED_ROWS) return false;
#if defined(XM_HAS_WIDE_DECODERS)
    dot_coded_rows(x, tile, first, count, a, lda, out);
#else
    (void)x, (void)first, (void)count, (void)a, (void)lda, (void)out;
#endif
    return true;
}

xm_status xm_coded_check(const xm_coded *x) {
    size_t least = x->levels == NULL ? 16 : RUN;
    bool power = x->block != 0 && (x->block & (x->block - 1)) == 0;
    if (!power || x->block < least || x->columns % x->block != 0 || x->columns % RUN != 0)
        return XM_OUT_OF_RANGE;
    return x->columns > XM_MAX_COLUMNS ? XM_TOO_LARGE : XM_OK;
}

xm_status xm_coded_exponents(const xm_coded *x, int32_t *e) {
    XM_TRY(xm_coded_check(x));
    for (size_t r = 0; r < x->rows; r++) {
        uint32_t largest = 0; // magnitudes order as their bit patterns do
        for (size_t c = 0; c < x->columns; c++) {
            const float *scale = x->scales + (r * (x->columns / x->block) + c / x->block) * 2;
            size_t at = r * x->columns + c;
            float level;
            if (x->levels == NULL) {
                level = (float)((const int8_t *)x->codes)[at];
            } else {
                uint8_t pair = x->codes[(at / RUN * RUN) / 2 + at % 16];
                level = x->levels[at % RUN < 16 ? pair & 15 : pair >> 4];
            }
            uint32_t magnitude = xm_bits32(value_of(level, scale)) & 0x7fffffffu;
            largest = magnitude > largest ? magnitude : largest;
        }
        if (largest >= 0x7f800000u) return XM_NOT_FINITE;
        float value;
        memcpy(&value, &largest, sizeof value);
        e[r] = largest == 0 ? 0 : xm_exponent((double)value);
        // So that the power of two and every scaled value are normal float32 numbers.
        if (e[r] < -90 || e[r] > 90) return XM_OUT_OF_RANGE;
    }
    return XM_OK;
}

xm_status xm_coded_rows(const xm_coded *x, const uint32_t *ids, size_t count, bool scaled,
                        float *out) {
    XM_TRY(xm_coded_check(x));
    for (size_t r = 0; r < count; r++) {
        if (ids[r] >= x->rows) return XM_OUT_OF_RANGE;
        float *row = out + r * x->columns;
        xm_decode(x, ids[r], 0, x->columns, row);
        double scale = scaled ? xm_power_of_two(x->exponents[ids[r]] - XM_BITS) : 1.0;
        // + 0.0 turns a negative zero into zero.
        for (size_t c = 0; c < x->columns; c++) row[c] = (float)((double)row[c] * scale + 0.0);
    }
    return xm_check_finite(out, count * x->columns);
}
