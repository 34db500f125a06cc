/** Two processes of ours that sync through a loopback socket: each end, and what they tell each other beside it. */
#ifndef TESTS_BENCH_PAIR_H
#define TESTS_BENCH_PAIR_H

#include <stdbool.h>

#include "gasp/node.h"

/** Serves one sync of the wallet. Its address goes into control first, GASP_ADDRESS_MAX bytes. Seconds of processor from
 *  then on. The program ends unless the sync was complete. */
double bench_serve(gasp_wallet *wallet, int control);

/** What one sync was. */
typedef struct bench_synced {
    double wall_s; /**< from the first call to the end of the connection, commits included */
    double cpu_s;  /**< of this process */
    gasp_session_stats stats;
} bench_synced;

/** Syncs the wallet with an address. The program ends unless the sync was complete and both are equal afterwards. */
bench_synced bench_sync(gasp_wallet *wallet, const char *address);

/** All of len bytes, or the program ends; false: the other process has closed its end. */
bool bench_read(int control, void *bytes, size_t len);
void bench_write(int control, const void *bytes, size_t len);

/** The most memory that this process has had, resident, in KiB. */
size_t bench_peak_kib(void);

#endif
