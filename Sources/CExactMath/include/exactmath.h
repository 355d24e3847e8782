// Exact arithmetic: the C functions of docs/numerics.md.
//
// Matrices are dense and row-major; every argument's shape is in brackets. No function depends on
// thread count, instruction set or batch: a row computed alone has the bits of the row in a batch.
// A result that is NaN or infinite is an error, and what was written to the outputs is then void.
#ifndef OPENLEDGER_EXACTMATH_H
#define OPENLEDGER_EXACTMATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    XM_OK = 0,
    XM_NOT_FINITE = 1,   // an input or a result is NaN or infinite
    XM_TOO_LARGE = 2,    // a dimension is over its limit
    XM_NO_MEMORY = 3,
    XM_NOT_POSITIVE = 4, // a pivot of the Cholesky factorisation is not positive
    XM_OUT_OF_RANGE = 5, // an index or an argument outside the function's domain
    XM_UNAVAILABLE = 6,  // the backend that was asked for is unknown or not on this machine
} xm_status;

// --- Environment (environment.c) ---

// True when rounding is to nearest, ties to even, and subnormal numbers are neither flushed to
// zero nor read as zero, on the calling thread.
bool xm_environment_is_exact(void);
// Threads that one product may use. No result depends on it.
void xm_set_threads(int count);

// What multiplies (backend.c). No result depends on it. Before the first product the environment
// variable OPENLEDGER_BLAS may name one; otherwise simd with AVX2 or AVX-512, openblas without.
typedef enum {
    XM_BACKEND_OPENBLAS = 0,  // "openblas"
    XM_BACKEND_BLIS = 1,      // "blis", if libblis is installed
    XM_BACKEND_REFERENCE = 2, // "reference": the definition, integers only, slow
    XM_BACKEND_SIMD = 3,      // "simd": own kernels, chosen by instruction set
    XM_BACKENDS = 4,
} xm_backend;
// XM_UNAVAILABLE, and no change, for an unknown name or a missing library.
xm_status xm_use_backend(const char *name);
// The name of the backend in use; empty when the environment names one that is not here.
const char *xm_backend_name(void);

// XM_NOT_FINITE if any of x [count] is NaN or infinite.
xm_status xm_check_finite(const float *x, size_t count);

// --- Contraction (quantize.c, contraction.c; contraction_reference.c is the definition) ---

#define XM_BITS 20           // fixed-point bits of an operand: |q| <= 2^20
#define XM_BLOCK 4096        // columns whose exact sum fits a double in any order
#define XM_MAX_COLUMNS (1 << 22)

// q = round_ties_even(x * 2^(20 - e)) per row, e the least exponent with max|row| < 2^e;
// a row of zeros gets e = 0. q holds integers as float32, which is exact.
// x, q [rows, columns]; e [rows].
xm_status xm_quantize(const float *x, size_t rows, size_t columns, float *q, int32_t *e);
// The same after multiplying column c by 2^fold[c] (exact): moves the row scales of a matrix into
// the operand that is contracted with its columns. fold [columns], each in -200...200.
xm_status xm_quantize_folded(const float *x, size_t rows, size_t columns, const int32_t *fold,
                             float *q, int32_t *e);

// c = a * b^T: c[i,j] = float32(float64(S) * 2^(ea[i] + eb[j] - 40)), S the integer sum of
// qa[i,:] * qb[j,:]. qa [m, k], qb [n, k], c [m, n]. `trace`, if not null, is increased by a hash of all S.
xm_status xm_contract(const float *qa, const int32_t *ea, size_t m, const float *qb,
                      const int32_t *eb, size_t n, size_t k, float *c, uint64_t *trace);
// c = a * b for b [k, n] quantised by rows, whose row scales were folded into a:
// c[i,j] = float32(float64(S) * 2^(ea[i] - 40)), S the integer sum of qa[i,:] * qb[:,j].
xm_status xm_contract_folded(const float *qa, const int32_t *ea, size_t m, const float *qb,
                             size_t n, size_t k, float *c, uint64_t *trace);
// S itself, without scales. sums [m, n].
xm_status xm_contract_sums(const float *qa, size_t m, const float *qb, size_t n, size_t k,
                           int64_t *sums);
// What the three above mean, in integer arithmetic only.
xm_status xm_contract_reference(const float *qa, const int32_t *ea, size_t m, const float *qb,
                                const int32_t *eb, size_t n, size_t k, float *c, uint64_t *trace);
xm_status xm_contract_folded_reference(const float *qa, const int32_t *ea, size_t m,
                                       const float *qb, size_t n, size_t k, float *c,
                                       uint64_t *trace);

// --- Coded rows (coded.c) ---

// A right operand kept short: each column is a code; value = float32(float32(level * d) + m), both
// roundings ties to even, and the operand's integers are those of xm_quantize on these values.
// It is decoded in the cache when it is used, so results have the bits of the float32 operand.
typedef struct {
    size_t rows, columns; // columns: a multiple of 32 and of block
    size_t block;         // columns that share a scale: 32, 64, …; without levels also 16
    const float *levels;  // [16] for codes of 4 bits; null: the code is its own level
    // 4 bits: [rows, columns / 2], in each run of 32 columns byte i has column i in its low half and
    // i + 16 in its high half. Without levels: [rows, columns] signed bytes.
    const uint8_t *codes;
    const float *scales;      // [rows, columns / block, 2]: d, m
    const int32_t *exponents; // [rows], from xm_coded_exponents
} xm_coded;
// e[r] as xm_quantize has it. XM_OUT_OF_RANGE for a shape that is not described above, or a row whose
// exponent is outside -90...90.
xm_status xm_coded_exponents(const xm_coded *x, int32_t *e);
// Rows ids[count] as fixed-point integers, or, if `scaled`, as the values that these stand for.
// out [count, columns].
xm_status xm_coded_rows(const xm_coded *x, const uint32_t *ids, size_t count, bool scaled,
                        float *out);
// xm_contract with b = x, [m, x->rows], and xm_contract_folded with b = x, [m, x->columns].
xm_status xm_contract_coded(const float *qa, const int32_t *ea, size_t m, const xm_coded *x,
                            float *c, uint64_t *trace);
xm_status xm_contract_coded_folded(const float *qa, const int32_t *ea, size_t m, const xm_coded *x,
                                   float *c, uint64_t *trace);

// --- Elementary functions (elementary.c), float64 inside and one rounding to float32 ---

float xm_exp(float x);
float xm_log(float x); // NaN for x < 0, -infinity for 0
float xm_sin(float x); // |x| <= 2^24, NaN beyond
float xm_cos(float x);
double xm_exp64(double x); // result clamped to the range of exp(-708)...exp(709)
double xm_log64(double x); // x a positive normal number

// Every function of one float32 that results depend on; from XM_SILU as the layers compute them.
typedef enum {
    XM_EXP = 0,
    XM_LOG = 1,
    XM_SIN = 2,
    XM_COS = 3,
    XM_SILU = 4,       // x / (1 + exp(-x))
    XM_SILU_SLOPE = 5, // its derivative
    XM_GELU = 6,       // of decoder.h
    XM_GELU_SLOPE = 7,
    XM_UNARY_COUNT = 8,
} xm_unary;
// FNV-1a hash of f(x) for the bit patterns x = first + i * stride, i < count; every NaN counts as
// 0x7fc00000.
xm_status xm_hash_unary(xm_unary function, uint64_t first, uint64_t count, uint64_t stride,
                        uint64_t *hash);

// --- Layers (layers.c) ---

// out[r] = table row ids[r], unpacked from its fixed point: q * 2^(e - 20). ids [rows]; q [vocabulary, columns]; out [rows, columns].
xm_status xm_gather(const float *q, const int32_t *e, size_t vocabulary, size_t columns,
                    const uint32_t *ids, size_t rows, float *out);
// RMSNorm: inverse[r] = 1 / sqrt(mean(x^2) + epsilon); out = x * inverse * weight. x, out [rows, columns].
xm_status xm_rms_norm(const float *x, const float *weight, size_t rows, size_t columns,
                      double epsilon, float *out, double *inverse);
// dx += gradient of RMSNorm. dy, x, dx [rows, columns].
xm_status xm_rms_norm_backward(const float *dy, const float *x, const float *weight,
                               const double *inverse, size_t rows, size_t columns, float *dx);
// out = silu(gate) * up. All [count].
xm_status xm_swiglu(const float *gate, const float *up, size_t count, float *out);
// dgate, dup from dout. All [count]; outputs may alias dout.
xm_status xm_swiglu_backward(const float *dout, const float *gate, const float *up, size_t count,
                             float *dgate, float *dup);
// y += scale * x, the product rounded before the sum. [count]
xm_status xm_add_scaled(float *y, const float *x, float scale, size_t count);
// y *= scale. [count]
xm_status xm_scale(float *y, float scale, size_t count);
// out [columns, rows] = x^T of x [rows, columns].
void xm_transpose(const float *x, size_t rows, size_t columns, float *out);

// Angles of positions first...first+count-1: position * base^(-2i/dimension).
// cosines, sines [count, dimension/2]; positions below 2^24.
xm_status xm_rotary_table(size_t first, size_t count, size_t dimension, double base,
                          float *cosines, float *sines);
// Rotates pairs (i, i + dimension/2) of every head in place; `direction` is 1, or -1 for the inverse.
// x [rows, heads * dimension].
xm_status xm_rotate(float *x, const float *cosines, const float *sines, size_t rows, size_t heads,
                    size_t dimension, int direction);

// --- Attention (attention.c) ---

// Causal grouped-query attention. Row i of q is at position past + i and sees keys 0...past + i.
// q, out [rows, heads * d]; k, v [past + rows, kv_heads * d];
// probabilities [heads, rows, past + rows] or null.
xm_status xm_attention(const float *q, const float *k, const float *v, size_t rows, size_t past,
                       size_t heads, size_t kv_heads, size_t d, float *out, float *probabilities);
// Gradients of the above with past = 0. dq, dk, dv have the shapes of q, k, v and are overwritten.
xm_status xm_attention_backward(const float *dout, const float *q, const float *k, const float *v,
                                const float *probabilities, size_t rows, size_t heads,
                                size_t kv_heads, size_t d, float *dq, float *dk, float *dv);

// --- Loss and optimiser (loss.c) ---

// losses[r] = -log softmax(logits[r])[targets[r]]; gradient, if not null and allowed to alias
// logits, = (softmax - one_hot) * scale. logits [rows, vocabulary]; losses [rows].
xm_status xm_cross_entropy(const float *logits, const uint32_t *targets, size_t rows,
                           size_t vocabulary, double scale, double *losses, float *gradient);
// The index of the largest logit, the first one among equals.
xm_status xm_argmax(const float *logits, size_t count, uint32_t *index);
// Sum of squares in float64.
double xm_sum_of_squares(const float *x, size_t count);

typedef struct {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    uint64_t step; // the number of this step, from 1
} xm_adamw;
// One AdamW step (decoupled decay). p, m, v, g [count].
xm_status xm_adamw_step(const xm_adamw *settings, float *p, float *m, float *v, const float *g,
                        size_t count);

// --- Keyed random integers (random.c) ---

// Words of ChaCha20 (RFC 8439) with `seed` as key and nonce = stream (8 bytes LE) ‖ domain
// (4 bytes LE): words first...first+count-1 of its key stream, read as 64-bit LE. first + count <= 2^34.
xm_status xm_random_words(const uint8_t seed[32], uint32_t domain, uint64_t stream, uint64_t first,
                          size_t count, uint64_t *words);

// --- Linear systems and fixed point (cholesky.c, fixed.c) ---

// In place: the lower triangle of a [n, n] becomes L with L * L^T = a; the rest becomes zero.
xm_status xm_cholesky(double *a, size_t n);
// In place: every row b of x [rows, n] becomes the solution of L * L^T * y = b.
xm_status xm_cholesky_solve(const double *l, size_t n, double *x, size_t rows);
// q = round_ties_even(x * 2^(bits - 1 - e)) per row, saturated to ±(2^(bits-1) - 1); e as in xm_quantize.
// bits in 2...24. x, q [rows, columns]; e [rows].
xm_status xm_fixed_rows(const float *x, size_t rows, size_t columns, int bits, int32_t *q,
                        int32_t *e);
// The same for float64 input.
xm_status xm_fixed_rows64(const double *x, size_t rows, size_t columns, int bits, int32_t *q,
                          int32_t *e);
// sums[r, c] = exact sum over i of q[r, i] * sign(i, c): bit c % 64 of words[i, c / 64], set means -1.
// q [rows, n]; words [n, (columns + 63) / 64]; sums [rows, columns]; |q| < 2^24, n <= 2^30.
xm_status xm_project_signs(const int32_t *q, size_t rows, size_t n, const uint64_t *words,
                           size_t columns, int64_t *sums);
// sums[i, j] = exact sum of a[i,:] * b[j,:]. a [m, k] and b [n, k] any values; k <= 2^24 keeps the sum below 2^63.
xm_status xm_integer_products(const int32_t *a, size_t m, const int8_t *b, size_t n, size_t k,
                              int64_t *sums);

// --- Self-check (selfcheck.c) ---

// FNV-1a hash over the results of a fixed job that uses every function above.
xm_status xm_self_check(uint64_t *hash);

#endif
