/* Verifying a batch of transactions: amounts here, scripts by the verifier port, one batch of jobs for all of them. */
#include "spv/verify.h"
#include "base/limits.h"
#include "base/mem.h"
#include "wallet/headers_port.h"
#include "wallet/questions.h"

/** Script checks of one batch: what a stage holds at its limits stays far below. */
enum { VERIFY_JOBS_MAX = GASP_LIMIT_SIGNATURES };

struct gasp_verify_run {
    const gasp_mem *mem;
    gasp_verify_batch batch;
    gasp_err *verdicts;        /**< one a job */
    gasp_spv_source **sources; /**< one array a node */
    size_t *first;             /**< a node's first job */
    size_t n_nodes;
};

static void run_free(gasp_verify_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; run->sources != NULL && i < run->n_nodes; i++)
        gasp_mem_free(run->mem, run->sources[i]);
    gasp_verify_batch_clear(&run->batch);
    gasp_mem_free(run->mem, run->verdicts);
    gasp_mem_free(run->mem, run->sources);
    gasp_mem_free(run->mem, run->first);
    gasp_mem_free(run->mem, run);
}

/* Amounts and jobs of one node; what is wrong with it becomes its verdict. */
static gasp_err add_node(gasp_verify_run *run, gasp_verify_node *node, size_t i, const gasp_spv_setting *setting)
{
    size_t n_in = node->tx->n_in;
    gasp_spv_source *sources = gasp_mem_zalloc_array(run->mem, n_in, sizeof *sources);
    if (sources == NULL)
        return GASP_ERR_NOMEM;
    run->sources[i] = sources;
    for (size_t k = 0; k < n_in; k++)
        sources[k] = (gasp_spv_source){node->sources[k].sat, node->sources[k].script,
                                       node->sources[k].proven ? node->sources[k].height : GASP_HEIGHT_UNPROVEN};
    node->verdict = gasp_spv_check_amounts(node->tx, NULL, sources);
    if (node->verdict == GASP_OK)
        node->verdict = gasp_spv_add_jobs(&run->batch, &node->input, node->tx, sources, setting);
    return gasp_err_class(node->verdict) == GASP_CLASS_RESOURCE ? node->verdict : GASP_OK;
}

static gasp_err spending_height(gasp_wallet *wallet, uint32_t *out)
{
    gasp_txn txn;
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_chain_height_now(&txn, out);
    *out += err == GASP_OK ? 1 : 0;
    gasp_txn_end(&txn);
    return err;
}

static gasp_err run_new(gasp_verify_run **out, gasp_wallet *wallet, gasp_verify *verify)
{
    const gasp_mem *mem = wallet->mem;
    gasp_spv_setting setting = {.network = wallet->network, .sighash_bytes_max = GASP_SPV_SIGHASH_BYTES_MAX};
    gasp_verify_run *run = gasp_mem_zalloc(mem, sizeof *run);
    if (run == NULL)
        return GASP_ERR_NOMEM;
    run->mem = mem; /* before anything can fail: it frees the run */
    setting.spending_height = verify->spending_height;
    gasp_err err = setting.spending_height == 0 ? spending_height(wallet, &setting.spending_height) : GASP_OK;
    if (err != GASP_OK)
        goto out;
    run->n_nodes = verify->n_nodes;
    run->sources = gasp_mem_zalloc_array(mem, verify->n_nodes, sizeof *run->sources);
    run->first = gasp_mem_zalloc_array(mem, verify->n_nodes, sizeof *run->first);
    gasp_verify_batch_init(&run->batch, wallet->ecdsa, VERIFY_JOBS_MAX, mem);
    err = run->sources != NULL && run->first != NULL ? GASP_OK : GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < verify->n_nodes; i++) {
        run->first[i] = gasp_verify_batch_len(&run->batch);
        err = add_node(run, &verify->nodes[i], i, &setting);
    }
    if (err != GASP_OK)
        goto out;
    size_t n_jobs = gasp_verify_batch_len(&run->batch);
    run->verdicts = gasp_mem_zalloc_array(mem, n_jobs, sizeof *run->verdicts);
    if (run->verdicts == NULL)
        err = GASP_ERR_NOMEM;
    for (size_t i = 0; err == GASP_OK && i < n_jobs; i++)
        run->verdicts[i] = GASP_ERR_MISUSE; /* not checked, until the verifier says otherwise */
out:
    if (err != GASP_OK)
        run_free(run);
    else
        *out = run;
    return err;
}

gasp_err gasp_wallet_verify(gasp_wallet *wallet, gasp_verify_run **out, gasp_verify *verify,
                            const gasp_verifier *verifier, uint64_t ticket)
{
    gasp_verify_run *run = NULL;
    gasp_err err = run_new(&run, wallet, verify);
    if (err != GASP_OK)
        return err;
    verifier = gasp_verifier_or_inline(verifier);
    err = verifier->verify(verifier->user, run->verdicts, &run->batch, ticket);
    if (err != GASP_OK && err != GASP_PENDING) {
        run_free(run);
        return err;
    }
    *out = run;
    return err;
}

void gasp_wallet_verify_end(gasp_verify_run *run, gasp_verify *verify)
{
    for (size_t i = 0; i < verify->n_nodes; i++) {
        gasp_verify_node *node = &verify->nodes[i];
        if (node->verdict != GASP_OK)
            continue;
        node->verdict = gasp_spv_verdict(&node->input, run->verdicts + run->first[i], node->tx->n_in);
        if (node->verdict == GASP_ERR_MISUSE)
            node->verdict = GASP_ERR_VERIFY_DEFERRED; /* the verifier left it unchecked: never a reason to accept */
    }
    run_free(run);
}

void gasp_wallet_verify_cancel(gasp_wallet *wallet, gasp_verify_run *run, uint64_t ticket)
{
    const gasp_verifier *verifier = gasp_verifier_or_inline(wallet->verifier);
    if (run != NULL && verifier->cancel != NULL)
        verifier->cancel(verifier->user, ticket);
    run_free(run);
}
