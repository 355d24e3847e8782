// Multiplying kernels for each instruction set, and the choice among them at run time.
#include "simd.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if !defined(XM_NO_CLONES) || defined(__AVX512DQ__)
#define XM_HAS_V4 1
#define NAME(x) v4_##x
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
#define LANES 8
#define COLUMNS 4
#define VECTORS 4
#define vector __m512d
#define ZERO() _mm512_setzero_pd()
#define FMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define LOAD(p) _mm512_loadu_pd(p)
#define SPREAD(p) _mm512_set1_pd(*(p))
#define WIDEN(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define SUM(v) _mm512_reduce_add_pd(v)
#define STORE(p, v) _mm512_storeu_pd(p, v)
#define LOAD_PART(p, count) _mm512_maskz_loadu_pd((__mmask8)((1u << (count)) - 1u), p)
#define WIDEN_PART(p, count) \
    _mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)((1u << (count)) - 1u), p))
#include "simd_kernels.h"
#endif

#if !defined(XM_NO_CLONES) || defined(__AVX2__)
#define XM_HAS_V3 1
__attribute__((target("avx2,fma"))) static inline double v3_sum(__m256d v) {
    __m128d half = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}
static const int64_t v3_mask64[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
static const int32_t v3_mask32[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
#define NAME(x) v3_##x
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 4
#define COLUMNS 2
#define VECTORS 2
#define vector __m256d
#define ZERO() _mm256_setzero_pd()
#define FMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define LOAD(p) _mm256_loadu_pd(p)
#define SPREAD(p) _mm256_set1_pd(*(p))
#define WIDEN(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#define SUM(v) v3_sum(v)
#define STORE(p, v) _mm256_storeu_pd(p, v)
#define LOAD_PART(p, count) \
    _mm256_maskload_pd(p, _mm256_loadu_si256((const __m256i *)(v3_mask64 + 4 - (count))))
#define WIDEN_PART(p, count) \
    _mm256_cvtps_pd(_mm_maskload_ps(p, _mm_loadu_si128((const __m128i *)(v3_mask32 + 4 - (count)))))
#include "simd_kernels.h"
#endif
#endif

// Any processor: two lanes, which are SSE2's and NEON's registers.
typedef double xm_pair __attribute__((vector_size(16)));
static inline xm_pair pair_of(double a, double b) { return (xm_pair){a, b}; }
#define NAME(x) base_##x
#define TARGET
#define LANES 2
#define COLUMNS 2
#define VECTORS 2
#define vector xm_pair
#define ZERO() pair_of(0.0, 0.0)
#define FMA(a, b, c) ((c) + (a) * (b))
#define LOAD(p) pair_of((p)[0], (p)[1])
#define SPREAD(p) pair_of((p)[0], (p)[0])
#define WIDEN(p) pair_of((double)(p)[0], (double)(p)[1])
#define SUM(v) ((v)[0] + (v)[1])
#define STORE(p, v) memcpy((p), &(v), sizeof(xm_pair))
#define LOAD_PART(p, count) pair_of((p)[0], 0.0)
#define WIDEN_PART(p, count) pair_of((double)(p)[0], 0.0)
#include "simd_kernels.h"

typedef enum { BASE, V3, V4 } level;

static level best_level(void) {
#if defined(XM_NO_CLONES) && defined(XM_HAS_V4)
    return V4;
#elif defined(XM_NO_CLONES) && defined(XM_HAS_V3)
    return V3;
#elif defined(XM_HAS_V4)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return V4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return V3;
#endif
    return BASE;
}

xm_kernels xm_simd_kernels(void) {
    switch (best_level()) {
#if defined(XM_HAS_V4)
    case V4: return (xm_kernels){v4_dots, v4_panels};
#endif
#if defined(XM_HAS_V3)
    case V3: return (xm_kernels){v3_dots, v3_panels};
#endif
    default: return (xm_kernels){base_dots, base_panels};
    }
}

bool xm_simd_is_fastest(void) { return best_level() != BASE; }
