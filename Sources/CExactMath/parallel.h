// Work shared out among threads. What a share computes depends on its indices alone, so no result
// depends on how many threads there are.
#ifndef OPENLEDGER_EXACTMATH_PARALLEL_H
#define OPENLEDGER_EXACTMATH_PARALLEL_H

#include "internal.h"

// Computes the items begin...end-1 of `context`.
typedef xm_status (*xm_body)(const void *context, size_t begin, size_t end);

// Runs `body` over 0...count-1 in consecutive shares, on as many threads as products may use where
// `operations` (of floating point, of all items) are worth it. The first failure in order of items.
xm_status xm_in_shares(size_t count, size_t operations, xm_body body, const void *context);

#endif
