// Exact arithmetic that only training needs: the masks of dropout.
#ifndef OPENLEDGER_EXACTMATH_TRAINING_H
#define OPENLEDGER_EXACTMATH_TRAINING_H

#include "exactmath.h"

// --- Dropout (dropout.c) ---

// out[i] = 0 where draw i is below `threshold`, else x[i] * scale. Draw i is half i % 2 (the lower
// one first) of word i / 2 of the key stream that seed, domain and stream name (random.c), so a
// mask is made again from its name and never stored. x, out [count]; out may be x.
xm_status xm_dropout(const float *x, size_t count, const uint8_t seed[32], uint32_t domain,
                     uint64_t stream, uint32_t threshold, float scale, float *out);

#endif
