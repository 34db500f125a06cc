/** A store that passes everything on to another one and calls back now and then while rows are read: so that long work
 *  which has no callback of its own can show how far it is. */
#ifndef GASP_CLI_WATCH_H
#define GASP_CLI_WATCH_H

#include "gasp/kv.h"

typedef struct gasp_watch {
    gasp_kv kv; /**< what is to be used in place of the store; closing it does nothing */
    const gasp_kv *below;
    void (*tick)(void *ctx); /**< called in the thread that reads, after every so many rows */
    void *ctx;
    uint64_t rows; /**< that scans have given */
} gasp_watch;

void gasp_watch_init(gasp_watch *watch, const gasp_kv *below, void (*tick)(void *ctx), void *ctx);

#endif
