/** What every store must do: one suite, run on each. */
#ifndef TESTS_STORE_SUITE_H
#define TESTS_STORE_SUITE_H

#include "gasp/kv.h"

/** How the suite gets its stores. */
typedef struct suite_maker {
    const char *name;
    gasp_kv *(*make)(void);          /**< an empty store */
    void (*unmake)(gasp_kv *kv);     /**< ends it and removes what it left */
    gasp_kv *(*reopen)(gasp_kv *kv); /**< ends it and opens it again; NULL when it keeps nothing */
    size_t steps;                    /**< of the random operations */
} suite_maker;

/** Runs all tests of the suite on stores of this maker; the number of failures. */
int suite_run(const suite_maker *maker);

/** Small helpers for tests of one store. Text keys, no zero bytes; values are text too. A NULL value deletes. */
void suite_put(gasp_kv *kv, const char *key, const char *value);

/** The value of a text key as a C string of static storage; NULL when it is absent. */
const char *suite_value(gasp_kv *kv, const gasp_kv_snapshot *at, const char *key);

/** A view of a text without its NUL. */
gasp_bytes suite_text(const char *text);

#endif
