#include "parallel.h"

#include <pthread.h>

#include "contraction.h"

enum {
    MAX_SHARES = 64,
    WORTH_A_THREAD = 1 << 22, // operations: about a millisecond, against the start of a thread
};

typedef struct {
    xm_body body;
    const void *context;
    size_t begin, end;
    xm_status status;
    pthread_t thread;
    bool started;
} share;

static void *run_share(void *pointer) {
    share *own = pointer;
    own->status = own->body(own->context, own->begin, own->end);
    return NULL;
}

xm_status xm_in_shares(size_t count, size_t operations, xm_body body, const void *context) {
    size_t threads = (size_t)xm_threads();
    threads = threads < MAX_SHARES ? threads : MAX_SHARES;
    threads = threads < count ? threads : count;
    if (threads < 2 || operations < WORTH_A_THREAD) return body(context, 0, count);
    share shares[MAX_SHARES];
    for (size_t i = 0; i < threads; i++) {
        share *own = &shares[i];
        *own = (share){.body = body, .context = context, .begin = count * i / threads,
                       .end = count * (i + 1) / threads};
        own->started = i > 0 && pthread_create(&own->thread, NULL, run_share, own) == 0;
    }
    for (size_t i = 0; i < threads; i++)
        if (!shares[i].started) run_share(&shares[i]);
    xm_status status = XM_OK;
    for (size_t i = 0; i < threads; i++) {
        if (shares[i].started) pthread_join(shares[i].thread, NULL);
        if (status == XM_OK) status = shares[i].status;
    }
    return status;
}
