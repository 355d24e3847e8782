// Layers that not every family of decoders has (variants.c), and adapters (adapters.c). The rules of exactmath.h hold.
#ifndef OPENLEDGER_DECODER_H
#define OPENLEDGER_DECODER_H

#include "exactmath.h"

// LayerNorm: inverse[r] = 1 / sqrt(variance + epsilon); out = (x - mean) * inverse * weight + bias.
// x, out [rows, columns]; weight, bias [columns]; inverse [rows].
xm_status xm_layer_norm(const float *x, const float *weight, const float *bias, size_t rows,
                        size_t columns, double epsilon, float *out, double *inverse);
// dx += gradient of LayerNorm. dy, x, dx [rows, columns].
xm_status xm_layer_norm_backward(const float *dy, const float *x, const float *weight,
                                 const double *inverse, size_t rows, size_t columns, float *dx);
// out = x * (1 + tanh(z)) / 2 with z = sqrt(2/pi) * (x + 0.044715 x^3) (Hendrycks and Gimpel, 2016,
// the form that GPT-2 has); computed as x * sigmoid(2z). [count]
xm_status xm_gelu(const float *x, size_t count, float *out);
// dx from dout. All [count]; dx may alias dout.
xm_status xm_gelu_backward(const float *dout, const float *x, size_t count, float *dx);
// Adds a row to every row: y [rows, columns], row [columns].
xm_status xm_add_row(float *y, const float *row, size_t rows, size_t columns);
// xm_rotary_table with frequency i divided by divisors[i] > 0. divisors [dimension / 2].
xm_status xm_rotary_table_divided(size_t first, size_t count, size_t dimension, double base,
                                  const float *divisors, float *cosines, float *sines);

// --- Adapters (adapters.c) ---

// norms[o] = |row o of W + scale * B * A|, W [rows, columns] in the fixed point of xm_quantize.
// b [rows, rank]; a [rank, columns]; norms [rows]. XM_NOT_POSITIVE if one is zero.
xm_status xm_sum_norms(const float *q, const int32_t *e, const float *b, const float *a,
                       float scale, size_t rows, size_t columns, size_t rank, double *norms);
// w += scale * B * A, then, if `magnitude` [rows] is not null, row o times magnitude[o] over its
// norm (DoRA). w [rows, columns]; b [rows, rank]; a [rank, columns].
xm_status xm_merge(float *w, const float *b, const float *a, float scale, const float *magnitude,
                   size_t rows, size_t columns, size_t rank);
// y[r, c] *= factors[c]. y [rows, columns].
xm_status xm_scale_columns(float *y, const float *factors, size_t rows, size_t columns);

#endif
