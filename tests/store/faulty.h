/** A kv store that fails when it is told to, in front of another one: for what must hold when a store does not.
 *
 *      faulty f;
 *      faulty_init(&f, below);
 *      f.write.fail_at = 3;              // the third write from now fails, once
 *      f.lands = true;                   // ... but its batch is there all the same, as after a failed sync
 *      f.crash_at = 5;                   // the fifth write from now and all calls after it fail: the process died
 *      wallet on &f.kv ... then a new one on `below` sees what a restart would see
 *
 *  Not safe from several threads. */
#ifndef TESTS_STORE_FAULTY_H
#define TESTS_STORE_FAULTY_H

#include "gasp/kv.h"

/** One kind of call. */
typedef struct faulty_calls {
    size_t seen;       /**< calls so far, the failed ones too */
    size_t fail_at;    /**< 1: the next one fails, 2: the one after it ...; counts down; 0: none does */
    gasp_err with;     /**< what a failing one answers; GASP_ERR_STORE_IO from faulty_init */
    size_t rows_first; /**< get and scan: so many rows are given before it fails */
} faulty_calls;

typedef struct faulty {
    gasp_kv kv; /**< give this to what is tested; its close does nothing, `below` belongs to the test */
    const gasp_kv *below;
    faulty_calls snapshot;
    faulty_calls get;
    faulty_calls scan;
    faulty_calls write;
    bool lands;      /**< a failing write is done below nevertheless */
    size_t crash_at; /**< as fail_at, for writes; the batch does not land unless `lands` */
    bool crashed;    /**< every call fails with GASP_ERR_STORE_IO */
} faulty;

void faulty_init(faulty *f, const gasp_kv *below);

#endif
