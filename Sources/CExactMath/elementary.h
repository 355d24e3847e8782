// exp, log, sin and cos in float64, from + - * / only. Polynomials are Taylor series in Horner
// form, long enough that truncation is below half a unit of the last place of float64.
#ifndef OPENLEDGER_EXACTMATH_ELEMENTARY_H
#define OPENLEDGER_EXACTMATH_ELEMENTARY_H

#include "internal.h"

// ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact.
#define XM_LN2_HIGH 0x1.62e42feep-1
#define XM_LN2_LOW 0x1.a39ef35793c76p-33
#define XM_LOG2_E 0x1.71547652b82fep+0

// exp(x) for x in -708...709; other arguments are clamped to that range. Not for NaN.
XM_INLINE double xm_exp_core(double x) {
    x = x < -708.0 ? -708.0 : x;
    x = x > 709.0 ? 709.0 : x;
    double shifted = x * XM_LOG2_E + XM_ROUNDER;
    double k = shifted - XM_ROUNDER;
    double r = (x - k * XM_LN2_HIGH) - k * XM_LN2_LOW;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    // The low bits of `shifted` are k in two's complement.
    return p * xm_from_bits((xm_bits(shifted) + 1023) << 52);
}

// log(x) for a positive normal number: x = 2^e * m, m in about 0.707...1.414,
// log m = 2 atanh((m - 1) / (m + 1)).
XM_INLINE double xm_log_core(double x) {
    uint64_t bits = xm_bits(x) - 0x3fe6a09e667f3bcdu;
    double e = (double)((int64_t)bits >> 52);
    double m = xm_from_bits((bits & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
    double s = (m - 1.0) / (m + 1.0);
    double z = s * s;
    double p = 1.0 / 23.0;
    p = p * z + 1.0 / 21.0;
    p = p * z + 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z + 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z + 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z + 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z + 1.0 / 3.0;
    double t = 2.0 * s;
    return e * XM_LN2_HIGH + (t + (t * z * p + e * XM_LN2_LOW));
}

// pi/2 in three parts of at most 29 bits, so that products with a quadrant number are exact.
#define XM_HALF_PI_1 0x1.921fb54p+0
#define XM_HALF_PI_2 0x1.10b4611p-30
#define XM_HALF_PI_3 0x1.4c4c6628b80dcp-59

// The sine (quarter = 0) or cosine (quarter = 1) of x, |x| <= 2^24.
XM_INLINE double xm_sine_core(double x, uint64_t quarter) {
    double shifted = x * 0x1.45f306dc9c883p-1 + XM_ROUNDER;
    double k = shifted - XM_ROUNDER;
    double r = ((x - k * XM_HALF_PI_1) - k * XM_HALF_PI_2) - k * XM_HALF_PI_3;
    double z = r * r;
    double s = 1.0 / 355687428096000.0;
    s = s * z - 1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = r + r * (z * s);
    double c = -1.0 / 6402373705728000.0;
    c = c * z + 1.0 / 20922789888000.0;
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = c * z - 0.5;
    c = 1.0 + z * c;
    uint64_t quadrant = xm_bits(shifted) + quarter;
    double value = quadrant & 1 ? c : s;
    return quadrant & 2 ? -value : value;
}

// The functions of float32 (elementary.c): one rounding each.
XM_INLINE float xm_exp_of(float x) { return x != x ? x : (float)xm_exp_core((double)x); }

XM_INLINE float xm_log_of(float x) {
    if (x != x || x < 0.0f) return __builtin_nanf("");
    if (x == 0.0f) return -__builtin_inff();
    if (x == __builtin_inff()) return x;
    return (float)xm_log_core((double)x);
}

XM_INLINE float xm_sine_of(float x, uint64_t quarter) {
    if (!(x >= -0x1p24f && x <= 0x1p24f)) return __builtin_nanf("");
    return (float)xm_sine_core((double)x, quarter) + 0.0f;
}

#endif
