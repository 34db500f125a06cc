/* Taking in a file: its transactions go through the stage like those of any peer, with nobody to want anything from. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "chain/beef.h"
#include "chain/tx.h"
#include "record/entry.h"
#include "script/rules.h"
#include "wallet/add.h"
#include "wallet/admit.h"
#include "wallet/headers_port.h"
#include "wallet/paths.h"
#include "wallet/questions.h"
#include "wallet/stage.h"
#include "wallet/txn.h"

enum { ADD_BYTES_MAX = 1 << 30 /**< the file is in memory already; the stage only counts it again */ };

/** One file being taken in. */
typedef struct adding {
    gasp_wallet *wallet;
    gasp_stage *stage;
    const gasp_add_config *config;
    bool spends;      /**< subjects are kept for what they spend, too */
    gasp_blob *blob;  /**< a copy of the file, shared by what is staged */
    uint32_t top;     /**< of the best chain: the era of unproven outputs */
    gasp_txid *order; /**< the file's transactions as they stand in it, each once */
    size_t n_order;
    gasp_map verdicts; /**< txid -> gasp_verdict */
    gasp_map taken;    /**< txid -> u32, outputs of it that are ours by this */
} adding;

void gasp_add_config_init(gasp_add_config *config)
{
    *config = (gasp_add_config){.size = sizeof *config, .take = GASP_TAKE_ALL};
}

/* BRC-76 "all outputs": all but those that nobody can ever spend. */
static bool unspendable(gasp_bytes script, gasp_network network, uint32_t height)
{
    if (script.len >= 2 && script.data[0] == 0x00 && script.data[1] == 0x6a)
        return true;
    gasp_script_rules rules = gasp_script_rules_at(network, height, height);
    return script.len >= 1 && script.data[0] == 0x6a && rules.era == GASP_ERA_PRE_GENESIS;
}

/* The outputs of a subject that become ours; *out is the caller's. */
static gasp_err choose(const adding *a, uint32_t **out, size_t *n, const gasp_tx *tx, uint32_t height)
{
    const gasp_add_config *config = a->config;
    size_t most = config->take == GASP_TAKE_LIST ? config->n_vouts : tx->n_out;
    uint32_t *list = gasp_mem_zalloc_array(a->wallet->mem, most, sizeof *list);
    *n = 0;
    if (list == NULL)
        return GASP_ERR_NOMEM;
    for (size_t i = 0; i < most; i++) {
        uint32_t vout = config->take == GASP_TAKE_LIST ? config->vouts[i] : (uint32_t)i;
        if (vout >= tx->n_out) {
            gasp_mem_free(a->wallet->mem, list);
            return GASP_ERR_COUNT;
        }
        if (config->take == GASP_TAKE_LIST || !unspendable(tx->out[vout].script, a->wallet->network, height))
            list[(*n)++] = vout;
    }
    *out = list;
    return GASP_OK;
}

/* One transaction of the file, and where its proof is. */
typedef struct given {
    gasp_bytes raw;
    const gasp_bump *bump; /**< NULL: unproven */
    gasp_bytes path;       /**< its own, cut out of bump; empty when bump does not hold it */
    bool subject;
} given;

/* The stage asks whether one of these is ours. Of all that are not it says so, for it was not asked to keep them. */
static gasp_err announce(adding *a, const gasp_tx *tx)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < tx->n_in; i++)
        err = gasp_stage_spend(a->stage, &tx->in[i].prev, &tx->txid);
    return err;
}

static gasp_err stage_one(adding *a, const given *one)
{
    gasp_stage_node node = {.blob = a->blob, .bump = one->path};
    uint32_t *roots = NULL;
    gasp_tx *tx = NULL;
    gasp_err err = gasp_tx_decode(&tx, one->raw, a->wallet->mem, NULL);
    if (err != GASP_OK)
        return err;
    node.txid = tx->txid;
    if (one->bump != NULL) {
        node.height = gasp_bump_height(one->bump);
        node.root = gasp_bump_root(one->bump);
        node.proven = gasp_bump_find(one->bump, &node.index, &tx->txid) == GASP_OK;
        node.verdict = node.proven ? GASP_OK : GASP_ERR_PROOF_NOT_LEAF;
    }
    if (one->subject)
        err = choose(a, &roots, &node.n_roots, tx, one->bump != NULL ? node.height : a->top + 1);
    node.roots = roots;
    node.tx = tx;
    if (err == GASP_OK && one->subject && a->spends)
        err = announce(a, tx);
    if (err == GASP_OK)
        err = gasp_stage_add(a->stage, &node);
    else
        gasp_tx_free(tx);
    gasp_mem_free(a->wallet->mem, roots);
    return err;
}

/* Remembers that the file has this transaction; whether it is the first time. */
static gasp_err note(adding *a, const gasp_txid *txid, bool *first)
{
    void *place;
    gasp_err err = gasp_map_put(&a->verdicts, &place, first, txid->b);
    if (err != GASP_OK || !*first)
        return err;
    *(gasp_verdict *)place = (gasp_verdict){.txid = *txid, .fate = GASP_FATE_UNNEEDED};
    a->order[a->n_order++] = *txid;
    return GASP_OK;
}

static gasp_err note_spent(gasp_map *spent, const gasp_beef *beef)
{
    gasp_err err = GASP_OK;
    gasp_beef_item item;
    for (size_t i = 0; err == GASP_OK && i < gasp_beef_tx_count(beef); i++) {
        err = gasp_beef_tx(beef, i, &item);
        for (size_t k = 0; err == GASP_OK && item.tx != NULL && k < item.tx->n_in; k++)
            err = gasp_map_put(spent, NULL, NULL, item.tx->in[k].prev.txid.b);
    }
    return err;
}

/* The transactions of a BEEF, each once, as it says most of it; those named by txid only are noted and left out. */
typedef struct beef_list {
    const gasp_beef *beef;
    given *list;
    gasp_txid *txids;
    size_t *bump_of;
    gasp_data *paths;
    const gasp_bump **bumps;
    size_t n;
} beef_list;

static gasp_err list_beef(adding *a, beef_list *l, const gasp_map *spent, const gasp_txid *subject)
{
    gasp_err err = GASP_OK;
    for (size_t i = 0; err == GASP_OK && i < gasp_beef_tx_count(l->beef); i++) {
        gasp_beef_item item;
        size_t best;
        bool first = false;
        err = gasp_beef_tx(l->beef, i, &item);
        if (err == GASP_OK)
            err = note(a, &item.txid, &first);
        if (err != GASP_OK || !first)
            continue;
        err = gasp_beef_find(l->beef, &best, &item.txid);
        if (err == GASP_OK)
            err = gasp_beef_tx(l->beef, best, &item);
        if (err != GASP_OK || item.tx == NULL)
            continue;
        bool root =
            subject != NULL ? memcmp(item.txid.b, subject->b, 32) == 0 : gasp_map_get(spent, item.txid.b) == NULL;
        l->txids[l->n] = item.txid;
        l->bump_of[l->n] = item.bump == GASP_BEEF_NO_BUMP ? GASP_PATHS_NONE : item.bump;
        l->list[l->n++] = (given){
            .raw = item.tx->raw, .bump = item.bump == GASP_BEEF_NO_BUMP ? NULL : l->bumps[item.bump], .subject = root};
    }
    return err;
}

static gasp_err beef_list_init(beef_list *l, const gasp_beef *beef, const gasp_mem *mem)
{
    size_t count = gasp_beef_tx_count(beef);
    size_t n_bumps = gasp_beef_bump_count(beef);
    *l = (beef_list){.beef = beef};
    l->list = gasp_mem_zalloc_array(mem, count, sizeof *l->list);
    l->txids = gasp_mem_zalloc_array(mem, count, sizeof *l->txids);
    l->bump_of = gasp_mem_zalloc_array(mem, count, sizeof *l->bump_of);
    l->paths = gasp_mem_zalloc_array(mem, count, sizeof *l->paths);
    l->bumps = gasp_mem_zalloc_array(mem, n_bumps, sizeof(gasp_bump *));
    if (l->list == NULL || l->txids == NULL || l->bump_of == NULL || l->paths == NULL || l->bumps == NULL)
        return GASP_ERR_NOMEM;
    for (size_t b = 0; b < n_bumps; b++)
        l->bumps[b] = gasp_beef_bump(beef, b);
    return GASP_OK;
}

static void beef_list_clear(beef_list *l, const gasp_mem *mem)
{
    for (size_t i = 0; l->paths != NULL && i < l->n; i++)
        gasp_data_clear(&l->paths[i]);
    gasp_mem_free(mem, l->list);
    gasp_mem_free(mem, l->txids);
    gasp_mem_free(mem, l->bump_of);
    gasp_mem_free(mem, l->paths);
    gasp_mem_free(mem, l->bumps);
}

static gasp_err stage_beef(adding *a, gasp_fault *fault)
{
    const gasp_mem *mem = a->wallet->mem;
    gasp_beef *beef = NULL;
    beef_list l = {0};
    gasp_map spent;
    gasp_txid subject;
    gasp_map_init(&spent, 32, 0, SIZE_MAX, a->wallet->seed32, mem);
    gasp_err err = gasp_beef_decode(&beef, gasp_blob_view(a->blob), mem, fault);
    if (err != GASP_OK)
        goto out;
    bool atomic = gasp_beef_subject(beef, &subject) == GASP_OK;
    if (atomic) {
        err = gasp_beef_check(beef, fault);
        if (err != GASP_OK && err != GASP_ERR_PROOF_NOT_LEAF)
            goto out;
    }
    a->order = gasp_mem_zalloc_array(mem, gasp_beef_tx_count(beef), sizeof *a->order);
    err = a->order != NULL ? beef_list_init(&l, beef, mem) : GASP_ERR_NOMEM;
    if (err == GASP_OK)
        err = note_spent(&spent, beef);
    if (err == GASP_OK)
        err = list_beef(a, &l, &spent, atomic ? &subject : NULL);
    if (err == GASP_OK)
        err = gasp_paths_split(l.paths, l.bumps, gasp_beef_bump_count(beef), l.bump_of, l.txids, l.n, mem);
    for (size_t i = 0; err == GASP_OK && i < l.n; i++) {
        l.list[i].path = (gasp_bytes){l.paths[i].data, l.paths[i].len};
        err = stage_one(a, &l.list[i]);
    }
out:
    beef_list_clear(&l, mem);
    gasp_beef_free(beef);
    gasp_map_clear(&spent);
    return err;
}

static gasp_err stage_transaction(adding *a, gasp_fault *fault)
{
    gasp_tx *tx = NULL;
    bool first;
    gasp_err err = gasp_tx_decode(&tx, gasp_blob_view(a->blob), a->wallet->mem, fault);
    if (err != GASP_OK)
        return err;
    a->order = gasp_mem_zalloc_array(a->wallet->mem, 1, sizeof *a->order);
    err = a->order != NULL ? note(a, &tx->txid, &first) : GASP_ERR_NOMEM;
    gasp_tx_free(tx);
    if (err != GASP_OK)
        return err;
    return stage_one(a, &(given){.raw = gasp_blob_view(a->blob), .subject = true});
}

static bool is_beef(gasp_bytes bytes)
{
    static const uint8_t first[][4] = {{0x01, 0x00, 0xbe, 0xef}, {0x02, 0x00, 0xbe, 0xef}, {0x01, 0x01, 0x01, 0x01}};
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        if (bytes.len >= 4 && memcmp(bytes.data, first[i], 4) == 0)
            return true;
    return false;
}

/* ---- from questions to verdicts ------------------------------------------------------------------------------------ */

static gasp_err ask_find(adding *a, bool *moved)
{
    gasp_find find;
    gasp_err err = gasp_stage_find(a->stage, &find);
    if (err != GASP_OK)
        return err == GASP_DONE ? GASP_OK : err;
    *moved = true;
    err = gasp_wallet_find(a->wallet, &find);
    if (err == GASP_OK)
        err = gasp_stage_found(a->stage, &find);
    gasp_find_clear(&find);
    return err;
}

static gasp_err ask_verify(adding *a, bool *moved)
{
    gasp_verify verify;
    gasp_verify_run *run = NULL;
    gasp_err err = gasp_stage_verify(a->stage, &verify);
    if (err != GASP_OK)
        return err == GASP_DONE ? GASP_OK : err;
    *moved = true;
    err = gasp_wallet_verify(a->wallet, &run, &verify, NULL, 0);
    if (err == GASP_OK) {
        gasp_wallet_verify_end(run, &verify);
        err = gasp_stage_verified(a->stage, &verify);
    }
    gasp_verify_clear(&verify);
    return err;
}

/* Room for what is noted when the commit is made: nothing must fail after it. */
static gasp_err room_for_taken(adding *a, const gasp_commit *commit)
{
    gasp_err err = GASP_OK;
    for (size_t g = 0; g < commit->n_graphs; g++)
        for (size_t i = 0; err == GASP_OK && i < commit->graphs[g].n_nodes; i++)
            err = gasp_map_put(&a->taken, NULL, NULL, commit->graphs[g].nodes[i].txid.b);
    return err;
}

/* How many outputs of each transaction are ours by this: the host may have taken others than were offered. */
static void note_taken(adding *a, const gasp_commit *commit)
{
    for (size_t g = 0; g < commit->n_graphs; g++) {
        const gasp_commit_graph *graph = &commit->graphs[g];
        for (size_t i = 0; graph->verdict == GASP_OK && i < graph->n_nodes; i++)
            *(uint32_t *)gasp_map_get(&a->taken, graph->nodes[i].txid.b) = (uint32_t)graph->nodes[i].n_taken;
    }
}

static gasp_err ask_commit(adding *a, bool *moved, gasp_time now)
{
    gasp_commit commit;
    gasp_err err = gasp_stage_commit(a->stage, &commit);
    if (err != GASP_OK)
        return err == GASP_DONE ? GASP_OK : err;
    gasp_admit_batch *admission = NULL;
    *moved = true;
    err = room_for_taken(a, &commit);
    if (err == GASP_OK)
        err = gasp_wallet_admit(a->wallet, &admission, &commit, (gasp_bytes){0}, 0);
    if (err == GASP_OK)
        err = gasp_wallet_commit_admitted(a->wallet, admission, &commit, now);
    if (err == GASP_OK)
        note_taken(a, &commit);
    if (err == GASP_OK)
        err = gasp_stage_committed(a->stage, &commit);
    gasp_commit_clear(&commit);
    return err;
}

/* Round and round until nothing moves. What waits when all was looked at waits for something that nobody will bring. Only
 * then is anything kept, so that a file goes into one batch. */
static gasp_err settle(adding *a, gasp_time now)
{
    gasp_err err = GASP_OK;
    bool absent = false;
    for (bool moved = true; err == GASP_OK && moved;) {
        moved = false;
        err = ask_find(a, &moved);
        if (err == GASP_OK)
            err = ask_verify(a, &moved);
        if (err != GASP_OK || moved)
            continue;
        if (!absent) {
            absent = moved = true;
            err = gasp_stage_absent_all(a->stage);
        } else {
            err = ask_commit(a, &moved, now);
        }
    }
    return err == GASP_OK && !gasp_stage_idle(a->stage) ? GASP_ERR_INTERNAL : err;
}

static gasp_fate fate_of(const gasp_stage_verdict *v)
{
    if (v->spend && v->err == GASP_ERR_VERIFY_NOT_ASKED)
        return GASP_FATE_UNNEEDED; /* it spends nothing of ours */
    if (v->err == GASP_OK)
        return v->stored ? GASP_FATE_COMMITTED : GASP_FATE_KNOWN;
    bool aside = gasp_err_refusal(v->cause_err) == GASP_REFUSAL_MISSING || v->cause_err == GASP_ERR_VERIFY_LATER;
    return aside ? GASP_FATE_ASIDE : GASP_FATE_REFUSED;
}

static gasp_err take_verdicts(adding *a)
{
    gasp_stage_verdict v;
    gasp_err err;
    while ((err = gasp_stage_verdict_next(a->stage, &v)) == GASP_OK) {
        gasp_verdict *verdict = gasp_map_get(&a->verdicts, v.txid.b);
        const uint32_t *taken = gasp_map_get(&a->taken, v.txid.b);
        bool unneeded = fate_of(&v) == GASP_FATE_UNNEEDED;
        if (verdict == NULL)
            continue;
        *verdict = (gasp_verdict){.txid = v.txid,
                                  .fate = fate_of(&v),
                                  .err = unneeded ? GASP_OK : v.err,
                                  .cause = v.cause,
                                  .cause_err = unneeded ? GASP_OK : v.cause_err,
                                  .height = v.height,
                                  .n_outputs = taken != NULL && v.err == GASP_OK ? *taken : v.n_roots,
                                  .input = v.input};
    }
    return err == GASP_DONE ? GASP_OK : err;
}

static gasp_err add_begin(adding *a, gasp_wallet *wallet, const uint8_t *bytes, size_t len,
                          const gasp_add_config *config)
{
    gasp_txn txn;
    gasp_stage_config stage = {.collection = config->collection,
                               .max_nodes = gasp_limit(ADD_NODES),
                               .max_bytes = ADD_BYTES_MAX,
                               .mem = wallet->mem};
    memcpy(stage.seed16, wallet->seed32, sizeof stage.seed16);
    *a = (adding){.wallet = wallet, .config = config};
    gasp_map_init(&a->verdicts, 32, sizeof(gasp_verdict), GASP_BEEF_TXS_MAX, wallet->seed32, wallet->mem);
    gasp_map_init(&a->taken, 32, sizeof(uint32_t), GASP_BEEF_TXS_MAX, wallet->seed32, wallet->mem);
    a->blob = gasp_blob_new(len, wallet->mem);
    if (a->blob == NULL)
        return GASP_ERR_NOMEM;
    memcpy(a->blob->data, bytes, len);
    gasp_key collection = gasp_key_collection(&config->collection);
    gasp_err err = gasp_txn_look(&txn, wallet);
    if (err != GASP_OK)
        return err;
    err = gasp_chain_height_now(&txn, &a->top);
    if (err == GASP_OK)
        err = gasp_txn_has(&txn, &collection);
    gasp_txn_end(&txn);
    if (err != GASP_OK)
        return err == GASP_ABSENT ? GASP_ERR_MISUSE : err;
    return gasp_stage_new(&a->stage, &stage);
}

gasp_err gasp_add_take(gasp_wallet *wallet, const uint8_t *bytes, size_t len, const gasp_add_config *config,
                       bool spends, gasp_time now, gasp_verdict_visit visit, void *ctx, gasp_fault *fault)
{
    adding a;
    if (config->size < sizeof *config || len == 0)
        return len == 0 ? GASP_ERR_FORMAT_UNKNOWN : GASP_ERR_MISUSE;
    gasp_err err = add_begin(&a, wallet, bytes, len, config);
    a.spends = spends;
    if (err == GASP_OK)
        err = is_beef(gasp_blob_view(a.blob)) ? stage_beef(&a, fault) : stage_transaction(&a, fault);
    if (err == GASP_OK)
        err = settle(&a, now);
    if (err == GASP_OK)
        err = take_verdicts(&a);
    if (err == GASP_OK && is_beef(gasp_blob_view(a.blob)))
        err = gasp_add_prove(wallet, &a.verdicts, gasp_blob_view(a.blob), now);
    for (size_t i = 0; err == GASP_OK && visit != NULL && i < a.n_order; i++)
        err = visit(ctx, gasp_map_get(&a.verdicts, a.order[i].b));
    gasp_stage_free(a.stage);
    gasp_map_clear(&a.verdicts);
    gasp_map_clear(&a.taken);
    gasp_mem_free(wallet->mem, a.order);
    gasp_blob_release(a.blob);
    return err;
}

gasp_err gasp_wallet_add(gasp_wallet *wallet, const uint8_t *bytes, size_t len, const gasp_add_config *config,
                         gasp_time now, gasp_verdict_visit visit, void *ctx, gasp_fault *fault)
{
    return gasp_add_take(wallet, bytes, len, config, false, now, visit, ctx, fault);
}
