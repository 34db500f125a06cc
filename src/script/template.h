/** The two locking scripts that are judged without an interpreter, recognised byte for byte. */
#ifndef GASP_SCRIPT_TEMPLATE_H
#define GASP_SCRIPT_TEMPLATE_H

#include "gasp/types.h"

typedef enum gasp_template {
    GASP_TEMPLATE_NONE = 0, /**< another script */
    GASP_TEMPLATE_P2PK = 1, /**< <33 or 65 bytes> CHECKSIG */
    GASP_TEMPLATE_P2PKH = 2 /**< DUP HASH160 <20 bytes> EQUALVERIFY CHECKSIG */
} gasp_template;

enum {
    GASP_P2PKH_LEN = 25 /**< bytes of a P2PKH locking script */
};

/** Which one it is. *operand, when given: a view of the key (P2PK) or of its hash (P2PKH). */
gasp_template gasp_template_of(gasp_bytes *operand, gasp_bytes script);

#endif
