// A fixed job that touches every kernel file. A node whose hash differs must not validate.
#include "include/decoder.h"
#include "include/influence.h"
#include "include/training.h"
#include "internal.h"

enum { M = 9, N = 33, K = 4200, ROWS = 12, HEADS = 4, KV = 2, D = 24, ORDER = 20 };

typedef struct {
    uint64_t hash;
    xm_status status;
} state;

static void absorb(state *s, const void *bytes, size_t count) {
    const uint8_t *p = bytes;
    for (size_t i = 0; i < count; i++) s->hash = (s->hash ^ p[i]) * 0x100000001b3u;
}

static void note(state *s, xm_status status) {
    if (s->status == XM_OK) s->status = status;
}

// Values of mixed magnitude: 24 random bits times 2^-12...2^3.
static void fill(state *s, uint64_t stream, float *out, size_t count) {
    static const uint8_t seed[32] = {'e', 'x', 'a', 'c', 't'};
    for (size_t i = 0; i < count; i++) {
        uint64_t word = 0;
        note(s, xm_random_words(seed, 1, stream, i, 1, &word));
        double value = (double)(int64_t)(word >> 40) - 8388608.0;
        out[i] = (float)(value * xm_power_of_two(-35 + (int64_t)(word & 15)));
    }
}

static void check_products(state *s) {
    static _Thread_local float a[M * K], b[N * K], qa[M * K], qb[N * K], c[M * N], folded[M * K];
    int32_t ea[M], eb[N];
    uint64_t trace = 0;
    int64_t sums[M * N];
    fill(s, 1, a, M * K);
    fill(s, 2, b, N * K);
    note(s, xm_quantize(a, M, K, qa, ea));
    note(s, xm_quantize(b, N, K, qb, eb));
    note(s, xm_contract(qa, ea, M, qb, eb, N, K, c, &trace));
    absorb(s, c, sizeof c);
    note(s, xm_contract_sums(qa, 2, qb, N, K, sums));
    absorb(s, sums, 2 * N * sizeof sums[0]);
    note(s, xm_quantize_folded(c, M, N, eb, qa, ea));
    note(s, xm_contract_folded(qa, ea, M, qb, K, N, folded, &trace));
    absorb(s, folded, sizeof folded);
    absorb(s, &trace, sizeof trace);
}

static void check_layers(state *s) {
    enum { WIDTH = HEADS * D, NARROW = KV * D };
    float q[ROWS * WIDTH], k[ROWS * NARROW], v[ROWS * NARROW], w[WIDTH], out[ROWS * WIDTH];
    float p[HEADS * ROWS * ROWS], dq[ROWS * WIDTH], dk[ROWS * NARROW], dv[ROWS * NARROW];
    float cosines[ROWS * D / 2], sines[ROWS * D / 2];
    double inverse[ROWS], losses[ROWS];
    uint32_t targets[ROWS];
    fill(s, 3, q, ROWS * WIDTH);
    fill(s, 4, k, ROWS * NARROW);
    fill(s, 5, v, ROWS * NARROW);
    fill(s, 6, w, WIDTH);
    note(s, xm_rms_norm(q, w, ROWS, WIDTH, 1e-5, out, inverse));
    note(s, xm_rotary_table(1000, ROWS, D, 10000.0, cosines, sines));
    note(s, xm_rotate(out, cosines, sines, ROWS, HEADS, D, 1));
    note(s, xm_rotate(k, cosines, sines, ROWS, KV, D, -1));
    note(s, xm_attention(out, k, v, ROWS, 0, HEADS, KV, D, q, p));
    note(s, xm_attention_backward(q, out, k, v, p, ROWS, HEADS, KV, D, dq, dk, dv));
    absorb(s, q, sizeof q);
    absorb(s, dk, sizeof dk);
    absorb(s, dv, sizeof dv);
    note(s, xm_swiglu(q, dq, ROWS * WIDTH, out));
    note(s, xm_swiglu_backward(out, q, dq, ROWS * WIDTH, out, q));
    note(s, xm_rms_norm_backward(out, dq, w, inverse, ROWS, WIDTH, q));
    note(s, xm_add_scaled(q, out, 0.375f, ROWS * WIDTH));
    absorb(s, q, sizeof q);
    for (uint32_t r = 0; r < ROWS; r++) targets[r] = r * 7;
    note(s, xm_cross_entropy(dq, targets, ROWS, WIDTH, 0.25, losses, out));
    absorb(s, losses, sizeof losses);
    absorb(s, out, sizeof out);
    xm_adamw settings = {1e-3, 0.9, 0.999, 1e-8, 0.01, 7};
    memset(dq, 0, sizeof dq);
    note(s, xm_adamw_step(&settings, q, dq, p, out, HEADS * ROWS * ROWS));
    absorb(s, q, sizeof q);
}

static void check_variants(state *s) {
    enum { WIDTH = HEADS * D };
    float x[ROWS * WIDTH], w[WIDTH], b[WIDTH], out[ROWS * WIDTH], dx[ROWS * WIDTH] = {0};
    float cosines[ROWS * D / 2], sines[ROWS * D / 2], divisors[D / 2];
    double inverse[ROWS];
    fill(s, 11, x, ROWS * WIDTH);
    fill(s, 12, w, WIDTH);
    fill(s, 13, b, WIDTH);
    for (size_t i = 0; i < D / 2; i++) divisors[i] = 1.0f + (float)i / 4.0f;
    note(s, xm_layer_norm(x, w, b, ROWS, WIDTH, 1e-5, out, inverse));
    note(s, xm_rotary_table_divided(500, ROWS, D, 10000.0, divisors, cosines, sines));
    note(s, xm_rotate(out, cosines, sines, ROWS, HEADS, D, 1));
    absorb(s, out, sizeof out);
    note(s, xm_layer_norm_backward(out, x, w, inverse, ROWS, WIDTH, dx));
    note(s, xm_gelu(dx, ROWS * WIDTH, out));
    note(s, xm_gelu_backward(x, out, ROWS * WIDTH, dx));
    note(s, xm_add_row(dx, b, ROWS, WIDTH));
    absorb(s, dx, sizeof dx);
}

static void check_adapters(state *s) {
    enum { OUT = 6, IN = 41, RANK = 3 };
    static const uint8_t seed[32] = {'d', 'r', 'o', 'p'};
    float w[OUT * IN], b[OUT * RANK], a[RANK * IN], magnitude[OUT], q[OUT * IN], out[OUT * IN];
    int32_t e[OUT];
    double norms[OUT];
    fill(s, 14, w, OUT * IN);
    fill(s, 15, b, OUT * RANK);
    fill(s, 16, a, RANK * IN);
    for (size_t o = 0; o < OUT; o++) magnitude[o] = 0.5f + (float)o / 8.0f;
    note(s, xm_quantize(w, OUT, IN, q, e));
    note(s, xm_sum_norms(q, e, b, a, 0.75f, OUT, IN, RANK, norms));
    absorb(s, norms, sizeof norms);
    note(s, xm_merge(w, b, a, 0.75f, NULL, OUT, IN, RANK));
    note(s, xm_merge(w, b, a, -1.5f, magnitude, OUT, IN, RANK));
    note(s, xm_scale_columns(w, a, OUT, IN));
    absorb(s, w, sizeof w);
    note(s, xm_dropout(w, OUT * IN, seed, 5, 77, 1u << 30, 4.0f / 3.0f, out));
    absorb(s, out, sizeof out);
}

static void check_systems(state *s) {
    enum { COLUMNS = 70 };
    float x[ORDER * ORDER];
    double a[ORDER * ORDER], b[2 * ORDER];
    int32_t q[ORDER * ORDER], e[ORDER];
    uint64_t words[ORDER * 2];
    int64_t sums[ORDER * COLUMNS];
    fill(s, 7, x, ORDER * ORDER);
    for (size_t i = 0; i < ORDER; i++)
        for (size_t j = 0; j < ORDER; j++) {
            double sum = i == j ? 1.0 : 0.0;
            for (size_t p = 0; p < ORDER; p++)
                sum += (double)x[i * ORDER + p] * (double)x[j * ORDER + p];
            a[i * ORDER + j] = sum;
        }
    for (size_t i = 0; i < 2 * ORDER; i++) b[i] = (double)x[i];
    note(s, xm_cholesky(a, ORDER));
    note(s, xm_cholesky_solve(a, ORDER, b, 2));
    absorb(s, b, sizeof b);
    note(s, xm_fixed_rows(x, ORDER, ORDER, 8, q, e));
    for (size_t i = 0; i < ORDER * 2; i++) words[i] = (i + 1) * 0x9e3779b97f4a7c15u;
    note(s, xm_project_signs(q, ORDER, ORDER, words, COLUMNS, sums));
    absorb(s, q, sizeof q);
    absorb(s, e, sizeof e);
    absorb(s, sums, sizeof sums);
}

static void check_codes(state *s) {
    enum { WIDTH = 96, NARROW = 3 };
    float levels[16], scales[N * NARROW * 2], a[M * WIDTH], c[M * N], back[M * WIDTH];
    uint8_t codes[N * WIDTH];
    int32_t e[N], ea[M];
    for (size_t i = 0; i < 16; i++) levels[i] = (float)i - 8.0f;
    for (size_t i = 0; i < N * WIDTH; i++) codes[i] = (uint8_t)(i * 167 >> 3);
    fill(s, 8, scales, N * NARROW * 2);
    fill(s, 9, a, M * WIDTH);
    note(s, xm_quantize(a, M, WIDTH, a, ea));
    for (int narrow = 0; narrow < 2; narrow++) {
        xm_coded x = {N, WIDTH, 32, narrow ? levels : NULL, codes, scales, NULL};
        note(s, xm_coded_exponents(&x, e));
        x.exponents = e;
        note(s, xm_contract_coded(a, ea, M, &x, c, NULL));
        absorb(s, c, sizeof c);
        note(s, xm_quantize(c, M, N, c, ea));
        note(s, xm_contract_coded_folded(c, ea, M, &x, back, NULL));
        absorb(s, back, sizeof back);
        note(s, xm_quantize(back, M, WIDTH, a, ea));
    }
}

static void check_influence(state *s) {
    enum { RECORDS = 7, QUERIES = 2, BLOCKS = 2, FIRST = 70, SECOND = 9, WIDTH = FIRST + SECOND };
    const uint32_t dims[BLOCKS] = {FIRST, SECOND};
    float x[RECORDS * WIDTH];
    int32_t wide[RECORDS * WIDTH], e[RECORDS];
    int8_t values[RECORDS * WIDTH];
    int16_t exponents[RECORDS * BLOCKS];
    double norms[RECORDS], kernel[RECORDS * RECORDS] = {0}, scratch[QUERIES * RECORDS];
    double scores[QUERIES * RECORDS] = {0}, others[QUERIES * RECORDS] = {0};
    double products[QUERIES * RECORDS];
    int64_t weights[RECORDS];
    fill(s, 10, x, RECORDS * WIDTH);
    note(s, xm_fixed_rows(x, RECORDS, WIDTH, 8, wide, e));
    for (size_t i = 0; i < RECORDS * WIDTH; i++) values[i] = (int8_t)wide[i];
    for (size_t i = 0; i < RECORDS * BLOCKS; i++) exponents[i] = (int16_t)(e[i / BLOCKS] - 7);
    xm_index index = {RECORDS, BLOCKS, dims, values, exponents};
    xm_index queries = {QUERIES, BLOCKS, dims, values + WIDTH, exponents + BLOCKS};
    note(s, xm_influence_norms(&index, norms));
    absorb(s, norms, sizeof norms);
    for (size_t b = 0; b < BLOCKS; b++) {
        note(s, xm_influence_factor(&index, norms, b, 3 << 16, kernel));
        absorb(s, kernel, sizeof kernel);
        note(s, xm_influence_solve(&index, norms, b, kernel, &queries, scratch, scores));
        note(s, xm_influence_products(&index, &index, b, kernel));
        note(s, xm_influence_products(&queries, &index, b, products));
        note(s, xm_influence_datainf(kernel, RECORDS, dims[b], 6554, products, QUERIES, scratch,
                                     others));
    }
    absorb(s, others, sizeof others);
    absorb(s, scores, sizeof scores);
    note(s, xm_influence_weights(scores, RECORDS, weights));
    absorb(s, weights, sizeof weights);
    int64_t sums[2 * RECORDS];
    note(s, xm_integer_products(wide, 2, values, RECORDS, WIDTH, sums));
    absorb(s, sums, sizeof sums);
}

xm_status xm_self_check(uint64_t *hash) {
    state s = {0xcbf29ce484222325u, XM_OK};
    if (!xm_environment_is_exact()) return XM_OUT_OF_RANGE;
    for (int function = 0; function < XM_UNARY_COUNT; function++) {
        uint64_t values = 0;
        note(&s, xm_hash_unary((xm_unary)function, 1, 20011, 214663, &values));
        absorb(&s, &values, sizeof values);
    }
    check_products(&s);
    check_codes(&s);
    check_layers(&s);
    check_variants(&s);
    check_adapters(&s);
    check_systems(&s);
    check_influence(&s);
    *hash = s.hash;
    return s.status;
}
