// Keyed random integers: the ChaCha20 key stream of RFC 8439.
#include "internal.h"

static uint32_t rotate_left(uint32_t x, int by) { return x << by | x >> (32 - by); }

static void quarter_round(uint32_t s[16], int a, int b, int c, int d) {
    s[a] += s[b], s[d] = rotate_left(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate_left(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate_left(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate_left(s[b] ^ s[c], 7);
}

static uint32_t read_word(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void block(const uint32_t start[16], uint64_t words[8]) {
    uint32_t s[16];
    memcpy(s, start, sizeof s);
    for (int round = 0; round < 10; round++) {
        quarter_round(s, 0, 4, 8, 12);
        quarter_round(s, 1, 5, 9, 13);
        quarter_round(s, 2, 6, 10, 14);
        quarter_round(s, 3, 7, 11, 15);
        quarter_round(s, 0, 5, 10, 15);
        quarter_round(s, 1, 6, 11, 12);
        quarter_round(s, 2, 7, 8, 13);
        quarter_round(s, 3, 4, 9, 14);
    }
    for (int i = 0; i < 8; i++)
        words[i] = (uint64_t)(s[2 * i] + start[2 * i]) |
                   (uint64_t)(s[2 * i + 1] + start[2 * i + 1]) << 32;
}

xm_status xm_random_words(const uint8_t seed[32], uint32_t domain, uint64_t stream, uint64_t first,
                          size_t count, uint64_t *words) {
    if (first > (1ull << 34) || count > (1ull << 34) - first) return XM_TOO_LARGE;
    uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (int i = 0; i < 8; i++) state[4 + i] = read_word(seed + 4 * i);
    state[13] = (uint32_t)stream;
    state[14] = (uint32_t)(stream >> 32);
    state[15] = domain;
    uint64_t current[8];
    for (size_t i = 0; i < count; i++) {
        uint64_t position = first + i;
        if (i == 0 || position % 8 == 0) {
            state[12] = (uint32_t)(position / 8);
            block(state, current);
        }
        words[i] = current[position % 8];
    }
    return XM_OK;
}
