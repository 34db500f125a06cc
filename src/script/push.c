/* Opcode boundaries. All lengths are compared with what is left before they are used; a script is data that anybody may
 * have written. */
#include "script/push.h"

gasp_op_cursor gasp_op_cursor_of(gasp_bytes script)
{
    gasp_op_cursor cursor = {script, 0, false};
    return cursor;
}

/* How many bytes behind PUSHDATAn hold the length. */
static size_t length_bytes(uint8_t code)
{
    if (code == GASP_OP_PUSHDATA1)
        return 1;
    if (code == GASP_OP_PUSHDATA2)
        return 2;
    return code == GASP_OP_PUSHDATA4 ? 4 : 0;
}

bool gasp_op_next(gasp_op_cursor *cursor, gasp_op *op)
{
    gasp_bytes script = cursor->script;
    if (cursor->broken || cursor->at >= script.len)
        return false;
    size_t at = cursor->at;
    op->code = script.data[at];
    op->at = at++;
    op->data = (gasp_bytes){NULL, 0};
    if (op->code <= GASP_OP_PUSHDATA4) {
        size_t wide = length_bytes(op->code);
        uint64_t len = wide == 0 ? op->code : 0;
        if (wide > script.len - at) {
            cursor->broken = true;
            return false;
        }
        for (size_t i = 0; i < wide; i++)
            len |= (uint64_t)script.data[at + i] << (8 * i);
        at += wide;
        if (len > script.len - at) {
            cursor->broken = true;
            return false;
        }
        op->data = (gasp_bytes){script.data + at, (size_t)len};
        at += (size_t)len;
    }
    cursor->at = at;
    return true;
}

gasp_pushes gasp_script_pushes(gasp_bytes script)
{
    gasp_pushes found = {0};
    found.push_only = true;
    gasp_op op;
    gasp_op_cursor cursor = gasp_op_cursor_of(script);
    while (gasp_op_next(&cursor, &op)) {
        if (op.code > GASP_OP_16)
            found.push_only = false;
        if (op.code == GASP_OP_RESERVED)
            found.reserved = true;
        found.last[1] = found.last[0];
        found.last[0] = op.data;
        found.n++;
    }
    found.broken = cursor.broken;
    return found;
}
