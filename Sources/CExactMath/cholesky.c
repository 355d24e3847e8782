// Cholesky factorisation and triangular solves in float64. Every dot product runs in eight lanes
// over ascending columns, so the result has one value, whatever is computed side by side.
#include "parallel.h"

enum {
    LANES = 8,   // of a dot product; also how many columns a tile finishes at a time
    PANEL = 64,  // columns that all rows below them take in one pass
    ROWS = 4,    // rows of a tile
    RIGHT = 8,   // right-hand sides that share a row of L
};

// Eight lanes; each is an addition of its own, so no build joins them in another order.
typedef double lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

#define LOAD(x) (*(const lanes *)(x))

// Macros, since a vector by value has another calling convention on every instruction set.
#define JOIN(s) (((s)[0] + (s)[1]) + ((s)[2] + (s)[3])) + (((s)[4] + (s)[5]) + ((s)[6] + (s)[7]))

XM_INLINE double dot(const double *a, const double *b, size_t count) {
    lanes s = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) s += LOAD(a + i) * LOAD(b + i);
    for (size_t l = 0; i + l < count; l++) s[l] += a[i + l] * b[i + l];
    return JOIN(s);
}

static xm_status check_finite(const double *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if ((xm_bits(x[i]) & 0x7ff0000000000000u) == 0x7ff0000000000000u) return XM_NOT_FINITE;
    return XM_OK;
}

typedef struct {
    double *a;
    size_t n, panel;
} below;

// Entries (row + r, column + c) of L for ROWS rows and LANES columns above the diagonal's row.
XM_INLINE void tile(double *a, size_t n, size_t row, size_t column) {
    lanes s[ROWS][LANES] = {0};
    for (size_t half = 0; half < LANES; half += LANES / 2) {
        for (size_t k = 0; k < column; k += LANES) {
            lanes own[ROWS];
            for (size_t r = 0; r < ROWS; r++) own[r] = LOAD(a + (row + r) * n + k);
            for (size_t c = half; c < half + LANES / 2; c++) {
                lanes other = LOAD(a + (column + c) * n + k);
                for (size_t r = 0; r < ROWS; r++) s[r][c] += own[r] * other;
            }
        }
    }
    for (size_t r = 0; r < ROWS; r++) {
        double *own = a + (row + r) * n + column;
        for (size_t c = 0; c < LANES; c++) {
            const double *other = a + (column + c) * n + column;
            for (size_t l = 0; l < c; l++) s[r][c][l] += own[l] * other[l];
            own[c] = (own[c] - (JOIN(s[r][c]))) / other[c];
        }
    }
}

// The panel's columns of the rows begin...end-1 below its own.
XM_KERNEL static xm_status rows_below(const void *context, size_t begin, size_t end) {
    const below *work = context;
    double *a = work->a;
    size_t n = work->n, first = work->panel + PANEL;
    for (size_t tiles = begin; tiles < end; tiles++) {
        size_t row = first + tiles * ROWS;
        if (row + ROWS <= n) {
            for (size_t column = work->panel; column < first; column += LANES)
                tile(a, n, row, column);
            continue;
        }
        for (; row < n; row++)
            for (size_t j = work->panel; j < first; j++)
                a[row * n + j] = (a[row * n + j] - dot(a + row * n, a + j * n, j)) / a[j * n + j];
    }
    return XM_OK;
}

// Columns first...end-1 of the rows with the same numbers: the triangle on the diagonal.
XM_KERNEL static xm_status triangle(double *a, size_t n, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        double *row = a + i * n;
        for (size_t j = first; j < i; j++) {
            const double *other = a + j * n;
            row[j] = (row[j] - dot(row, other, j)) / other[j];
        }
        double pivot = row[i] - dot(row, row, i);
        if (!(pivot > 0.0)) return XM_NOT_POSITIVE;
        row[i] = __builtin_sqrt(pivot);
        for (size_t j = i + 1; j < n; j++) row[j] = 0.0;
    }
    return XM_OK;
}

xm_status xm_cholesky(double *a, size_t n) {
    XM_TRY(check_finite(a, n * n));
    for (size_t panel = 0; panel < n; panel += PANEL) {
        size_t end = panel + PANEL < n ? panel + PANEL : n;
        XM_TRY(triangle(a, n, panel, end));
        size_t tiles = (n - end + ROWS - 1) / ROWS;
        below work = {.a = a, .n = n, .panel = panel};
        XM_TRY(xm_in_shares(tiles, 2 * (n - end) * PANEL * (panel + 1), rows_below, &work));
    }
    return check_finite(a, n * n);
}

typedef struct {
    const double *l;
    double *x;
    size_t n;
} solving;

XM_INLINE void solve_rows(const double *l, size_t n, double *x, size_t count) {
    for (size_t i = 0; i < n; i++) {
        const double *row = l + i * n;
        lanes s[RIGHT] = {0};
        size_t k = 0;
        for (; k + LANES <= i; k += LANES) {
            lanes own = LOAD(row + k);
            for (size_t r = 0; r < count; r++) s[r] += own * LOAD(x + r * n + k);
        }
        for (size_t r = 0; r < count; r++) {
            double *right = x + r * n;
            for (size_t j = 0; k + j < i; j++) s[r][j] += row[k + j] * right[k + j];
            right[i] = (right[i] - (JOIN(s[r]))) / row[i];
        }
    }
    // Column-wise from the end, so that rows of L are read in order of memory.
    for (size_t i = n; i-- > 0;) {
        const double *row = l + i * n;
        double value[RIGHT];
        for (size_t r = 0; r < count; r++) value[r] = x[r * n + i] = x[r * n + i] / row[i];
        size_t j = 0;
        for (; j + LANES <= i; j += LANES) {
            lanes own = LOAD(row + j);
            for (size_t r = 0; r < count; r++) {
                lanes *right = (lanes *)(x + r * n + j);
                *right = *right - own * value[r];
            }
        }
        for (; j < i; j++)
            for (size_t r = 0; r < count; r++) x[r * n + j] = x[r * n + j] - row[j] * value[r];
    }
}

XM_KERNEL static xm_status solve_groups(const void *context, size_t begin, size_t end) {
    const solving *work = context;
    for (size_t g = begin; g < end; g++)
        solve_rows(work->l, work->n, work->x + g * RIGHT * work->n, RIGHT);
    return XM_OK;
}

XM_KERNEL static xm_status solve_singles(const void *context, size_t begin, size_t end) {
    const solving *work = context;
    for (size_t r = begin; r < end; r++) solve_rows(work->l, work->n, work->x + r * work->n, 1);
    return XM_OK;
}

xm_status xm_cholesky_solve(const double *l, size_t n, double *x, size_t rows) {
    XM_TRY(check_finite(x, rows * n));
    size_t groups = rows / RIGHT;
    solving work = {.l = l, .x = x, .n = n};
    XM_TRY(xm_in_shares(groups, groups * RIGHT * 2 * n * n, solve_groups, &work));
    work.x += groups * RIGHT * n;
    XM_TRY(xm_in_shares(rows % RIGHT, rows % RIGHT * 2 * n * n, solve_singles, &work));
    return check_finite(x, rows * n);
}
