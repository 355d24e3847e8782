// Which library multiplies. The environment names it before the first product; a program may
// choose again. No choice changes a bit of any result.
#if !defined(XM_NO_LIBRARIES)
#include <cblas.h>
#include <dlfcn.h>
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "simd.h"

static const char *const names[XM_BACKENDS] = {"openblas", "blis", "reference", "simd"};

static pthread_once_t choice_once = PTHREAD_ONCE_INIT;
static atomic_int choice; // an xm_backend, or UNKNOWN
static atomic_int threads = 1;
enum { UNKNOWN = -1 };

#if defined(XM_NO_LIBRARIES)
// Builds that test the C functions alone, as on a foreign processor.
xm_gemm_function xm_openblas(void) { return NULL; }
xm_gemm_function xm_blis(void) { return NULL; }
static void set_openblas_threads(int count) { (void)count; }
#else
static void openblas(const xm_gemm *g) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, g->transposed ? CblasTrans : CblasNoTrans, (int)g->m,
                (int)g->n, (int)g->k, 1.0, g->a, (int)g->lda, g->b, (int)g->ldb,
                g->accumulate ? 1.0 : 0.0, g->c, (int)g->ldc);
}

xm_gemm_function xm_openblas(void) { return openblas; }

static void set_openblas_threads(int count) { openblas_set_num_threads(count); }

// BLIS is optional: found when it is asked for, through its own interface, because the names of its
// BLAS interface are taken by the library that this program is linked with.
typedef void (*blis_gemm)(int transposed_a, int transposed_b, int64_t m, int64_t n, int64_t k,
                          const double *alpha, const double *a, int64_t row_a, int64_t column_a,
                          const double *b, int64_t row_b, int64_t column_b, const double *beta,
                          double *c, int64_t row_c, int64_t column_c);
static pthread_once_t blis_once = PTHREAD_ONCE_INIT;
static blis_gemm blis_function;
static void (*blis_threads)(int64_t count);

static void find_blis(void) {
    const char *const files[] = {"libblis.so.4", "libblis.so.3", "libblis.so"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && library == NULL; i++)
        library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    void *width = dlsym(library, "bli_info_get_int_type_size");
    void *gemm = dlsym(library, "bli_dgemm");
    void *count = dlsym(library, "bli_thread_set_num_threads");
    int64_t (*bits)(void) = NULL;
    memcpy(&bits, &width, sizeof bits);
    if (gemm == NULL || count == NULL || bits == NULL || bits() != 64) return;
    memcpy(&blis_function, &gemm, sizeof blis_function);
    memcpy(&blis_threads, &count, sizeof blis_threads);
}

static void blis(const xm_gemm *g) {
    const double one = 1.0, beta = g->accumulate ? 1.0 : 0.0;
    int64_t ldb = (int64_t)g->ldb;
    blis_threads(xm_threads());
    blis_function(0, 0, (int64_t)g->m, (int64_t)g->n, (int64_t)g->k, &one, g->a, (int64_t)g->lda, 1,
                  g->b, g->transposed ? 1 : ldb, g->transposed ? ldb : 1, &beta, g->c,
                  (int64_t)g->ldc, 1);
}

xm_gemm_function xm_blis(void) {
    pthread_once(&blis_once, find_blis);
    return blis_function == NULL ? NULL : blis;
}
#endif

static int backend_named(const char *name) {
    for (int i = 0; i < XM_BACKENDS; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return UNKNOWN;
}

static void read_environment(void) {
    const char *name = getenv("OPENLEDGER_BLAS");
    bool simd = xm_simd_is_fastest() || xm_openblas() == NULL;
    int usual = simd ? XM_BACKEND_SIMD : XM_BACKEND_OPENBLAS;
    atomic_store(&choice, name == NULL || *name == 0 ? usual : backend_named(name));
}

static bool is_here(int backend) {
    if (backend == XM_BACKEND_BLIS) return xm_blis() != NULL;
    if (backend == XM_BACKEND_OPENBLAS) return xm_openblas() != NULL;
    return backend != UNKNOWN;
}

xm_status xm_current_backend(xm_backend *backend) {
    pthread_once(&choice_once, read_environment);
    int chosen = atomic_load(&choice);
    if (!is_here(chosen)) return XM_UNAVAILABLE;
    *backend = (xm_backend)chosen;
    return XM_OK;
}

xm_status xm_use_backend(const char *name) {
    pthread_once(&choice_once, read_environment);
    int wanted = backend_named(name);
    if (!is_here(wanted)) return XM_UNAVAILABLE;
    atomic_store(&choice, wanted);
    return XM_OK;
}

const char *xm_backend_name(void) {
    xm_backend backend;
    return xm_current_backend(&backend) == XM_OK ? names[backend] : "";
}

void xm_set_threads(int count) {
    atomic_store(&threads, count < 1 ? 1 : count);
    set_openblas_threads(xm_threads());
}

int xm_threads(void) { return atomic_load(&threads); }
