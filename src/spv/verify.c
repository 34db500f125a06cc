/* One unproven transaction. Everything is iterative and bounded by the transaction's own length; a verdict never
 * depends on the order of checks in other threads, on time, or on a seed. */
#include "spv/verify.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

enum {
    INNER_NODE_LEN = 64, /* two hashes: what an inner node of a merkle tree is made of */
    PAIRWISE_MAX = 8     /* up to this many inputs are compared with each other, without memory */
};

static int compare_outpoints(const gasp_outpoint *a, const gasp_outpoint *b)
{
    int order = memcmp(a->txid.b, b->txid.b, sizeof a->txid.b);
    if (order != 0)
        return order;
    return a->vout < b->vout ? -1 : a->vout > b->vout;
}

/* Order of two inputs: by outpoint, then by place, so that of equal ones the later is found. */
static bool before(const gasp_tx *tx, size_t a, size_t b)
{
    int order = compare_outpoints(&tx->in[a].prev, &tx->in[b].prev);
    return order != 0 ? order < 0 : a < b;
}

/* Heapsort: its worst case is its usual one, and outpoints are chosen by whoever made the transaction. */
static void sift_down(const gasp_tx *tx, size_t *index, size_t root, size_t n)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n)
            return;
        if (child + 1 < n && before(tx, index[child], index[child + 1]))
            child++;
        if (!before(tx, index[root], index[child]))
            return;
        size_t swapped = index[root];
        index[root] = index[child];
        index[child] = swapped;
        root = child;
    }
}

static void sort_inputs(const gasp_tx *tx, size_t *index)
{
    for (size_t i = 0; i < tx->n_in; i++)
        index[i] = i;
    for (size_t root = tx->n_in / 2; root-- > 0;)
        sift_down(tx, index, root, tx->n_in);
    for (size_t n = tx->n_in; n-- > 1;) {
        size_t swapped = index[0];
        index[0] = index[n];
        index[n] = swapped;
        sift_down(tx, index, 0, n);
    }
}

static gasp_err find_twice_pairwise(const gasp_tx *tx, size_t *input)
{
    for (size_t i = 1; i < tx->n_in; i++) {
        for (size_t j = 0; j < i; j++) {
            if (compare_outpoints(&tx->in[i].prev, &tx->in[j].prev) == 0) {
                *input = i;
                return GASP_ERR_VERIFY_INPUT_TWICE;
            }
        }
    }
    return GASP_OK;
}

static gasp_err find_twice(const gasp_tx *tx, size_t *input, const gasp_mem *mem)
{
    if (tx->n_in <= PAIRWISE_MAX)
        return find_twice_pairwise(tx, input);
    size_t *index = gasp_mem_zalloc_array(mem, tx->n_in, sizeof *index);
    if (index == NULL)
        return GASP_ERR_NOMEM;
    sort_inputs(tx, index);
    size_t first = SIZE_MAX;
    for (size_t i = 1; i < tx->n_in; i++) {
        bool same = compare_outpoints(&tx->in[index[i - 1]].prev, &tx->in[index[i]].prev) == 0;
        if (same && index[i] < first)
            first = index[i];
    }
    gasp_mem_free(mem, index);
    if (first == SIZE_MAX)
        return GASP_OK;
    *input = first;
    return GASP_ERR_VERIFY_INPUT_TWICE;
}

static bool is_null(const gasp_txid *txid)
{
    static const gasp_txid null = {{0}};
    return memcmp(txid, &null, sizeof null) == 0;
}

/* Adds to a sum that must stay within 21 million coins. */
static bool add_sat(uint64_t *sum, uint64_t sat)
{
    if (sat > GASP_SAT_MAX || *sum > GASP_SAT_MAX - sat)
        return false;
    *sum += sat;
    return true;
}

static bool sum_outputs(uint64_t *sum, const gasp_tx *tx)
{
    *sum = 0;
    for (size_t i = 0; i < tx->n_out; i++)
        if (!add_sat(sum, tx->out[i].sat))
            return false;
    return true;
}

gasp_err gasp_spv_check_form(const gasp_tx *tx, size_t *input, const gasp_mem *mem)
{
    uint64_t sum;
    if (tx->n_in == 0)
        return GASP_ERR_TX_NO_INPUTS;
    if (tx->n_out == 0)
        return GASP_ERR_TX_NO_OUTPUTS;
    if (gasp_tx_len(tx) == INNER_NODE_LEN)
        return GASP_ERR_PROOF_TX_64;
    for (size_t i = 0; i < tx->n_in; i++) {
        if (is_null(&tx->in[i].prev.txid)) {
            *input = i;
            return GASP_ERR_VERIFY_COINBASE;
        }
    }
    if (!sum_outputs(&sum, tx))
        return GASP_ERR_VERIFY_AMOUNT;
    return find_twice(tx, input, gasp_mem_or_default(mem));
}

gasp_err gasp_spv_source_of(gasp_spv_source *out, const gasp_tx *parent, uint32_t height, const gasp_outpoint *prev)
{
    if (memcmp(&parent->txid, &prev->txid, sizeof prev->txid) != 0)
        return GASP_ERR_MISUSE;
    if (prev->vout >= parent->n_out)
        return GASP_ERR_VERIFY_NO_OUTPOINT;
    out->sat = parent->out[prev->vout].sat;
    out->script = parent->out[prev->vout].script;
    out->height = height;
    return GASP_OK;
}

gasp_err gasp_spv_check_amounts(const gasp_tx *tx, uint64_t *fee, const gasp_spv_source *sources)
{
    uint64_t in = 0;
    uint64_t out;
    for (size_t i = 0; i < tx->n_in; i++)
        if (!add_sat(&in, sources[i].sat))
            return GASP_ERR_VERIFY_AMOUNT;
    if (!sum_outputs(&out, tx) || out > in)
        return GASP_ERR_VERIFY_AMOUNT;
    if (fee != NULL)
        *fee = in - out;
    return GASP_OK;
}

static gasp_script_rules rules_of(const gasp_spv_source *source, const gasp_spv_setting *setting)
{
    return gasp_script_rules_at(setting->network, setting->spending_height, source->height);
}

gasp_err gasp_spv_add_jobs(gasp_verify_batch *batch, size_t *input, const gasp_tx *tx, const gasp_spv_source *sources,
                           const gasp_spv_setting *setting)
{
    size_t held = batch->n;
    uint64_t cost = 0;
    const gasp_sighash_cache *cache = NULL;
    gasp_err err = gasp_verify_batch_share(batch, &cache, tx);
    for (size_t i = 0; i < tx->n_in && err == GASP_OK; i++) {
        gasp_script_job job = {tx, cache, i, sources[i].sat, sources[i].script, rules_of(&sources[i], setting)};
        uint64_t more = gasp_script_cost(&job);
        if (more > gasp_limit_set(SIGHASH_BYTES, setting->sighash_bytes_max) - cost) {
            *input = i;
            err = GASP_ERR_VERIFY_POLICY;
        } else {
            cost += more;
            err = gasp_verify_batch_add(batch, &job);
        }
    }
    if (err != GASP_OK)
        batch->n = held;
    return err;
}

/* The first verdict that is (or, with other, is not) this one; n when there is none. */
static size_t first_verdict(const gasp_err *verdicts, size_t n, gasp_err err, bool other)
{
    size_t i = 0;
    while (i < n && (verdicts[i] == err) == other)
        i++;
    return i;
}

gasp_err gasp_spv_verdict(size_t *input, const gasp_err *verdicts, size_t n)
{
    size_t bad = first_verdict(verdicts, n, GASP_ERR_VERIFY_SCRIPT, false);
    if (bad < n) {
        *input = bad;
        return GASP_ERR_VERIFY_SCRIPT;
    }
    bad = first_verdict(verdicts, n, GASP_ERR_VERIFY_DEFERRED, false);
    if (bad < n) {
        *input = bad;
        return GASP_ERR_VERIFY_DEFERRED;
    }
    bad = first_verdict(verdicts, n, GASP_OK, true);
    if (bad < n) {
        *input = bad;
        return GASP_ERR_MISUSE;
    }
    return GASP_OK;
}

uint32_t gasp_spv_rules_code(const gasp_tx *tx, const gasp_spv_source *source, const gasp_spv_setting *setting)
{
    return gasp_script_rules_code(gasp_script_rules_for_version(rules_of(source, setting), tx->version));
}
