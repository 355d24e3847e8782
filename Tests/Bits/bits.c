// A small model in C alone: hashes of its logits, of a LoRA adapter after 20 steps, of index rows
// and of influence scores. They are the same for every compiler, level, processor, backend, thread
// count and number of rows computed at once.
//   bits BACKEND THREADS BATCH
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exactmath.h"
#include "influence.h"

enum {
    T = 64, D = 96, F = 224, V = 352, HEADS = 4, KV = 2, HEAD = D / HEADS, NARROW = KV * HEAD,
    RANK = 8, STEPS = 20, RECORDS = 8, LENGTH = T / RECORDS, ADAPTER = RANK * D + D * RANK,
};

#define TRY(call)                                            \
    do {                                                     \
        xm_status status_ = (call);                          \
        if (status_ != XM_OK) {                              \
            printf("%s: status %d\n", #call, (int)status_);  \
            exit(2);                                         \
        }                                                    \
    } while (0)

typedef struct {
    float q[F * D];
    int32_t e[F];
    size_t rows, columns;
} weight;

static weight key, value, gate, up, down;
static uint8_t head_codes[V * D / 2];
static float head_scales[V * D / 32 * 2], head_levels[16], ones[D];
static int32_t head_exponents[V];
static xm_coded head = {V, D, 32, head_levels, head_codes, head_scales, head_exponents};
static float inputs[T * D];
static uint32_t targets[T];

static uint64_t fnv(const void *bytes, size_t count) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

static void fill(uint64_t stream, float scale, float *out, size_t count) {
    static const uint8_t seed[32] = {'b', 'i', 't', 's'};
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        TRY(xm_random_words(seed, 1, stream, i, 1, &word));
        out[i] = (float)((int64_t)word >> 40) * 0x1p-23f * scale;
    }
}

static void make(weight *w, uint64_t stream, size_t rows, size_t columns) {
    static float values[F * D];
    w->rows = rows;
    w->columns = columns;
    fill(stream, 0.2f, values, rows * columns);
    TRY(xm_quantize(values, rows, columns, w->q, w->e));
}

static void make_model(void) {
    make(&key, 1, NARROW, D);
    make(&value, 2, NARROW, D);
    make(&gate, 3, F, D);
    make(&up, 4, F, D);
    make(&down, 5, D, F);
    fill(6, 1.0f, inputs, T * D);
    fill(7, 0.02f, head_scales, V * D / 32 * 2);
    for (size_t i = 0; i < 16; i++) head_levels[i] = (float)i - 8.0f;
    for (size_t i = 0; i < sizeof head_codes; i++) head_codes[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < D; i++) ones[i] = 1.0f;
    for (uint32_t i = 0; i < T; i++) targets[i] = i * 37 % V;
    TRY(xm_coded_exponents(&head, head_exponents));
}

static void apply(const weight *w, const float *x, size_t rows, float *out) {
    static float q[T * F];
    int32_t e[T];
    TRY(xm_quantize(x, rows, w->columns, q, e));
    TRY(xm_contract(q, e, rows, w->q, w->e, w->rows, w->columns, out, NULL));
}

// a [m, k] times b^T [n, k], plain matrices.
static void multiply(const float *a, size_t m, const float *b, size_t n, size_t k, float *out) {
    static float qa[T * F], qb[T * F];
    int32_t ea[F], eb[F];
    TRY(xm_quantize(a, m, k, qa, ea));
    TRY(xm_quantize(b, n, k, qb, eb));
    TRY(xm_contract(qa, ea, m, qb, eb, n, k, out, NULL));
}

typedef struct {
    float keys[T * NARROW], values[T * NARROW], y[T * D], low[T * RANK], normed[T * D];
    double inverse[T];
    float logits[T * V];
} pass;

// Rows first...first+rows-1, after the earlier ones.
static void forward_rows(pass *p, const float *adapter, size_t first, size_t rows) {
    static float mixed[T * D], g[T * F], u[T * F], fed[T * D], high[T * D], q[T * D];
    int32_t e[T];
    const float *x = inputs + first * D;
    float *y = p->y + first * D, *low = p->low + first * RANK;
    apply(&key, x, rows, p->keys + first * NARROW);
    apply(&value, x, rows, p->values + first * NARROW);
    TRY(xm_attention(x, p->keys, p->values, rows, first, HEADS, KV, HEAD, mixed, NULL));
    apply(&gate, mixed, rows, g);
    apply(&up, mixed, rows, u);
    TRY(xm_swiglu(g, u, rows * F, g));
    apply(&down, g, rows, fed);
    memcpy(y, x, rows * D * sizeof(float));
    TRY(xm_add_scaled(y, fed, 1.0f, rows * D));
    multiply(x, rows, adapter, RANK, D, low);
    multiply(low, rows, adapter + RANK * D, D, RANK, high);
    TRY(xm_add_scaled(y, high, 2.0f, rows * D));
    TRY(xm_rms_norm(y, ones, rows, D, 1e-5, p->normed + first * D, p->inverse + first));
    TRY(xm_quantize(p->normed + first * D, rows, D, q, e));
    TRY(xm_contract_coded(q, e, rows, &head, p->logits + first * V, NULL));
}

static void forward(pass *p, const float *adapter, size_t batch) {
    for (size_t first = 0; first < T; first += batch)
        forward_rows(p, adapter, first, T - first < batch ? T - first : batch);
}

// The adapter's gradient over rows first...first+rows-1, of the mean loss of these rows.
static void backward(const pass *p, const float *adapter, size_t first, size_t rows, float *out) {
    static float d_logits[T * V], q[T * V], d_normed[T * D], dy[T * D], d_low[T * RANK];
    static float left[T * D], right[T * D], b[D * RANK];
    double losses[T];
    int32_t e[T], eb[D];
    TRY(xm_cross_entropy(p->logits + first * V, targets + first, rows, V, 1.0 / (double)rows,
                         losses, d_logits));
    TRY(xm_quantize_folded(d_logits, rows, V, head_exponents, q, e));
    TRY(xm_contract_coded_folded(q, e, rows, &head, d_normed, NULL));
    memset(dy, 0, sizeof dy);
    TRY(xm_rms_norm_backward(d_normed, p->y + first * D, ones, p->inverse + first, rows, D, dy));
    TRY(xm_scale(dy, 2.0f, rows * D));
    xm_transpose(dy, rows, D, left);
    xm_transpose(p->low + first * RANK, rows, RANK, right);
    multiply(left, D, right, RANK, rows, out + RANK * D);
    TRY(xm_quantize(adapter + RANK * D, D, RANK, b, eb));
    TRY(xm_quantize_folded(dy, rows, D, eb, q, e));
    TRY(xm_contract_folded(q, e, rows, b, RANK, D, d_low, NULL));
    xm_transpose(d_low, rows, RANK, left);
    xm_transpose(inputs + first * D, rows, D, right);
    multiply(left, RANK, right, D, rows, out);
}

static uint64_t score(const int8_t *values, const int16_t *exponents) {
    static double norms[RECORDS], factor[RECORDS * RECORDS], scratch[RECORDS * RECORDS];
    static int64_t weights[RECORDS * RECORDS];
    const uint32_t dims[2] = {RANK * D, D * RANK};
    xm_index index = {RECORDS, 2, dims, values, exponents};
    static double scores[RECORDS * RECORDS];
    TRY(xm_influence_norms(&index, norms));
    for (size_t block = 0; block < 2; block++) {
        TRY(xm_influence_factor(&index, norms, block, 3 << 16, factor));
        TRY(xm_influence_solve(&index, norms, block, factor, &index, scratch, scores));
    }
    for (size_t query = 0; query < RECORDS; query++)
        TRY(xm_influence_weights(scores + query * RECORDS, RECORDS, weights + query * RECORDS));
    return fnv(weights, sizeof weights);
}

int main(int count, char **arguments) {
    static pass p;
    static float adapter[ADAPTER], gradient[ADAPTER], m[ADAPTER], v[ADAPTER];
    static int8_t rows[RECORDS * ADAPTER];
    static int16_t exponents[RECORDS * 2];
    if (count != 4 || atoi(arguments[3]) < 1) return 2;
    if (xm_use_backend(arguments[1]) != XM_OK) {
        printf("backend %s is not here\n", arguments[1]);
        return 3;
    }
    size_t batch = (size_t)atoi(arguments[3]);
    xm_set_threads(atoi(arguments[2]));
    make_model();
    fill(9, 0.1f, adapter, RANK * D);
    for (uint64_t step = 1; step <= STEPS; step++) {
        forward(&p, adapter, batch);
        backward(&p, adapter, 0, T, gradient);
        xm_adamw settings = {1e-2, 0.9, 0.999, 1e-8, 0.01, step};
        TRY(xm_adamw_step(&settings, adapter, m, v, gradient, ADAPTER));
    }
    forward(&p, adapter, batch);
    for (size_t r = 0; r < RECORDS; r++) {
        backward(&p, adapter, r * LENGTH, LENGTH, gradient);
        int32_t q[RANK * D], e;
        for (size_t block = 0; block < 2; block++) {
            TRY(xm_fixed_rows(gradient + block * RANK * D, 1, RANK * D, 8, q, &e));
            exponents[r * 2 + block] = (int16_t)(e - 7);
            for (size_t i = 0; i < RANK * D; i++)
                rows[r * ADAPTER + block * RANK * D + i] = (int8_t)q[i];
        }
    }
    uint64_t check;
    TRY(xm_self_check(&check));
    printf("logits %016" PRIx64 " adapter %016" PRIx64 " index %016" PRIx64 " scores %016" PRIx64
           " self-check %016" PRIx64 "\n",
           fnv(p.logits, sizeof p.logits), fnv(adapter, sizeof adapter), fnv(rows, sizeof rows),
           score(rows, exponents), check);
    return 0;
}
