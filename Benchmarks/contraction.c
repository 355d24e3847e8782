// The exact product on the shapes of SmolLM2-135M beside raw BLAS, processor time of one thread.
// Rounding the left operand is included, the right one is a weight and rounded before.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exactmath.h"

void openblas_set_num_threads(int count);
char *openblas_get_corename(void);

enum { BLOCK = 32, ROUNDS = 5 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *room(size_t bytes) {
    void *memory = malloc(bytes + 64);
    if (memory == NULL) exit(2);
    return memory;
}

typedef struct {
    size_t m, n, k;
    float *a, *qa, *qb, *c;
    int32_t *ea;
    double *da, *db, *dc;
    xm_coded coded;
} job;

static void make(job *j, size_t m, size_t n, size_t k) {
    static float levels[16];
    for (int i = 0; i < 16; i++) levels[i] = (float)i;
    uint8_t *codes = room(n * k / 2);
    float *scales = room(n * (k / BLOCK) * 2 * sizeof(float));
    int32_t *exponents = room(n * sizeof(int32_t));
    uint32_t *ids = room(n * sizeof(uint32_t));
    *j = (job){.m = m, .n = n, .k = k, .a = room(m * k * 4), .qa = room(m * k * 4),
               .qb = room(n * k * 4), .c = room(m * n * 4), .ea = room(m * 4),
               .da = room(m * k * 8), .db = room(n * k * 8), .dc = room(m * n * 8)};
    for (size_t i = 0; i < m * k; i++) j->a[i] = (float)((double)rand() / RAND_MAX - 0.5);
    for (size_t i = 0; i < n * k / 2; i++) codes[i] = (uint8_t)(rand() >> 8);
    for (size_t i = 0; i < n * (k / BLOCK); i++) {
        scales[2 * i] = 0.01f + (float)(rand() % 100) * 0.001f;
        scales[2 * i + 1] = -0.1f;
    }
    for (size_t i = 0; i < n; i++) ids[i] = (uint32_t)i;
    j->coded = (xm_coded){n, k, BLOCK, levels, codes, scales, exponents};
    if (xm_coded_exponents(&j->coded, exponents) != XM_OK) exit(2);
    if (xm_coded_rows(&j->coded, ids, n, false, j->qb) != XM_OK) exit(2);
    if (xm_quantize(j->a, m, k, j->qa, j->ea) != XM_OK) exit(2);
    for (size_t i = 0; i < m * k; i++) j->da[i] = (double)j->qa[i];
    for (size_t i = 0; i < n * k; i++) j->db[i] = (double)j->qb[i];
    free(ids);
}

static void drop(job *j) {
    void *all[] = {j->a,  j->qa, j->qb, j->c, j->ea, j->da, j->db, j->dc, (void *)j->coded.codes,
                   (void *)j->coded.scales, (void *)j->coded.exponents};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}

static void exact(job *j, const char *backend, int form) {
    xm_status status = xm_use_backend(backend);
    if (status == XM_OK && form < 2) status = xm_quantize(j->a, j->m, j->k, j->qa, j->ea);
    if (status == XM_OK && form == 0)
        status = xm_contract(j->qa, j->ea, j->m, j->qb, j->coded.exponents, j->n, j->k, j->c, NULL);
    if (status == XM_OK && form == 1)
        status = xm_contract_coded(j->qa, j->ea, j->m, &j->coded, j->c, NULL);
    if (status == XM_OK && form == 2) // the same numbers read as b [k, n]
        status = xm_contract_folded(j->qa, j->ea, j->m, j->qb, j->n, j->k, j->c, NULL);
    if (status != XM_OK) exit(2);
}

enum { DGEMM, SGEMM, OPENBLAS, SIMD, CODED, FOLDED, KINDS };

static void call(job *j, int kind) {
    int m = (int)j->m, n = (int)j->n, k = (int)j->k;
    switch (kind) {
    case DGEMM:
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, j->da, k, j->db, k, 0,
                    j->dc, n);
        break;
    case SGEMM:
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, j->qa, k, j->qb, k, 0,
                    j->c, n);
        break;
    case OPENBLAS: exact(j, "openblas", 0); break;
    case SIMD: exact(j, "simd", 0); break;
    case CODED: exact(j, "simd", 1); break;
    default: exact(j, "simd", 2); break;
    }
}

static void measure(size_t m, size_t n, size_t k) {
    job j;
    make(&j, m, n, k);
    double operations = 2.0 * (double)m * (double)n * (double)k, best[KINDS];
    int times = (int)(4e8 / operations) + 1;
    for (int kind = 0; kind < KINDS; kind++) best[kind] = 1e30;
    for (int round = 0; round < ROUNDS; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            double start = now();
            for (int i = 0; i < times; i++) call(&j, kind);
            double seconds = (now() - start) / times;
            best[kind] = seconds < best[kind] ? seconds : best[kind];
        }
    printf("| %zu × %zu × %zu |", m, n, k);
    for (int kind = 0; kind < KINDS; kind++) printf(" %.0f |", operations / best[kind] / 1e9);
    printf(" %.0f %% | %.1f |\n", 100 * best[DGEMM] / best[SIMD],
           (double)(n * k) / best[CODED] / 1e9);
    fflush(stdout);
    drop(&j);
}

int main(void) {
    static const size_t rows[] = {1, 2, 4, 8, 64, 256, 512};
    static const size_t shapes[][2] = {{192, 576}, {576, 576}, {1536, 576}, {576, 1536}};
    openblas_set_num_threads(1);
    xm_set_threads(1);
    printf("OpenBLAS as %s; thousand million operations a second\n\n", openblas_get_corename());
    printf("| rows × outputs × inputs | dgemm | sgemm | exact, openblas | exact, simd | simd, 4-bit "
           "codes | simd, folded | simd / dgemm | 10⁹ coded weights/s |\n");
    printf("|---|---|---|---|---|---|---|---|---|\n");
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
            measure(rows[r], shapes[s][0], shapes[s][1]);
    measure(1, 49152, 576);
    measure(64, 49152, 576);
    return 0;
}
