// Every function of one float32 over all 2^32 inputs: one hash each, compared with the pinned one.
// Chunks are hashed by threads; the hash of a function is the FNV-1a hash of its chunks' hashes.
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "exactmath.h"

enum { CHUNKS = 1 << 10, MAX_WORKERS = 64 };

static const struct {
    const char *name;
    uint64_t pinned;
} functions[XM_UNARY_COUNT] = {
    {"exp", 0x6b638c58a4506fea},  {"log", 0x0e9c412fd9a29676},  {"sin", 0x1622f5128b190045},
    {"cos", 0x74bd38c6cc4a316d},  {"silu", 0xb801769777bae7d7}, {"silu'", 0x8be1f0dee02f8ee5},
    {"gelu", 0x32d7083540ee39d8}, {"gelu'", 0x243651088c330d52},
};

static uint64_t hashes[CHUNKS];
static atomic_int next_chunk;

static void *work(void *argument) {
    xm_unary function = *(const xm_unary *)argument;
    const uint64_t size = (UINT64_C(1) << 32) / CHUNKS;
    for (int chunk; (chunk = atomic_fetch_add(&next_chunk, 1)) < CHUNKS;)
        xm_hash_unary(function, (uint64_t)chunk * size, size, 1, &hashes[chunk]);
    return NULL;
}

static uint64_t hash_all(xm_unary function, long workers) {
    pthread_t threads[MAX_WORKERS];
    long started = 0;
    atomic_store(&next_chunk, 0);
    while (started < workers - 1 &&
           pthread_create(&threads[started], NULL, work, &function) == 0)
        started++;
    work(&function);
    for (long i = 0; i < started; i++) pthread_join(threads[i], NULL);
    uint64_t hash = 0xcbf29ce484222325u;
    for (int chunk = 0; chunk < CHUNKS; chunk++) hash = (hash ^ hashes[chunk]) * 0x100000001b3u;
    return hash;
}

int main(void) {
    long workers = sysconf(_SC_NPROCESSORS_ONLN);
    workers = workers < 1 ? 1 : workers > MAX_WORKERS ? MAX_WORKERS : workers;
    int differ = 0;
    for (int f = 0; f < XM_UNARY_COUNT; f++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        uint64_t hash = hash_all((xm_unary)f, workers);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double seconds = (double)(end.tv_sec - begin.tv_sec) +
                         1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
        const char *verdict = hash == functions[f].pinned ? "as pinned" : "DIFFERENT";
        printf("%-8s %016" PRIx64 "  %s, 2^32 inputs in %.1f s\n", functions[f].name, hash, verdict,
               seconds);
        fflush(stdout);
        differ += hash != functions[f].pinned;
    }
    printf("%d functions, %ld threads: %s\n", XM_UNARY_COUNT, workers,
           differ == 0 ? "every hash is the pinned one" : "hashes differ");
    return differ != 0;
}
