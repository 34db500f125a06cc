/** A header chain that a host keeps itself: a list of headers from genesis on, in memory and, when it has a path, in a file
 *  of its own. It checks nothing: what it is told is its best chain. Public headers only. */
#ifndef TESTS_EMBED_HOST_HEADERS_H
#define TESTS_EMBED_HOST_HEADERS_H

#include "gasp/headers.h"

typedef struct host_headers {
    gasp_headers port; /**< to be given to wallets */
    char path[256];    /**< "": memory only */
    uint64_t epoch;
    gasp_header_info *best; /**< by height */
    size_t n;
    gasp_header_info *known; /**< every header it was ever told in this process, for find */
    size_t n_known;
    bool restless;            /**< for tests: the epoch moves with every look */
    const char *fail;         /**< for tests: the function of this name answers GASP_ERR_STORE_IO */
    void (*touch)(void *ctx); /**< for tests: called by every function */
    void *touch_ctx;
    uint64_t looks; /**< calls of at and find */
} host_headers;

/** Begins with the genesis header. */
void host_headers_init(host_headers *h, const uint8_t genesis80[80]);
void host_headers_clear(host_headers *h);

/** The best chain is from here on what it was below `height`, and then these n headers (80 bytes each). With a path it is
 *  on the disk when this returns, as a whole or not at all. false: it could not be written. */
bool host_headers_set(host_headers *h, uint32_t height, const uint8_t *raw, size_t n);

/** Forgets every header that is not in the best chain. */
void host_headers_forget(host_headers *h);

/** Reads the chain from its path; false when there is no such file. */
bool host_headers_load(host_headers *h);

#endif
