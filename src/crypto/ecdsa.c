/* ECDSA. Reading DER is written here and not left to libsecp256k1, because the exact set of accepted encodings is a
 * rule of the chain. No secrets pass through this file: it verifies only. */
#include "crypto/ecdsa.h"

#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <string.h>

#include "base/mem.h"

struct gasp_ecdsa {
    secp256k1_context *inside;
    void *block;
    const gasp_mem *mem;
};

/* Half of the group's order, rounded down, big-endian. */
static const uint8_t half_order[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                       0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

gasp_err gasp_ecdsa_new(gasp_ecdsa **out, const gasp_mem *mem)
{
    mem = gasp_mem_or_default(mem);
    gasp_ecdsa *ecdsa = gasp_mem_zalloc(mem, sizeof *ecdsa);
    if (ecdsa == NULL)
        return GASP_ERR_NOMEM;
    ecdsa->mem = mem;
    ecdsa->block = gasp_mem_zalloc(mem, secp256k1_context_preallocated_size(SECP256K1_CONTEXT_VERIFY));
    if (ecdsa->block == NULL) {
        gasp_ecdsa_free(ecdsa);
        return GASP_ERR_NOMEM;
    }
    ecdsa->inside = secp256k1_context_preallocated_create(ecdsa->block, SECP256K1_CONTEXT_VERIFY);
    *out = ecdsa;
    return GASP_OK;
}

void gasp_ecdsa_free(gasp_ecdsa *ecdsa)
{
    if (ecdsa == NULL)
        return;
    if (ecdsa->inside != NULL)
        secp256k1_context_preallocated_destroy(ecdsa->inside);
    gasp_mem_free(ecdsa->mem, ecdsa->block);
    gasp_mem_free(ecdsa->mem, ecdsa);
}

/* A positive INTEGER in its shortest form at *at; moves *at behind it and gives its content. */
static bool read_integer(gasp_bytes der, size_t *at, gasp_bytes *content)
{
    if (der.len - *at < 3 || der.data[*at] != 0x02)
        return false;
    size_t len = der.data[*at + 1];
    const uint8_t *first = der.data + *at + 2;
    if (len == 0 || len > der.len - *at - 2)
        return false;
    if ((first[0] & 0x80) != 0)
        return false;
    if (len > 1 && first[0] == 0 && (first[1] & 0x80) == 0)
        return false;
    *content = (gasp_bytes){first, len};
    *at += 2 + len;
    return true;
}

static bool read_strict(gasp_bytes der, gasp_bytes *r, gasp_bytes *s)
{
    if (der.len < GASP_DER_MIN || der.len > GASP_DER_MAX)
        return false;
    if (der.data[0] != 0x30 || der.data[1] != der.len - 2)
        return false;
    size_t at = 2;
    return read_integer(der, &at, r) && read_integer(der, &at, s) && at == der.len;
}

/* Content of an INTEGER as 32 bytes; false when it needs more. */
static bool to_scalar(uint8_t out[32], gasp_bytes content)
{
    if (content.len > 0 && content.data[0] == 0) {
        content.data++;
        content.len--;
    }
    if (content.len > 32)
        return false;
    memset(out, 0, 32);
    if (content.len > 0)
        memcpy(out + 32 - content.len, content.data, content.len);
    return true;
}

bool gasp_der_is_strict(gasp_bytes der)
{
    gasp_bytes r;
    gasp_bytes s;
    return read_strict(der, &r, &s);
}

bool gasp_der_is_low_s(gasp_bytes der)
{
    gasp_bytes r;
    gasp_bytes s;
    uint8_t scalar[32];
    if (!read_strict(der, &r, &s) || !to_scalar(scalar, s))
        return false;
    return memcmp(scalar, half_order, sizeof scalar) <= 0;
}

bool gasp_pubkey_is_plain(gasp_bytes key)
{
    if (key.len == GASP_PUBKEY_LEN)
        return key.data[0] == 0x02 || key.data[0] == 0x03;
    return key.len == GASP_PUBKEY_LONG_LEN && key.data[0] == 0x04;
}

bool gasp_ecdsa_verify(const gasp_ecdsa *ecdsa, gasp_bytes key, gasp_bytes der, const uint8_t hash[32])
{
    gasp_bytes r;
    gasp_bytes s;
    uint8_t compact[64];
    secp256k1_ecdsa_signature signature;
    secp256k1_pubkey point;
    if (!read_strict(der, &r, &s) || !to_scalar(compact, r) || !to_scalar(compact + 32, s))
        return false;
    if (key.len != GASP_PUBKEY_LEN && key.len != GASP_PUBKEY_LONG_LEN)
        return false;
    if (secp256k1_ecdsa_signature_parse_compact(ecdsa->inside, &signature, compact) == 0)
        return false;
    if (secp256k1_ec_pubkey_parse(ecdsa->inside, &point, key.data, key.len) == 0)
        return false;
    (void)secp256k1_ecdsa_signature_normalize(ecdsa->inside, &signature, &signature);
    return secp256k1_ecdsa_verify(ecdsa->inside, &signature, hash, &point) == 1;
}
