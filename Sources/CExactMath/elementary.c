// Elementary functions of float32: computed in float64, rounded once.
#include "elementary.h"

XM_INLINE float exp_of(float x) { return x != x ? x : (float)xm_exp_core((double)x); }

XM_INLINE float log_of(float x) {
    if (x != x || x < 0.0f) return __builtin_nanf("");
    if (x == 0.0f) return -__builtin_inff();
    if (x == __builtin_inff()) return x;
    return (float)xm_log_core((double)x);
}

XM_INLINE float sine_of(float x, uint64_t quarter) {
    if (!(x >= -0x1p24f && x <= 0x1p24f)) return __builtin_nanf("");
    return (float)xm_sine_core((double)x, quarter) + 0.0f;
}

float xm_exp(float x) { return exp_of(x); }
float xm_log(float x) { return log_of(x); }
float xm_sin(float x) { return sine_of(x, 0); }
float xm_cos(float x) { return sine_of(x, 1); }
double xm_exp64(double x) { return xm_exp_core(x); }
double xm_log64(double x) { return xm_log_core(x); }

uint64_t xm_hash_unary(int function, uint64_t first, uint64_t count, uint64_t stride) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)(first + i * stride);
        float x;
        memcpy(&x, &bits, sizeof x);
        float y = function == 0 ? exp_of(x) : function == 1 ? log_of(x) : sine_of(x, function == 3);
        uint32_t result = y != y ? 0x7fc00000u : xm_bits32(y);
        hash = (hash ^ result) * 0x100000001b3u;
    }
    return hash;
}
