// The contraction by our own kernels. Operands stay float32 integers in memory, half of what
// float64 takes; rows of b are read in place unless they are coded. Rows of a go in blocks that fit
// the second cache, columns of the result in strips, which threads share out.
#include "parallel.h"
#include "simd.h"

enum {
    LEFT_BYTES = 448 << 10, // of the second cache for rows of a
    NARROW = 8,             // rows of b that stay in the first cache while all rows of a pass
    WORTH_A_PANEL = 64,      // rows of a, from which turning rows of b into a panel pays
    WORTH_LIMBS = 16,        // and splitting them into limbs,
    WORTH_CODED_LIMBS = 5,   // which codes are decoded to as soon as to numbers,
    WORTH_FOLDED_LIMBS = 12, // and which need not be turned here;
    WORTH_LIMB_PANELS = 160, // and turning limbs into panels
};

// Columns n0...n0+width-1 of the result.
typedef struct {
    size_t n0, width;
    const float *right; // rows of b with `stride`, or panels of [step, XM_PANEL]
    size_t stride;
} strip;

static xm_status fetch_rows(const xm_work *w, strip *s) {
    const xm_product *t = w->t;
    s->stride = t->k;
    if (t->coded == NULL) {
        s->right = xm_right_row(t, s->n0, w->k0, w->step, NULL);
        return XM_OK;
    }
    float *space = xm_scratch(XM_SLOT_TILE, (s->width * w->step + 1) * sizeof(float));
    if (space == NULL) return XM_NO_MEMORY;
    for (size_t j = 0; j < s->width; j++)
        xm_right_row(t, s->n0 + j, w->k0, w->step, space + j * w->step);
    s->right = space;
    s->stride = w->step;
    return XM_OK;
}

typedef float quad __attribute__((vector_size(16)));

// to[p * XM_PANEL + j] = from[j * stride + p] for columns j, by squares of four.
void xm_turn(const float *from, size_t stride, size_t columns, size_t count, float *to) {
    size_t wide = columns / 4 * 4, p = 0;
    for (; p + 4 <= count; p += 4)
        for (size_t j = 0; j < wide; j += 4) {
            quad r[4];
            for (size_t i = 0; i < 4; i++) memcpy(&r[i], from + (j + i) * stride + p, sizeof r[i]);
            quad a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
            quad b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
            quad c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
            quad d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
            r[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
            r[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
            r[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
            r[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
            for (size_t i = 0; i < 4; i++) memcpy(to + (p + i) * XM_PANEL + j, &r[i], sizeof r[i]);
        }
    for (size_t q = 0; q < count; q++)
        for (size_t j = q < p ? wide : 0; j < columns; j++)
            to[q * XM_PANEL + j] = from[j * stride + q];
}

// The rows of a strip, turned into panels; columns beyond the last one are zero.
static xm_status turn_rows(const xm_work *w, strip *s) {
    size_t panels = (s->width + XM_PANEL - 1) / XM_PANEL;
    float *space = xm_scratch(XM_SLOT_PANEL, (panels * w->step + 1) * XM_PANEL * sizeof(float));
    if (space == NULL) return XM_NO_MEMORY;
    for (size_t j = 0; j < s->width; j += XM_PANEL) {
        size_t columns = s->width - j < XM_PANEL ? s->width - j : XM_PANEL;
        float *panel = space + j * w->step;
        if (columns < XM_PANEL) memset(panel, 0, w->step * XM_PANEL * sizeof(float));
        xm_turn(s->right + j * s->stride, s->stride, columns, w->step, panel);
    }
    s->right = space;
    return XM_OK;
}

static xm_status fetch_panels(const xm_work *w, strip *s) {
    size_t panels = (s->width + XM_PANEL - 1) / XM_PANEL;
    float *space = xm_scratch(XM_SLOT_PANEL, (panels * w->step + 1) * XM_PANEL * sizeof(float));
    float row[XM_STRIP];
    if (space == NULL) return XM_NO_MEMORY;
    for (size_t p = 0; p < w->step; p++) {
        const float *from = xm_right_row(w->t, w->k0 + p, s->n0, s->width, row);
        for (size_t j = 0; j < s->width; j += XM_PANEL) {
            size_t columns = s->width - j < XM_PANEL ? s->width - j : XM_PANEL;
            float *to = space + (j * w->step + p * XM_PANEL);
            memcpy(to, from + j, columns * sizeof(float));
            if (columns < XM_PANEL) memset(to + columns, 0, (XM_PANEL - columns) * sizeof(float));
        }
    }
    s->right = space;
    return XM_OK;
}

// out [rows, width]: sums for rows i0...i0+rows-1 of a.
static void multiply_rows(const xm_work *w, const strip *s, size_t i0, size_t rows, double *out) {
    size_t groups = (rows + XM_SIMD_ROWS - 1) / XM_SIMD_ROWS;
    size_t each = (rows + groups - 1) / groups;
    for (size_t j = 0; j < s->width; j += NARROW) {
        size_t columns = s->width - j < NARROW ? s->width - j : NARROW;
        for (size_t i = 0; i < rows; i += each)
            w->kernels.dots(w->left + (i0 + i) * w->step, w->step,
                            rows - i < each ? rows - i : each, s->right + j * s->stride, s->stride,
                            columns, w->step, out + i * s->width + j, s->width);
    }
}

static void multiply_panels(const xm_work *w, const strip *s, size_t i0, size_t rows, double *out) {
    double result[XM_SIMD_ROWS * XM_PANEL];
    for (size_t j = 0; j < s->width; j += XM_PANEL) {
        size_t columns = s->width - j < XM_PANEL ? s->width - j : XM_PANEL;
        for (size_t i = 0; i < rows; i += XM_SIMD_ROWS) {
            size_t some = rows - i < XM_SIMD_ROWS ? rows - i : XM_SIMD_ROWS;
            w->kernels.panels(w->left + (i0 + i) * w->step, w->step, some, s->right + j * w->step,
                              w->step, result, XM_PANEL);
            for (size_t r = 0; r < some; r++)
                memcpy(out + (i + r) * s->width + j, result + r * XM_PANEL,
                       columns * sizeof(double));
        }
    }
}

// A rectangle whose sums over this block are in out: delivered, or added to those of other blocks.
xm_status xm_finish_rows(const xm_work *w, const xm_tile *tile, double *out) {
    if (w->sums == NULL) return xm_deliver(w->t, tile, NULL, out);
    int64_t *sums = w->sums + tile->n0 * w->t->m + tile->i0 * tile->width;
    xm_add_block(out, tile->rows * tile->width, sums);
    return w->k0 + w->step == w->t->k ? xm_deliver(w->t, tile, sums, out) : XM_OK;
}

static xm_status product_strip(const xm_work *w, size_t n0, size_t width) {
    const xm_product *t = w->t;
    strip s = {n0, width, NULL, 0};
    double *out = xm_scratch(XM_SLOT_OUT, w->left_rows * width * sizeof(double));
    if (out == NULL) return XM_NO_MEMORY;
    xm_tile all = {0, t->m, n0, width};
    if (t->coded != NULL && !t->folded && t->m <= w->left_rows &&
        xm_coded_dots(t->coded, &all, w->k0, w->step, w->left, w->step, out))
        return xm_finish_rows(w, &all, out);
    bool panels = t->folded || t->m >= WORTH_A_PANEL;
    XM_TRY(t->folded ? fetch_panels(w, &s) : fetch_rows(w, &s));
    if (panels && !t->folded) XM_TRY(turn_rows(w, &s));
    for (size_t i0 = 0; i0 < t->m; i0 += w->left_rows) {
        xm_tile tile = {i0, t->m - i0 < w->left_rows ? t->m - i0 : w->left_rows, n0, width};
        if (panels)
            multiply_panels(w, &s, i0, tile.rows, out);
        else
            multiply_rows(w, &s, i0, tile.rows, out);
        XM_TRY(xm_finish_rows(w, &tile, out));
    }
    return XM_OK;
}

// Strips begin...end-1, with a trace of their own.
static xm_status run_strips(const void *context, size_t begin, size_t end) {
    const xm_work *all = context;
    xm_work w = *all;
    xm_product t = *all->t;
    uint64_t trace = 0;
    t.trace = t.trace == NULL ? NULL : &trace;
    w.t = &t;
    for (size_t i = begin; i < end; i++) {
        size_t n0 = i * XM_STRIP;
        XM_TRY(w.strip(&w, n0, t.n - n0 < XM_STRIP ? t.n - n0 : XM_STRIP));
    }
    atomic_fetch_add(all->trace, trace);
    return XM_OK;
}

static size_t rows_at_a_time(const xm_product *t, size_t depth) {
    size_t rows = LEFT_BYTES / sizeof(double) / (depth + 1) / XM_SIMD_ROWS * XM_SIMD_ROWS;
    rows = rows < XM_SIMD_ROWS ? XM_SIMD_ROWS : rows;
    return rows < t->m ? rows : t->m;
}

xm_status xm_product_simd(const xm_product *t) {
    size_t depth = t->k < XM_BLOCK ? t->k : XM_BLOCK;
    size_t worth = t->coded != NULL ? WORTH_CODED_LIMBS : WORTH_LIMBS;
    bool in_limbs = t->m >= (t->folded ? WORTH_FOLDED_LIMBS : worth) && xm_has_limbs();
    bool in_rows = in_limbs && !t->folded && t->m < WORTH_LIMB_PANELS;
    size_t each = in_limbs ? 3 * sizeof(int16_t) : sizeof(double);
    void *left = xm_scratch(XM_SLOT_LEFT, t->m * (xm_limb_columns(depth) + 1) * each);
    if (left == NULL) return XM_NO_MEMORY;
    xm_work w = {.t = t, .kernels = xm_simd_kernels(), .left_rows = rows_at_a_time(t, depth)};
    _Atomic uint64_t trace = 0;
    w.trace = &trace;
    w.strip = in_rows ? xm_limb_dot_strip : in_limbs ? xm_limb_strip : product_strip;
    if (t->k > XM_BLOCK) {
        w.sums = xm_scratch(XM_SLOT_SUMS, t->m * t->n * sizeof(int64_t));
        if (w.sums == NULL) return XM_NO_MEMORY;
        memset(w.sums, 0, t->m * t->n * sizeof(int64_t));
    }
    do {
        w.step = t->k - w.k0 < XM_BLOCK ? t->k - w.k0 : XM_BLOCK;
        if (in_limbs) {
            w.limbs = left;
            (in_rows ? xm_limb_dot_left : xm_limb_left)(t, w.k0, w.step, left);
        } else {
            w.left = left;
            xm_widen(t->qa + w.k0, t->m, w.step, t->k, left);
        }
        XM_TRY(xm_in_shares((t->n + XM_STRIP - 1) / XM_STRIP, 2 * t->m * t->n * w.step, run_strips,
                            &w));
        w.k0 += w.step;
    } while (w.k0 < t->k);
    if (t->trace != NULL) *t->trace += atomic_load(&trace);
    return XM_OK;
}
