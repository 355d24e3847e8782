#include <sodium.h>
#include <string.h>

// libsodium aligns its BLAKE2b state to 64 bytes, and Swift does not import types aligned that far.
// The state is kept in a plain struct instead, and moved into an aligned one for each call.

typedef struct {
    unsigned char bytes[sizeof(crypto_generichash_blake2b_state)];
} blake2b_state;

static inline void blake2b_begin(blake2b_state *state, size_t length) {
    crypto_generichash_blake2b_state aligned;
    crypto_generichash_blake2b_init(&aligned, NULL, 0, length);
    memcpy(state, &aligned, sizeof aligned);
}

static inline void blake2b_add(blake2b_state *state, const void *_Nullable bytes, size_t count) {
    crypto_generichash_blake2b_state aligned;
    memcpy(&aligned, state, sizeof aligned);
    crypto_generichash_blake2b_update(&aligned, (const unsigned char *)bytes, count);
    memcpy(state, &aligned, sizeof aligned);
}

static inline void blake2b_end(const blake2b_state *state, void *_Nullable output, size_t length) {
    crypto_generichash_blake2b_state aligned;
    memcpy(&aligned, state, sizeof aligned);
    crypto_generichash_blake2b_final(&aligned, (unsigned char *)output, length);
}

// BLAKE2b over three pieces joined, in one call: the hot path of every tree.
static inline void blake2b_joined(void *_Nullable output, size_t length,
                                  const void *_Nullable first, size_t first_count,
                                  const void *_Nullable second, size_t second_count,
                                  const void *_Nullable third, size_t third_count) {
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, length);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)first, first_count);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)second, second_count);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)third, third_count);
    crypto_generichash_blake2b_final(&state, (unsigned char *)output, length);
}
