/** How many hold a thing that several share, from whatever threads. The last one that lets go frees it. */
#ifndef GASP_BASE_HOLDERS_H
#define GASP_BASE_HOLDERS_H

#include <stdatomic.h>
#include <stdbool.h>

typedef struct gasp_holders {
    atomic_size_t n;
} gasp_holders;

/** One holder. */
static inline void gasp_holders_init(gasp_holders *holders)
{
    atomic_init(&holders->n, 1);
}

/** One more; the caller is a holder. */
static inline void gasp_holders_add(gasp_holders *holders)
{
    atomic_fetch_add_explicit(&holders->n, 1, memory_order_relaxed);
}

/** One less. Whether it was the last: what others did to the thing before is then visible to the caller. */
static inline bool gasp_holders_drop(gasp_holders *holders)
{
    return atomic_fetch_sub_explicit(&holders->n, 1, memory_order_acq_rel) == 1;
}

/** Whether the caller is the only one: nobody can become another then. */
static inline bool gasp_holders_alone(gasp_holders *holders)
{
    return atomic_load_explicit(&holders->n, memory_order_acquire) == 1;
}

#endif
