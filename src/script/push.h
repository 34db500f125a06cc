/** Walking over a script's opcodes without running them. Never fails hard: it stops where the script cannot be read. */
#ifndef GASP_SCRIPT_PUSH_H
#define GASP_SCRIPT_PUSH_H

#include "gasp/types.h"

enum {
    GASP_OP_0 = 0x00, /**< pushes nothing: an empty item */
    GASP_OP_PUSHDATA1 = 0x4c,
    GASP_OP_PUSHDATA2 = 0x4d,
    GASP_OP_PUSHDATA4 = 0x4e,
    GASP_OP_1NEGATE = 0x4f,
    GASP_OP_RESERVED = 0x50,
    GASP_OP_1 = 0x51,
    GASP_OP_16 = 0x60,
    GASP_OP_DUP = 0x76,
    GASP_OP_EQUALVERIFY = 0x88,
    GASP_OP_HASH160 = 0xa9,
    GASP_OP_CODESEPARATOR = 0xab,
    GASP_OP_CHECKSIG = 0xac
};

/** One opcode and what it pushes. */
typedef struct gasp_op {
    uint8_t code;
    gasp_bytes data; /**< view of the bytes that codes 1..PUSHDATA4 push */
    size_t at;       /**< offset of the opcode in the script */
} gasp_op;

typedef struct gasp_op_cursor {
    gasp_bytes script;
    size_t at;
    bool broken; /**< the script ends inside an opcode */
} gasp_op_cursor;

gasp_op_cursor gasp_op_cursor_of(gasp_bytes script);

/** The next opcode; false at the end, and where the script ends inside one (cursor->broken then). */
bool gasp_op_next(gasp_op_cursor *cursor, gasp_op *op);

/** What an unlocking script leaves on the stack when all it does is push. */
typedef struct gasp_pushes {
    bool broken;        /**< it ends inside an opcode */
    bool push_only;     /**< nothing above OP_16 stands in it (OP_RESERVED counts as a push here, as in a node) */
    bool reserved;      /**< OP_RESERVED stands in it: running it fails */
    size_t n;           /**< how many items */
    gasp_bytes last[2]; /**< the last two, last[0] on top. An item that an opcode of its own pushes (OP_1NEGATE, OP_1 to
                             OP_16) shows as empty here: one byte is as little a signature or key as none */
} gasp_pushes;

gasp_pushes gasp_script_pushes(gasp_bytes script);

#endif
