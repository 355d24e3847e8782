// Masks of dropout from the keyed generator: integers decide, never floating-point draws.
#include "include/training.h"
#include "internal.h"

#define CHUNK 512 // words a call of the generator

xm_status xm_dropout(const float *x, size_t count, const uint8_t seed[32], uint32_t domain,
                     uint64_t stream, uint32_t threshold, float scale, float *out) {
    uint64_t words[CHUNK];
    for (size_t start = 0; start < count; start += 2 * CHUNK) {
        size_t left = count - start < 2 * CHUNK ? count - start : 2 * CHUNK;
        XM_TRY(xm_random_words(seed, domain, stream, start / 2, (left + 1) / 2, words));
        for (size_t i = 0; i < left; i++) {
            uint32_t draw = (uint32_t)(words[i / 2] >> (i % 2 * 32));
            out[start + i] = draw < threshold ? 0.0f : x[start + i] * scale;
        }
    }
    return xm_check_finite(out, count);
}
