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

/// Adds block b's part to scores[queries][n]: scores += norm_i · ((K + λI)⁻¹ k)_i, with k_i the dot
/// product of unit row i and the query in block b. scratch[queries][n] is overwritten.
xm_status xm_influence_solve(const xm_index *index, const double *norms, size_t block,
                             const double *factor, const xm_index *queries, double *scratch,
                             double *scores);

/// The dot products of block b of all left rows with all right rows: out[i * right->rows + j]. Both
/// have the same dims. Each integer sum is exact, and so is its scaling by a power of two.
xm_status xm_influence_products(const xm_index *left, const xm_index *right, size_t block,
                                double *out);

/// Adds block b's part of DataInf to scores[queries][n], for n records:
/// (k[q][r] - 1/n Σ_i k[q][i] / (λ + K[i][i]) · K[i][r]) / λ, where K[n][n] and k[queries][n] hold
/// products of this block and λ = damping / 2^16 · tr(K) / (n · width). Nothing is added where
/// every record is zero. scratch[queries][n] is overwritten.
xm_status xm_influence_datainf(const double *kernel, size_t n, size_t width, uint32_t damping,
                               const double *products, size_t queries, double *scratch,
                               double *scores);

/// How well the unit rows of block b explain each other when damped by each c = dampings[d] / 2^16.
/// Row i is written as the ridge regression of its even elements on those of all other rows; the
/// squared error of the same combination on the odd elements is added to errors[d]; then with even
/// and odd changed about. What the errors would be without any combination is added to total.
/// scratch[4 n n] is overwritten. A half whose elements are all zero adds nothing.
xm_status xm_influence_explained(const xm_index *index, const double *norms, size_t block,
                                 const uint32_t *dampings, size_t count, double *scratch,
                                 double *errors, double *total);

/// Scales scores so that the magnitudes sum to 2^32 and rounds each toward zero, so that the
/// integers' magnitudes sum to 2^32 at most. All-zero scores give zeros.
xm_status xm_influence_weights(const double *scores, size_t count, int64_t *weights);

#endif
