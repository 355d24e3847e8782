#include "influence.h"

#include <math.h>
#include <string.h>

#include "products.h"

size_t xm_index_width(const xm_index *index) {
    size_t width = 0;
    for (size_t b = 0; b < index->blocks; b++) width += index->dims[b];
    return width;
}

static size_t block_offset(const xm_index *index, size_t block) {
    size_t offset = 0;
    for (size_t b = 0; b < block; b++) offset += index->dims[b];
    return offset;
}

// Exact: a product is at most 2^14, so 2^16 of them fit an int32_t.
XM_KERNEL static int64_t dot(const int8_t *left, const int8_t *right, size_t count) {
    int64_t total = 0;
    for (size_t start = 0; start < count; start += 65536) {
        size_t end = count - start < 65536 ? count : start + 65536;
        int32_t sum = 0;
        for (size_t k = start; k < end; k++) sum += (int32_t)left[k] * (int32_t)right[k];
        total += sum;
    }
    return total;
}

// 2^exponent as a double, by its bit pattern; exponents outside the normal range give 0 or
// infinity, which the callers' finiteness checks turn into errors.
static double power_of_two(int exponent) {
    if (exponent < -1022) return 0.0;
    if (exponent > 1023) return INFINITY;
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

xm_status xm_influence_norms(const xm_index *index, double *norms) {
    size_t width = xm_index_width(index);
    for (size_t i = 0; i < index->rows; i++) {
        const int8_t *row = index->values + i * width;
        double squares = 0.0;
        for (size_t b = 0; b < index->blocks; b++) {
            int exponent = index->exponents[i * index->blocks + b];
            squares += (double)dot(row, row, index->dims[b]) * power_of_two(2 * exponent);
            row += index->dims[b];
        }
        norms[i] = sqrt(squares);
        if (!isfinite(norms[i])) return XM_NOT_FINITE;
    }
    return XM_OK;
}

// The scale that turns row i's integers in this block into parts of a unit row.
static double unit_scale(const xm_index *index, const double *norms, size_t row, size_t block) {
    if (norms[row] == 0.0) return 0.0;
    return power_of_two(index->exponents[row * index->blocks + block]) / norms[row];
}

// The scales of all rows in this block; null when memory is short.
static double *unit_scales(const xm_index *index, const double *norms, size_t block) {
    double *scales = xm_scratch(XM_SLOT_SUMS, (index->rows + 1) * sizeof *scales);
    if (scales != NULL)
        for (size_t i = 0; i < index->rows; i++) scales[i] = unit_scale(index, norms, i, block);
    return scales;
}

xm_status xm_influence_factor(const xm_index *index, const double *norms, size_t block,
                         uint32_t damping, double *factor) {
    size_t n = index->rows, width = xm_index_width(index), dim = index->dims[block];
    const int8_t *values = index->values + block_offset(index, block);
    const double *scales = unit_scales(index, norms, block);
    if (scales == NULL) return XM_NO_MEMORY;
    XM_TRY(xm_row_products(values, width, n, values, width, n, dim, true, factor));
    double trace = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double entry = factor[i * n + j] * scales[i] * scales[j];
            if (!isfinite(entry)) return XM_NOT_FINITE;
            factor[i * n + j] = entry;
        }
        trace += factor[i * n + i];
    }
    if (trace == 0.0) {
        memset(factor, 0, n * n * sizeof *factor);
        return XM_OK;
    }
    double ridge = (double)damping / 65536.0 * trace / (double)n;
    for (size_t i = 0; i < n; i++) factor[i * n + i] += ridge;
    return xm_cholesky(factor, n);
}

xm_status xm_influence_solve(const xm_index *index, const double *norms, size_t block,
                             const double *factor, const xm_index *queries, double *scratch,
                             double *scores) {
    size_t n = index->rows, width = xm_index_width(index), dim = index->dims[block];
    if (n == 0 || factor[0] == 0.0) return XM_OK;
    size_t offset = block_offset(index, block);
    const double *scales = unit_scales(index, norms, block);
    if (scales == NULL) return XM_NO_MEMORY;
    XM_TRY(xm_row_products(queries->values + offset, width, queries->rows, index->values + offset,
                           width, n, dim, false, scratch));
    for (size_t q = 0; q < queries->rows; q++) {
        double query_scale = power_of_two(queries->exponents[q * index->blocks + block]);
        double *own = scratch + q * n;
        for (size_t i = 0; i < n; i++) own[i] = own[i] * scales[i] * query_scale;
    }
    XM_TRY(xm_cholesky_solve(factor, n, scratch, queries->rows));
    for (size_t q = 0; q < queries->rows; q++)
        for (size_t i = 0; i < n; i++) scores[q * n + i] += norms[i] * scratch[q * n + i];
    return XM_OK;
}

xm_status xm_influence_products(const xm_index *left, const xm_index *right, size_t block,
                                double *out) {
    size_t width = xm_index_width(left), offset = block_offset(left, block);
    XM_TRY(xm_row_products(left->values + offset, width, left->rows, right->values + offset, width,
                           right->rows, left->dims[block], false, out));
    for (size_t i = 0; i < left->rows; i++) {
        int exponent = left->exponents[i * left->blocks + block];
        for (size_t j = 0; j < right->rows; j++) {
            int other = right->exponents[j * right->blocks + block];
            double product = out[i * right->rows + j] * power_of_two(exponent + other);
            if (!isfinite(product)) return XM_NOT_FINITE;
            out[i * right->rows + j] = product;
        }
    }
    return XM_OK;
}

XM_KERNEL static double dot64(const double *a, const double *b, size_t count) {
    double s[8] = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t l = 0; l < 8; l++) s[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i + l < count; l++) s[l] += a[i + l] * b[i + l];
    return xm_join(s);
}

xm_status xm_influence_datainf(const double *kernel, size_t n, size_t width, uint32_t damping,
                               const double *products, size_t queries, double *scratch,
                               double *scores) {
    double trace = 0.0;
    for (size_t i = 0; i < n; i++) trace += kernel[i * n + i];
    if (trace == 0.0) return XM_OK;
    double lambda = (double)damping / 65536.0 * trace / ((double)n * (double)width);
    if (!(lambda > 0.0) || !isfinite(lambda)) return XM_NOT_FINITE;
    for (size_t q = 0; q < queries; q++)
        for (size_t i = 0; i < n; i++)
            scratch[q * n + i] = products[q * n + i] / (lambda + kernel[i * n + i]);
    for (size_t r = 0; r < n; r++) {
        for (size_t q = 0; q < queries; q++) {
            double mean = dot64(scratch + q * n, kernel + r * n, n) / (double)n;
            double score = scores[q * n + r] + (products[q * n + r] - mean) / lambda;
            if (!isfinite(score)) return XM_NOT_FINITE;
            scores[q * n + r] = score;
        }
    }
    return XM_OK;
}

// The dot product over elements first, first + 2, …; exact for the same reason as dot's.
XM_KERNEL static int64_t alternating_dot(const int8_t *left, const int8_t *right, size_t first,
                                         size_t count) {
    int64_t total = 0;
    for (size_t start = first; start < count; start += 65536) {
        size_t end = count - start < 65536 ? count : start + 65536;
        int32_t sum = 0;
        for (size_t k = start; k < end; k += 2) sum += (int32_t)left[k] * (int32_t)right[k];
        total += sum;
    }
    return total;
}

// The kernel of unit rows over every other element of a block; returns its trace.
static double alternating_kernel(const xm_index *index, const double *norms, size_t block,
                                 size_t first, double *kernel) {
    size_t n = index->rows, width = xm_index_width(index), dim = index->dims[block];
    const int8_t *values = index->values + block_offset(index, block);
    double trace = 0.0;
    for (size_t i = 0; i < n; i++) {
        double scale = unit_scale(index, norms, i, block);
        for (size_t j = 0; j <= i; j++) {
            int64_t sum = alternating_dot(values + i * width, values + j * width, first, dim);
            double entry = (double)sum * scale * unit_scale(index, norms, j, block);
            kernel[i * n + j] = entry;
            kernel[j * n + i] = entry;
        }
        trace += kernel[i * n + i];
    }
    return trace;
}

// With P = (K + ridge I)⁻¹, row i less its regression on the others is Σ_j P_ij / P_ii · row j.
static xm_status explained(const double *kernel, const double *other, size_t n, double ridge,
                           double *factor, double *inverse, double *error) {
    memcpy(factor, kernel, n * n * sizeof *factor);
    memset(inverse, 0, n * n * sizeof *inverse);
    for (size_t i = 0; i < n; i++) {
        factor[i * n + i] += ridge;
        inverse[i * n + i] = 1.0;
    }
    XM_TRY(xm_cholesky(factor, n));
    XM_TRY(xm_cholesky_solve(factor, n, inverse, n));
    for (size_t i = 0; i < n; i++) {
        const double *row = inverse + i * n;
        double square = 0.0;
        for (size_t j = 0; j < n; j++) square += row[j] * dot64(other + j * n, row, n);
        *error += square / (row[i] * row[i]);
    }
    return isfinite(*error) ? XM_OK : XM_NOT_FINITE;
}

xm_status xm_influence_explained(const xm_index *index, const double *norms, size_t block,
                                 const uint32_t *dampings, size_t count, double *scratch,
                                 double *errors, double *total) {
    size_t n = index->rows;
    double *kernels[2] = {scratch, scratch + n * n}, traces[2];
    for (size_t half = 0; half < 2; half++)
        traces[half] = alternating_kernel(index, norms, block, half, kernels[half]);
    if (!(traces[0] > 0.0) || !(traces[1] > 0.0)) return XM_OK;
    if (!isfinite(traces[0]) || !isfinite(traces[1])) return XM_NOT_FINITE;
    for (size_t half = 0; half < 2; half++) {
        *total += traces[1 - half];
        for (size_t d = 0; d < count; d++) {
            double ridge = (double)dampings[d] / 65536.0 * traces[half] / (double)n;
            XM_TRY(explained(kernels[half], kernels[1 - half], n, ridge, scratch + 2 * n * n,
                             scratch + 3 * n * n, &errors[d]));
        }
    }
    return XM_OK;
}

xm_status xm_influence_weights(const double *scores, size_t count, int64_t *weights) {
    double total = 0.0;
    for (size_t i = 0; i < count; i++) total += fabs(scores[i]);
    if (!isfinite(total)) return XM_NOT_FINITE;
    for (size_t i = 0; i < count; i++) {
        double share = total == 0.0 ? 0.0 : scores[i] / total * 4294967296.0;
        weights[i] = (int64_t)share;
    }
    return XM_OK;
}
