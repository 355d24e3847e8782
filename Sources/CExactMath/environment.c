// The floating-point environment, threads and scratch memory.
#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
// MXCSR: bit 6 DAZ, bits 13-14 rounding, bit 15 FTZ.
static bool control_word_is_exact(void) { return (_mm_getcsr() & 0xe040u) == 0; }
#elif defined(__aarch64__)
// FPCR: bit 19 FZ16, bits 22-23 rounding, bit 24 FZ.
static bool control_word_is_exact(void) {
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return (control & 0x1c80000u) == 0;
}
#else
#error "the control word of this processor is not known"
#endif

bool xm_environment_is_exact(void) {
    // Volatile, so that the processor and not the compiler does the sums.
    volatile double smallest = 0x1p-1074, one = 1.0, half_unit = 0x1p-53;
    return control_word_is_exact() && smallest * one > 0.0 &&
           smallest + smallest == 0x1p-1073 && one + half_unit == 1.0 &&
           (one + 0x1p-52) + half_unit == 1.0 + 0x1p-51;
}

typedef struct {
    void *memory[XM_SLOTS];
    size_t bytes[XM_SLOTS];
} scratch;

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static bool scratch_ready = false;

static void scratch_free(void *pointer) {
    scratch *own = pointer;
    for (int slot = 0; slot < XM_SLOTS; slot++) free(own->memory[slot]);
    free(own);
}

static void scratch_start(void) {
    scratch_ready = pthread_key_create(&scratch_key, scratch_free) == 0;
}

void *xm_scratch(int slot, size_t bytes) {
    pthread_once(&scratch_once, scratch_start);
    if (!scratch_ready) return NULL;
    scratch *own = pthread_getspecific(scratch_key);
    if (own == NULL) {
        own = calloc(1, sizeof *own);
        if (own == NULL || pthread_setspecific(scratch_key, own) != 0) {
            free(own);
            return NULL;
        }
    }
    if (own->bytes[slot] < bytes) {
        free(own->memory[slot]);
        size_t rounded = (bytes + 63) / 64 * 64;
        own->memory[slot] = aligned_alloc(64, rounded);
        own->bytes[slot] = own->memory[slot] == NULL ? 0 : rounded;
    }
    return own->memory[slot];
}
