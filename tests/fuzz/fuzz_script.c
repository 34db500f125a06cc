/* Scripts: u8 era, u16 flags, u64 amount, sized locking script, then a transaction whose inputs are all judged as spending it.
 * Walking ends where the script does; the verdict is one of those that there are, the same with a cache and without, and
 * never better under more rules. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "fuzz/fuzz.h"
#include "gasp/tx.h"
#include "script/push.h"
#include "script/script.h"
#include "script/template.h"

enum { HASHED_MAX = 1 << 22 /* more is not judged here: it is only slow */ };

/* Opcodes lie one behind the other and cover the script, unless it ends inside of one. */
static void walk(gasp_bytes script)
{
    gasp_op_cursor cursor = gasp_op_cursor_of(script);
    gasp_op op;
    size_t at = 0;
    while (gasp_op_next(&cursor, &op)) {
        FUZZ_HOLDS(op.at == at && cursor.at > at && cursor.at <= script.len && op.code == script.data[at]);
        FUZZ_HOLDS(op.data.len == 0 ||
                   (op.data.data > script.data + at && op.data.data + op.data.len == script.data + cursor.at));
        at = cursor.at;
    }
    FUZZ_HOLDS(cursor.broken ? at < script.len : at == script.len);
}

static void recognise(gasp_bytes script)
{
    gasp_bytes operand = {NULL, 0};
    gasp_template is = gasp_template_of(&operand, script);
    FUZZ_HOLDS(gasp_template_of(NULL, script) == is);
    if (is == GASP_TEMPLATE_P2PKH)
        FUZZ_HOLDS(script.len == GASP_P2PKH_LEN && operand.data == script.data + 3 && operand.len == 20);
    if (is == GASP_TEMPLATE_P2PK)
        FUZZ_HOLDS((operand.len == 33 || operand.len == 65) && script.len == operand.len + 2);
}

static void judge(const gasp_ecdsa *ecdsa, gasp_script_job job)
{
    gasp_sighash_cache cache;
    if (gasp_script_cost(&job) > HASHED_MAX)
        return;
    gasp_err plain = gasp_script_verify(ecdsa, &job);
    FUZZ_HOLDS(plain == GASP_OK || plain == GASP_ERR_VERIFY_SCRIPT || plain == GASP_ERR_VERIFY_DEFERRED);
    FUZZ_HOLDS(plain != GASP_OK || gasp_template_of(NULL, job.script) != GASP_TEMPLATE_NONE);
    gasp_sighash_cache_init(&cache, job.tx);
    job.cache = &cache;
    FUZZ_HOLDS(gasp_script_verify(ecdsa, &job) == plain);
    const uint32_t more[] = {GASP_RULE_STRICT_DER, GASP_RULE_STRICT_ENC, GASP_RULE_LOW_S, GASP_RULE_PUSH_ONLY};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        gasp_script_job strict = job;
        strict.rules.flags |= more[i];
        FUZZ_HOLDS(gasp_script_verify(ecdsa, &strict) != GASP_OK || plain == GASP_OK ||
                   plain == GASP_ERR_VERIFY_DEFERRED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static gasp_ecdsa *ecdsa; /* once: it is large, and nothing is ever written to it */
    gasp_reader r = gasp_reader_of((gasp_bytes){data, size});
    gasp_script_job job = {0};
    gasp_tx *tx = NULL;
    if (ecdsa == NULL)
        FUZZ_HOLDS(gasp_ecdsa_new(&ecdsa, NULL) == GASP_OK);
    job.rules.era = (gasp_script_era)(1 + gasp_read_u8(&r) % 3);
    job.rules.flags = gasp_read_u16(&r) % 128u;
    job.sat = gasp_read_u64(&r);
    job.script = gasp_read_sized(&r);
    const gasp_bytes raw = gasp_read_bytes(&r, gasp_reader_left(&r));
    if (gasp_reader_status(&r, NULL) != GASP_OK)
        return 0;
    walk(job.script);
    recognise(job.script);
    if (gasp_tx_decode(&tx, raw, NULL, NULL) != GASP_OK)
        return 0;
    job.tx = tx;
    for (job.input = 0; job.input < gasp_tx_in_count(tx) && job.input < 4; job.input++) {
        walk(gasp_tx_in(tx, job.input)->script);
        judge(ecdsa, job);
    }
    gasp_tx_free(tx);
    return 0;
}
