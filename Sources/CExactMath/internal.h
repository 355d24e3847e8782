// What the files of this target share.
#ifndef OPENLEDGER_EXACTMATH_INTERNAL_H
#define OPENLEDGER_EXACTMATH_INTERNAL_H

#include <float.h>
#include <string.h>

#include "include/exactmath.h"

#ifdef __FAST_MATH__
#error "fast-math changes results"
#endif
_Static_assert(FLT_EVAL_METHOD == 0, "expressions must round to their own type");
_Static_assert(FLT_RADIX == 2 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53, "IEEE 754 is needed");

// The same source compiled for several instruction sets. Contraction of a*b+c is off, lanes are
// written out, so each clone computes the same bits.
#if defined(__x86_64__) && !defined(XM_NO_CLONES)
#define XM_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define XM_KERNEL
#endif
#define XM_INLINE static inline __attribute__((always_inline))

// Adding and subtracting it rounds to an integer, ties to even, for |x| <= 2^51.
#define XM_ROUNDER 0x1.8p52

#define XM_TRY(expression)                     \
    do {                                       \
        xm_status status_ = (expression);      \
        if (status_ != XM_OK) return status_;  \
    } while (0)

XM_INLINE uint64_t xm_bits(double x) {
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

XM_INLINE double xm_from_bits(uint64_t b) {
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

XM_INLINE uint32_t xm_bits32(float x) {
    uint32_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

// 2^k for k in -1022...1023.
XM_INLINE double xm_power_of_two(int64_t k) { return xm_from_bits((uint64_t)(k + 1023) << 52); }

// The least e with x < 2^e, for a positive normal number.
XM_INLINE int32_t xm_exponent(double x) { return (int32_t)(xm_bits(x) >> 52) - 1022; }

// The order in which eight partial sums are joined.
XM_INLINE double xm_join(const double s[8]) {
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

// What the sum S at a flat index adds to a trace: the product of the halves of S's float64 bits,
// moved by a multiple of the index (the form of the universal hash NH). Addition makes the trace
// free of order.
XM_INLINE uint64_t xm_trace_mix(double sum, uint64_t index) {
    uint64_t z = xm_bits(sum) + (index + 1) * 0x9e3779b97f4a7c15u;
    return (z & 0xffffffffu) * (z >> 32);
}

// Scratch memory of the calling thread, 64-byte aligned, kept between calls and freed with the thread.
// Each slot is one independent buffer. Null when memory is short.
enum {
    XM_SLOT_LEFT,
    XM_SLOT_TILE,
    XM_SLOT_LIMBS,
    XM_SLOT_PANEL,
    XM_SLOT_OUT,
    XM_SLOT_SUMS,
    XM_SLOT_COLUMNS,
    XM_SLOTS
};
void *xm_scratch(int slot, size_t bytes);

#endif
