// Layers that not every family of decoders has (variants.c). The rules of exactmath.h hold.
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

#endif
