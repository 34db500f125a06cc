/* Recognising P2PK and P2PKH. A script that means the same in other bytes (PUSHDATA1, a NOP) is not one of them. */
#include "script/template.h"

#include "script/push.h"

static bool is_p2pkh(gasp_bytes script)
{
    const uint8_t *b = script.data;
    return script.len == GASP_P2PKH_LEN && b[0] == GASP_OP_DUP && b[1] == GASP_OP_HASH160 && b[2] == 20 &&
           b[23] == GASP_OP_EQUALVERIFY && b[24] == GASP_OP_CHECKSIG;
}

static bool is_p2pk(gasp_bytes script)
{
    const uint8_t *b = script.data;
    if (script.len != 35 && script.len != 67)
        return false;
    return b[0] == script.len - 2 && b[script.len - 1] == GASP_OP_CHECKSIG;
}

gasp_template gasp_template_of(gasp_bytes *operand, gasp_bytes script)
{
    gasp_bytes inside = {NULL, 0};
    gasp_template found = GASP_TEMPLATE_NONE;
    if (is_p2pkh(script)) {
        found = GASP_TEMPLATE_P2PKH;
        inside = (gasp_bytes){script.data + 3, 20};
    } else if (is_p2pk(script)) {
        found = GASP_TEMPLATE_P2PK;
        inside = (gasp_bytes){script.data + 1, script.len - 2};
    }
    if (operand != NULL)
        *operand = inside;
    return found;
}
