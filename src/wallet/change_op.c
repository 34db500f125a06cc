/* Changes as they stand in the batches that a wallet writes: for hosts whose own rows are in the same database. */
#include <string.h>

#include "wallet/keys.h"
#include "wallet/rows.h"

gasp_err gasp_change_of_op(const gasp_kv_op *op, gasp_change *out)
{
    gasp_key prefix = gasp_key_kind('c');
    gasp_change change;
    bool is_change = op->verb == GASP_KV_PUT && op->key.len >= prefix.len &&
                     memcmp(op->key.data, prefix.b, prefix.len) == 0 &&
                     gasp_row_change_decode(&change, op->key, op->value) == GASP_OK;
    if (!is_change)
        return GASP_ABSENT;
    *out = change;
    return GASP_OK;
}
