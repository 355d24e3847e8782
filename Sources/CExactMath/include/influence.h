#ifndef OPENLEDGER_INFLUENCE_H
#define OPENLEDGER_INFLUENCE_H

// Block-kernel influence (docs/numerics.md): scores of training records for a query, from
// fixed-point gradient rows. All loops run in the written order; nothing here calls libm or BLAS.

#include "exactmath.h"

/// Rows of an influence index. Row i, block b holds dims[b] integers in [-127, 127]; its real
/// values are integer * 2^exponents[i * blocks + b].
typedef struct {
    size_t rows;               // n
    size_t blocks;             // number of LoRA tensors
    const uint32_t *dims;      // [blocks]
    const int8_t *values;      // [rows][sum of dims]
    const int16_t *exponents;  // [rows][blocks]
} xm_index;

/// Sum of dims.
size_t xm_index_width(const xm_index *index);

/// Writes the norm of each row over all its blocks to norms[n]; a zero row gets 0.
xm_status xm_influence_norms(const xm_index *index, double *norms);

/// Factors block b of the unit-row kernel: L with L Lᵀ = K + c·tr(K)/n·I, lower triangle of
/// factor[n][n], where K[i][j] is the dot product of unit rows i and j restricted to block b.
/// A block in which every row is zero gives a zero factor, which xm_influence_solve skips.
/// damping is c · 2^16.
xm_status xm_influence_factor(const xm_index *index, const double *norms, size_t block,
                         uint32_t damping, double *factor);

/// Adds block b's part to scores[n]: scores += norm_i · ((K + λI)⁻¹ k)_i, with k_i the dot product
/// of unit row i and the query in block b. scratch[n] is overwritten.
xm_status xm_influence_solve(const xm_index *index, const double *norms, size_t block,
                         const double *factor, const int8_t *query, int16_t query_exponent,
                         double *scratch, double *scores);

/// Scales scores so that the magnitudes sum to 2^32 and rounds each toward zero, so that the
/// integers' magnitudes sum to 2^32 at most. All-zero scores give zeros.
xm_status xm_influence_weights(const double *scores, size_t count, int64_t *weights);

#endif
