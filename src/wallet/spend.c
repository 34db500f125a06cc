/* What the host tells of its own doing: a transaction that it made, kept for what it spends; and proofs that came inside of
 * a file with transactions that no commit of the file needed, or of a branch that is not the best one. */
#include "base/mem.h"
#include "chain/beef.h"
#include "wallet/add.h"
#include "wallet/inside.h"

gasp_err gasp_wallet_spend(gasp_wallet *wallet, const uint8_t *bytes, size_t len, const gasp_add_config *config,
                           gasp_time now, gasp_verdict_visit visit, void *ctx, gasp_fault *fault)
{
    gasp_add_config nothing;
    gasp_add_config_init(&nothing);
    nothing.take = GASP_TAKE_LIST;
    return gasp_add_take(wallet, bytes, len, config != NULL ? config : &nothing, true, now, visit, ctx, fault);
}

/* The proofs of a file. */
typedef struct proving_file {
    gasp_map *verdicts;
    bool stored; /* something of the file is in the store */
} proving_file;

/* Of a proof that was refused as one of the best chain, or is news of a transaction that nothing else was stored of. */
static gasp_err kept_beside(void *ctx, const gasp_verdict *proof)
{
    proving_file *file = ctx;
    gasp_verdict *verdict = gasp_map_get(file->verdicts, proof->txid.b);
    bool news = proof->fate == GASP_FATE_COMMITTED;
    file->stored = file->stored || news;
    if (verdict == NULL || verdict->fate == GASP_FATE_COMMITTED)
        return GASP_OK;
    if (news || (proof->fate == GASP_FATE_KNOWN && verdict->err == GASP_ERR_PROOF_ROOT))
        *verdict = *proof;
    return GASP_OK;
}

static gasp_err prove_bump(gasp_wallet *wallet, proving_file *file, const gasp_bump *bump, gasp_time now)
{
    size_t len;
    gasp_err err = gasp_bump_encode(bump, NULL, 0, &len);
    if (err != GASP_OK)
        return err;
    uint8_t *bytes = gasp_mem_zalloc(wallet->mem, len);
    if (bytes == NULL)
        return GASP_ERR_NOMEM;
    err = gasp_bump_encode(bump, bytes, len, &len);
    if (err == GASP_OK)
        err = gasp_wallet_prove(wallet, bytes, len, now, kept_beside, file, NULL);
    gasp_mem_free(wallet->mem, bytes);
    return err;
}

gasp_err gasp_add_prove(gasp_wallet *wallet, gasp_map *verdicts, gasp_bytes beef, gasp_time now)
{
    proving_file file = {verdicts, false};
    gasp_beef *read = NULL;
    size_t pos = 0;
    void *value;
    bool any = false;
    while (gasp_map_next(verdicts, &pos, NULL, &value)) {
        bool committed = ((gasp_verdict *)value)->fate == GASP_FATE_COMMITTED;
        file.stored = file.stored || committed;
        any = any || !committed;
    }
    if (!any)
        return GASP_OK;
    gasp_err err = gasp_beef_decode(&read, beef, wallet->mem, NULL);
    for (size_t i = 0; err == GASP_OK && i < gasp_beef_bump_count(read); i++)
        err = prove_bump(wallet, &file, gasp_beef_bump(read, i), now);
    gasp_beef_free(read);
    /* An error says that nothing was changed. What is stored stays so, and these proofs may be given again. */
    return file.stored ? GASP_OK : err;
}
