// Causal grouped-query attention in float32 with a written order. Scores: 16 lanes over the head
// dimension, joined as a balanced tree. Mixing: positions ascending. A query row reads only itself
// and the keys and values up to its position, so a cache gives the bits of a full pass.
//
// Scores of many rows are computed 16 keys at a time over transposed keys, so that the lanes of the
// written order become separate registers; each key's sum is made of the same operations.
#include "elementary.h"
#include "parallel.h"

enum { LANES = 16, KEYS = 16, QUERIES = 4, WIDTH = 64 };

typedef float keys16 __attribute__((vector_size(4 * KEYS), aligned(4), may_alias));

XM_INLINE float dot(const float *a, const float *b, size_t count) {
    float s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t l = 0; l < LANES; l++) s[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i + l < count; l++) s[l] += a[i + l] * b[i + l];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t l = 0; l < width; l++) s[l] += s[l + width];
    return s[0];
}

// y[c] += sum of factors[n * step] * x[n, c], n ascending. x has rows of the given stride.
XM_INLINE void add_multiples(float *y, const float *factors, size_t step, const float *x,
                             size_t stride, size_t count, size_t d) {
    size_t c0 = 0;
    for (; c0 + WIDTH <= d; c0 += WIDTH) {
        float s[WIDTH];
        memcpy(s, y + c0, sizeof s);
        for (size_t n = 0; n < count; n++)
            for (size_t c = 0; c < WIDTH; c++) s[c] += factors[n * step] * x[n * stride + c0 + c];
        memcpy(y + c0, s, sizeof s);
    }
    for (size_t n = 0; c0 < d && n < count; n++)
        for (size_t c = c0; c < d; c++) y[c] += factors[n * step] * x[n * stride + c];
}

// Rows of k in blocks of 16, each transposed to [d, 16]; the last block is filled with zeros.
XM_KERNEL static void block_keys(const float *k, size_t stride, size_t count, size_t d, float *out) {
    for (size_t j = 0; j < count; j++)
        for (size_t c = 0; c < d; c++)
            out[(j / KEYS * d + c) * KEYS + j % KEYS] = k[j * stride + c];
    for (size_t j = count; j % KEYS != 0; j++)
        for (size_t c = 0; c < d; c++) out[(j / KEYS * d + c) * KEYS + j % KEYS] = 0.0f;
}

// Lanes l, l + 4, l + 8 and l + 12 of the dot products of four rows with 16 keys, joined.
XM_INLINE void quarter(const float *q, size_t stride, const float *block, size_t l, size_t d,
                       keys16 to[QUERIES]) {
    keys16 s[QUERIES][4] = {{{0}}};
    size_t c = l;
    for (; c + 12 < d; c += LANES)
        for (size_t part = 0; part < 4; part++) {
            keys16 key = *(const keys16 *)(block + (c + part * 4) * KEYS);
            for (size_t r = 0; r < QUERIES; r++)
                s[r][part] += q[r * stride + c + part * 4] * key;
        }
    for (size_t part = 0; part < 3 && c + part * 4 < d; part++)
        for (size_t r = 0; r < QUERIES; r++)
            s[r][part] += q[r * stride + c + part * 4] *
                          *(const keys16 *)(block + (c + part * 4) * KEYS);
    for (size_t r = 0; r < QUERIES; r++) to[r] = (s[r][0] + s[r][2]) + (s[r][1] + s[r][3]);
}

// out[r, j] = dot(q row r, key j) * scale for four rows and the first `blocks` blocks of keys.
XM_INLINE void scores4(const float *q, size_t stride, const float *keys, size_t blocks, size_t d,
                       float scale, float *const out[QUERIES]) {
    for (size_t b = 0; b < blocks; b++) {
        const float *block = keys + b * d * KEYS;
        keys16 parts[4][QUERIES];
        for (size_t l = 0; l < 4; l++) quarter(q, stride, block, l, d, parts[l]);
        for (size_t r = 0; r < QUERIES; r++) {
            keys16 sum = (parts[0][r] + parts[2][r]) + (parts[1][r] + parts[3][r]);
            *(keys16 *)(out[r] + b * KEYS) = sum * scale;
        }
    }
}

// In place: scores to probabilities. exp in float64, their sum in eight lanes.
XM_INLINE void softmax(float *x, size_t count) {
    float largest = x[0];
    for (size_t i = 1; i < count; i++) largest = x[i] > largest ? x[i] : largest;
    double s[8] = {0};
    for (size_t i = 0; i < count; i++) x[i] = (float)xm_exp_core((double)x[i] - (double)largest);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t l = 0; l < 8; l++) s[l] += (double)x[i + l];
    for (size_t l = 0; i + l < count; l++) s[l] += (double)x[i + l];
    double total = xm_join(s);
    for (i = 0; i < count; i++) x[i] = (float)((double)x[i] / total);
}

typedef struct {
    size_t rows, past, heads, kv_heads, d;
} shape;

static size_t padded(size_t count) { return (count + KEYS - 1) / KEYS * KEYS; }

// Rows first...first+3 (or fewer, up to `rows`) against blocked keys: scores in four lines of
// `line` floats, the line of a missing row unused.
XM_INLINE size_t score_rows(const float *q, size_t stride, size_t first, size_t rows, size_t past,
                            const float *blocked, size_t d, float scale, size_t line, float *lines) {
    size_t own = rows - first < QUERIES ? rows - first : QUERIES;
    size_t blocks = padded(past + first + own) / KEYS;
    if (own == QUERIES) {
        float *const out[QUERIES] = {lines, lines + line, lines + 2 * line, lines + 3 * line};
        scores4(q + first * stride, stride, blocked, blocks, d, scale, out);
        return own;
    }
    for (size_t r = 0; r < own; r++) { // the last row takes the place of missing ones
        float *const out[QUERIES] = {lines + r * line, lines + 3 * line, lines + 3 * line,
                                     lines + 3 * line};
        scores4(q + (first + r) * stride, 0, blocked, blocks, d, scale, out);
    }
    return own;
}

// One head: q and out have stride heads * d, v stride kv_heads * d, keys are blocked.
// Probabilities [rows, past + rows], or null. `lines` holds four padded rows of scores.
XM_KERNEL static void forward_head(const shape *s, const float *q, const float *blocked,
                                   const float *v, float *out, float *probabilities, float *lines) {
    size_t q_stride = s->heads * s->d, v_stride = s->kv_heads * s->d;
    size_t total = s->past + s->rows, line = padded(total);
    float scale = (float)(1.0 / __builtin_sqrt((double)s->d));
    for (size_t first = 0; first < s->rows; first += QUERIES) {
        size_t own = score_rows(q, q_stride, first, s->rows, s->past, blocked, s->d, scale, line, lines);
        for (size_t r = 0; r < own; r++) {
            size_t i = first + r, seen = s->past + i + 1;
            float *row = lines + r * line, *o = out + i * q_stride;
            softmax(row, seen);
            for (size_t c = 0; c < s->d; c++) o[c] = 0.0f;
            add_multiples(o, row, 1, v, v_stride, seen, s->d);
            if (probabilities == NULL) continue;
            memcpy(probabilities + i * total, row, seen * sizeof(float));
            memset(probabilities + i * total + seen, 0, (total - seen) * sizeof(float));
        }
    }
}

// One head and one row, over keys as they lie: no other row would share the blocks.
XM_KERNEL static void forward_row(const shape *s, const float *q, const float *k, const float *v,
                                  float *out, float *row) {
    size_t stride = s->kv_heads * s->d, seen = s->past + 1;
    float scale = (float)(1.0 / __builtin_sqrt((double)s->d));
    for (size_t j = 0; j < seen; j++) row[j] = dot(q, k + j * stride, s->d) * scale;
    softmax(row, seen);
    for (size_t c = 0; c < s->d; c++) out[c] = 0.0f;
    add_multiples(out, row, 1, v, stride, seen, s->d);
}

typedef struct {
    shape s;
    const float *q, *k, *v;
    float *out, *probabilities;
} forward;

// Groups of query heads, each with its own keys and values.
static xm_status forward_groups(const void *context, size_t begin, size_t end) {
    const forward *f = context;
    const shape *s = &f->s;
    size_t total = s->past + s->rows, group = s->heads / s->kv_heads;
    float *lines = xm_scratch(XM_SLOT_OUT, (QUERIES * padded(total) + 1) * sizeof(float));
    float *blocked = xm_scratch(XM_SLOT_TILE, (padded(total) * s->d + 1) * sizeof(float));
    if (lines == NULL || blocked == NULL) return XM_NO_MEMORY;
    bool alone = s->rows == 1 && f->probabilities == NULL;
    for (size_t h = begin * group; h < end * group; h++) {
        const float *q = f->q + h * s->d, *k = f->k + h / group * s->d, *v = f->v + h / group * s->d;
        float *out = f->out + h * s->d;
        if (alone) {
            forward_row(s, q, k, v, out, lines);
            continue;
        }
        if (h % group == 0) block_keys(k, s->kv_heads * s->d, total, s->d, blocked);
        float *p = f->probabilities == NULL ? NULL : f->probabilities + h * s->rows * total;
        forward_head(s, q, blocked, v, out, p, lines);
    }
    return XM_OK;
}

xm_status xm_attention(const float *q, const float *k, const float *v, size_t rows, size_t past,
                       size_t heads, size_t kv_heads, size_t d, float *out, float *probabilities) {
    if (kv_heads == 0 || heads % kv_heads != 0) return XM_OUT_OF_RANGE;
    // A NaN would not survive the search for the maximum, so scores must start from finite values.
    XM_TRY(xm_check_finite(q, rows * heads * d));
    XM_TRY(xm_check_finite(k, (past + rows) * kv_heads * d));
    forward f = {{rows, past, heads, kv_heads, d}, q, k, v, out, probabilities};
    XM_TRY(xm_in_shares(kv_heads, 4 * heads * rows * (past + rows / 2) * d, forward_groups, &f));
    return xm_check_finite(out, rows * heads * d);
}

// One head; dk and dv grow by this head's part. `blocked` are the values in blocks; ds [rows, padded
// rows] is scratch.
XM_KERNEL static void backward_head(const shape *s, const float *dout, const float *q,
                                    const float *k, const float *blocked, const float *p, float *ds,
                                    float *dq, float *dk, float *dv) {
    size_t q_stride = s->heads * s->d, k_stride = s->kv_heads * s->d, line = padded(s->rows);
    float scale = (float)(1.0 / __builtin_sqrt((double)s->d));
    for (size_t first = 0; first < s->rows; first += QUERIES) {
        float *lines = ds + first * line;
        size_t own = score_rows(dout, q_stride, first, s->rows, 0, blocked, s->d, 1.0f, line, lines);
        for (size_t r = 0; r < own; r++) {
            size_t i = first + r, seen = i + 1, j = 0;
            const float *row = p + i * s->rows;
            float *dp = lines + r * line;
            double mean[8] = {0};
            for (; j + 8 <= seen; j += 8)
                for (size_t l = 0; l < 8; l++) mean[l] += (double)dp[j + l] * (double)row[j + l];
            for (size_t l = 0; j + l < seen; l++) mean[l] += (double)dp[j + l] * (double)row[j + l];
            double weighted = xm_join(mean);
            for (j = 0; j < seen; j++)
                dp[j] = (float)((double)row[j] * ((double)dp[j] - weighted)) * scale;
            for (size_t c = 0; c < s->d; c++) dq[i * q_stride + c] = 0.0f;
            add_multiples(dq + i * q_stride, dp, 1, k, k_stride, seen, s->d);
        }
    }
    for (size_t j = 0; j < s->rows; j++) {
        size_t later = s->rows - j;
        add_multiples(dk + j * k_stride, ds + j * line + j, line, q + j * q_stride, q_stride, later,
                      s->d);
        add_multiples(dv + j * k_stride, p + j * s->rows + j, s->rows, dout + j * q_stride, q_stride,
                      later, s->d);
    }
}

typedef struct {
    shape s;
    const float *dout, *q, *k, *v, *probabilities;
    float *dq, *dk, *dv;
} backward;

static xm_status backward_groups(const void *context, size_t begin, size_t end) {
    const backward *b = context;
    const shape *s = &b->s;
    size_t rows = s->rows, d = s->d, group = s->heads / s->kv_heads;
    // Three lines more, because rows are scored four at a time.
    float *ds = xm_scratch(XM_SLOT_OUT, ((rows + QUERIES) * padded(rows) + 1) * sizeof(float));
    float *blocked = xm_scratch(XM_SLOT_TILE, (padded(rows) * d + 1) * sizeof(float));
    if (ds == NULL || blocked == NULL) return XM_NO_MEMORY;
    for (size_t h = begin * group; h < end * group; h++) {
        size_t kv = h / group;
        if (h % group == 0) block_keys(b->v + kv * d, s->kv_heads * d, rows, d, blocked);
        backward_head(s, b->dout + h * d, b->q + h * d, b->k + kv * d, blocked,
                      b->probabilities + h * rows * rows, ds, b->dq + h * d, b->dk + kv * d,
                      b->dv + kv * d);
    }
    return XM_OK;
}

xm_status xm_attention_backward(const float *dout, const float *q, const float *k, const float *v,
                                const float *probabilities, size_t rows, size_t heads,
                                size_t kv_heads, size_t d, float *dq, float *dk, float *dv) {
    if (kv_heads == 0 || heads % kv_heads != 0) return XM_OUT_OF_RANGE;
    memset(dk, 0, rows * kv_heads * d * sizeof(float));
    memset(dv, 0, rows * kv_heads * d * sizeof(float));
    backward b = {{rows, 0, heads, kv_heads, d}, dout, q, k, v, probabilities, dq, dk, dv};
    XM_TRY(xm_in_shares(kv_heads, 5 * heads * rows * rows * d, backward_groups, &b));
    XM_TRY(xm_check_finite(dq, rows * heads * d));
    XM_TRY(xm_check_finite(dk, rows * kv_heads * d));
    return xm_check_finite(dv, rows * kv_heads * d);
}
