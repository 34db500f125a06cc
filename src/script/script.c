/* The verdict on one input. It says "may not" only where a node says so under the same rules, "may" only after a
 * signature was checked, and "deferred" for all else; a later interpreter takes over from the deferred answers. */
#include "script/script.h"

#include <string.h>

#include "crypto/hash.h"
#include "script/push.h"
#include "script/sigcheck.h"
#include "script/template.h"

/* What a template takes from the unlocking script. */
typedef struct unlocking {
    gasp_bytes signature;
    gasp_bytes key;
} unlocking;

/* An unlocking script that is no plain run of the items that are taken. */
static gasp_err judge_pushes(const gasp_pushes *pushes, gasp_script_rules rules, size_t needed)
{
    if (!pushes->push_only) {
        bool forbidden = (rules.flags & GASP_RULE_PUSH_ONLY) != 0;
        return forbidden ? GASP_ERR_VERIFY_SCRIPT : GASP_ERR_VERIFY_DEFERRED;
    }
    if (pushes->broken || pushes->reserved || pushes->n < needed)
        return GASP_ERR_VERIFY_SCRIPT;
    return pushes->n > needed ? GASP_ERR_VERIFY_DEFERRED : GASP_OK;
}

static bool hashes_to(gasp_bytes key, gasp_bytes hash20)
{
    uint8_t hash[20];
    gasp_hash160(hash, key.data, key.len);
    return memcmp(hash, hash20.data, sizeof hash) == 0;
}

static gasp_err find_items(unlocking *out, const gasp_script_job *job, gasp_script_rules rules)
{
    gasp_bytes operand;
    gasp_template kind = gasp_template_of(&operand, job->script);
    if (kind == GASP_TEMPLATE_NONE)
        return GASP_ERR_VERIFY_DEFERRED;
    size_t needed = kind == GASP_TEMPLATE_P2PKH ? 2 : 1;
    gasp_pushes pushes = gasp_script_pushes(job->tx->in[job->input].script);
    gasp_err err = judge_pushes(&pushes, rules, needed);
    if (err != GASP_OK)
        return err;
    out->signature = pushes.last[needed - 1];
    out->key = kind == GASP_TEMPLATE_P2PKH ? pushes.last[0] : operand;
    if (kind == GASP_TEMPLATE_P2PKH && !hashes_to(out->key, operand))
        return GASP_ERR_VERIFY_SCRIPT;
    return GASP_OK;
}

gasp_err gasp_script_verify(const gasp_ecdsa *ecdsa, const gasp_script_job *job)
{
    if (job->input >= job->tx->n_in)
        return GASP_ERR_MISUSE;
    gasp_script_rules rules = gasp_script_rules_for_version(job->rules, job->tx->version);
    unlocking items;
    gasp_err err = find_items(&items, job, rules);
    if (err != GASP_OK)
        return err;
    return gasp_sigcheck(ecdsa, job, rules, items.signature, items.key, job->script);
}

uint64_t gasp_script_cost(const gasp_script_job *job)
{
    if (job->input >= job->tx->n_in)
        return 0;
    unlocking items;
    if (find_items(&items, job, gasp_script_rules_for_version(job->rules, job->tx->version)) != GASP_OK)
        return 0;
    return gasp_sighash_cost(job->tx, job->script, gasp_sigcheck_is_forkid(job->rules, items.signature));
}
