/* One signature of a script. The encoding rules stand in the order in which a node applies them. Before BIP66 was in
 * force nodes accepted what OpenSSL read as BER; that set is not written here, so such a signature is deferred. */
#include "script/sigcheck.h"

static bool has(gasp_script_rules rules, gasp_script_flag flag)
{
    return (rules.flags & (uint32_t)flag) != 0;
}

static gasp_err check_hash_type(gasp_script_rules rules, uint32_t hash_type)
{
    const uint32_t modifiers = GASP_SIGHASH_CHRONICLE | GASP_SIGHASH_FORKID | GASP_SIGHASH_ANYONECANPAY;
    uint32_t base = hash_type & ~modifiers;
    if (base < GASP_SIGHASH_ALL || base > GASP_SIGHASH_SINGLE)
        return GASP_ERR_VERIFY_SCRIPT;
    if ((hash_type & GASP_SIGHASH_CHRONICLE) != 0 && !has(rules, GASP_RULE_CHRONICLE))
        return GASP_ERR_VERIFY_SCRIPT;
    if (((hash_type & GASP_SIGHASH_FORKID) != 0) != has(rules, GASP_RULE_FORKID))
        return GASP_ERR_VERIFY_SCRIPT;
    return GASP_OK;
}

static gasp_err check_encoding(gasp_script_rules rules, gasp_bytes der, uint32_t hash_type, gasp_bytes key)
{
    const gasp_script_flag strict = GASP_RULE_STRICT_DER;
    bool must_be_strict = has(rules, strict) || has(rules, GASP_RULE_LOW_S) || has(rules, GASP_RULE_STRICT_ENC);
    if (!gasp_der_is_strict(der))
        return must_be_strict ? GASP_ERR_VERIFY_SCRIPT : GASP_ERR_VERIFY_DEFERRED;
    if (has(rules, GASP_RULE_LOW_S) && !gasp_der_is_low_s(der))
        return GASP_ERR_VERIFY_SCRIPT;
    if (!has(rules, GASP_RULE_STRICT_ENC))
        return GASP_OK;
    if (!gasp_pubkey_is_plain(key))
        return GASP_ERR_VERIFY_SCRIPT;
    return check_hash_type(rules, hash_type);
}

bool gasp_sigcheck_is_forkid(gasp_script_rules rules, gasp_bytes signature)
{
    return has(rules, GASP_RULE_FORKID) && signature.len > 0 &&
           gasp_sighash_is_forkid(signature.data[signature.len - 1]);
}

gasp_err gasp_sigcheck(const gasp_ecdsa *ecdsa, const gasp_script_job *job, gasp_script_rules rules,
                       gasp_bytes signature, gasp_bytes key, gasp_bytes code)
{
    if (signature.len == 0)
        return GASP_ERR_VERIFY_SCRIPT;
    gasp_bytes der = {signature.data, signature.len - 1};
    uint32_t hash_type = signature.data[signature.len - 1];
    gasp_err err = check_encoding(rules, der, hash_type, key);
    if (err != GASP_OK)
        return err;
    uint8_t hash[32];
    if (gasp_sigcheck_is_forkid(rules, signature))
        gasp_sighash_forkid(hash, job->tx, job->cache, job->input, code, job->sat, hash_type);
    else
        gasp_sighash_original(hash, job->tx, job->input, code, hash_type);
    return gasp_ecdsa_verify(ecdsa, key, der, hash) ? GASP_OK : GASP_ERR_VERIFY_SCRIPT;
}
