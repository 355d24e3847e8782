// A fixed job that touches every function. A node whose hash differs must not validate.
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

xm_status xm_self_check(uint64_t *hash) {
    state s = {0xcbf29ce484222325u, XM_OK};
    if (!xm_environment_is_exact()) return XM_OUT_OF_RANGE;
    for (int function = 0; function < 4; function++) {
        uint64_t values = xm_hash_unary(function, 1, 20011, 214663);
        absorb(&s, &values, sizeof values);
    }
    check_products(&s);
    check_layers(&s);
    check_systems(&s);
    *hash = s.hash;
    return s.status;
}
