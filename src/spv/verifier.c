/* Batches of script checks. A batch does not change while a port has it, so running an entry needs no lock. */
#include "spv/verifier.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

struct gasp_spv_parts {
    struct gasp_spv_parts *next;
    gasp_sighash_cache cache;
};

void gasp_verify_batch_init(gasp_verify_batch *batch, const gasp_ecdsa *ecdsa, size_t max, const gasp_mem *mem)
{
    memset(batch, 0, sizeof *batch);
    batch->ecdsa = ecdsa;
    batch->max = max;
    batch->mem = gasp_mem_or_default(mem);
}

void gasp_verify_batch_clear(gasp_verify_batch *batch)
{
    if (batch->mem == NULL)
        return;
    while (batch->parts != NULL) {
        struct gasp_spv_parts *next = batch->parts->next;
        gasp_mem_free(batch->mem, batch->parts);
        batch->parts = next;
    }
    gasp_mem_free(batch->mem, batch->jobs);
    batch->jobs = NULL;
    batch->n = 0;
    batch->cap = 0;
}

gasp_err gasp_verify_batch_add(gasp_verify_batch *batch, const gasp_script_job *job)
{
    void *jobs = batch->jobs;
    gasp_err err = gasp_mem_grow(batch->mem, &jobs, &batch->cap, batch->n + 1, sizeof *batch->jobs,
                                 gasp_limit_set(SIGNATURES, batch->max));
    batch->jobs = jobs;
    if (err == GASP_OK)
        batch->jobs[batch->n++] = *job;
    return err;
}

gasp_err gasp_verify_batch_share(gasp_verify_batch *batch, const gasp_sighash_cache **out, const gasp_tx *tx)
{
    struct gasp_spv_parts *parts = gasp_mem_zalloc(batch->mem, sizeof *parts);
    if (parts == NULL)
        return GASP_ERR_NOMEM;
    gasp_sighash_cache_init(&parts->cache, tx);
    parts->next = batch->parts;
    batch->parts = parts;
    *out = &parts->cache;
    return GASP_OK;
}

size_t gasp_verify_batch_len(const gasp_verify_batch *batch)
{
    return batch->n;
}

gasp_err gasp_verify_batch_run(const gasp_verify_batch *batch, size_t index)
{
    if (index >= batch->n)
        return GASP_ERR_MISUSE;
    return gasp_script_verify(batch->ecdsa, &batch->jobs[index]);
}

void gasp_verifier_init(gasp_verifier *verifier)
{
    memset(verifier, 0, sizeof *verifier);
    verifier->size = sizeof *verifier;
}

static gasp_err verify_here(void *user, gasp_err *verdicts, const gasp_verify_batch *batch, uint64_t ticket)
{
    (void)user;
    (void)ticket;
    for (size_t i = 0; i < batch->n; i++)
        verdicts[i] = gasp_verify_batch_run(batch, i);
    return GASP_OK;
}

static const gasp_verifier in_this_thread = {sizeof(gasp_verifier), NULL, verify_here, NULL};

const gasp_verifier *gasp_verifier_or_inline(const gasp_verifier *verifier)
{
    return verifier != NULL ? verifier : &in_this_thread;
}
