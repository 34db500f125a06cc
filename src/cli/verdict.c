/* Why a transaction was not taken, in words. */
#include "cli/verdict.h"

#include <inttypes.h>
#include <string.h>

bool gasp_verdict_names_input(gasp_err err)
{
    return err == GASP_ERR_VERIFY_SCRIPT || err == GASP_ERR_VERIFY_DEFERRED || err == GASP_ERR_VERIFY_NO_OUTPOINT ||
           err == GASP_ERR_VERIFY_SPENT || err == GASP_ERR_VERIFY_INPUT_TWICE || err == GASP_ERR_VERIFY_NO_PARENT;
}

gasp_err gasp_verdict_root(const gasp_verdict *verdict)
{
    return verdict->cause_err != GASP_OK ? verdict->cause_err : verdict->err;
}

void gasp_verdict_reason(gasp_reason_text *out, const gasp_verdict *verdict, bool has_input)
{
    char cause[GASP_HASH_TEXT_MAX];
    char what[200];
    gasp_err root = gasp_verdict_root(verdict);
    if (root == GASP_ERR_PROOF_NO_HEADER)
        snprintf(what, sizeof what, "no header is known at height %" PRIu32, verdict->height);
    else if (root == GASP_ERR_PROOF_ROOT)
        snprintf(what, sizeof what, "%s, %" PRIu32, gasp_err_text(root), verdict->height);
    else if (has_input && gasp_verdict_names_input(root))
        snprintf(what, sizeof what, "%s, input %" PRIu64, gasp_err_text(root), verdict->input);
    else
        snprintf(what, sizeof what, "%s", gasp_err_text(root));
    gasp_txid_to_text(cause, &verdict->cause);
    if (verdict->cause_err == GASP_OK || memcmp(&verdict->cause, &verdict->txid, sizeof verdict->txid) == 0)
        snprintf(out->text, sizeof out->text, "%s", what);
    else
        snprintf(out->text, sizeof out->text, "stands on %s: %s", cause, what);
}
