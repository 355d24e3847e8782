#ifndef OPENLEDGER_EXACTMATH_PRODUCTS_H
#define OPENLEDGER_EXACTMATH_PRODUCTS_H

#include "internal.h"

// out[i * columns + j] = sum over k < width of left[i * ldl + k] * right[j * ldr + k], values in
// -127...127; exact. With `lower` entries above the diagonal are left or set to anything finite.
xm_status xm_row_products(const int8_t *left, size_t ldl, size_t rows, const int8_t *right,
                          size_t ldr, size_t columns, size_t width, bool lower, double *out);

#endif
