/* Hex and the text forms of hashes, outpoints and networks. */
#include "gasp/types.h"

#include <string.h>

#include "gasp/version.h"

static const char digits[] = "0123456789abcdef";

/* The value of a hex digit, or -1. */
static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void gasp_hex_encode(char *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

gasp_err gasp_hex_decode(uint8_t *out, size_t len, const char *text, size_t text_len)
{
    if (text_len % 2 != 0 || text_len / 2 != len)
        return GASP_ERR_TEXT_HEX;
    for (size_t i = 0; i < len; i++) {
        int high = nibble(text[2 * i]);
        int low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return GASP_ERR_TEXT_HEX;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return GASP_OK;
}

static void hash_to_text(char *out, const uint8_t b[32])
{
    uint8_t reversed[32];
    for (size_t i = 0; i < 32; i++)
        reversed[i] = b[31 - i];
    gasp_hex_encode(out, reversed, 32);
}

static gasp_err hash_from_text(uint8_t b[32], const char *text, size_t len)
{
    uint8_t reversed[32];
    gasp_err err = gasp_hex_decode(reversed, 32, text, len);
    if (err != GASP_OK)
        return err;
    for (size_t i = 0; i < 32; i++)
        b[i] = reversed[31 - i];
    return GASP_OK;
}

void gasp_txid_to_text(char out[GASP_HASH_TEXT_MAX], const gasp_txid *txid)
{
    hash_to_text(out, txid->b);
}

gasp_err gasp_txid_from_text(gasp_txid *out, const char *text)
{
    return hash_from_text(out->b, text, strlen(text));
}

void gasp_block_hash_to_text(char out[GASP_HASH_TEXT_MAX], const gasp_block_hash *hash)
{
    hash_to_text(out, hash->b);
}

gasp_err gasp_block_hash_from_text(gasp_block_hash *out, const char *text)
{
    return hash_from_text(out->b, text, strlen(text));
}

void gasp_merkle_root_to_text(char out[GASP_HASH_TEXT_MAX], const gasp_merkle_root *root)
{
    hash_to_text(out, root->b);
}

void gasp_outpoint_to_text(char out[GASP_OUTPOINT_TEXT_MAX], const gasp_outpoint *outpoint)
{
    char reversed[10];
    size_t n = 0;
    uint32_t vout = outpoint->vout;
    hash_to_text(out, outpoint->txid.b);
    out += 64;
    *out++ = '.';
    do {
        reversed[n++] = digits[vout % 10];
        vout /= 10;
    } while (vout != 0);
    while (n > 0)
        *out++ = reversed[--n];
    *out = '\0';
}

gasp_err gasp_outpoint_from_text(gasp_outpoint *out, const char *text)
{
    gasp_outpoint read = {0};
    size_t len = strlen(text);
    gasp_err err = hash_from_text(read.txid.b, text, len < 64 ? len : 64);
    if (err != GASP_OK)
        return err;
    const char *at = text + 64;
    if ((*at != '.' && *at != '_' && *at != ':') || at[1] == '\0' || (at[1] == '0' && at[2] != '\0'))
        return GASP_ERR_TEXT_OUTPOINT;
    uint64_t vout = 0;
    for (at++; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return GASP_ERR_TEXT_OUTPOINT;
        vout = vout * 10 + (uint64_t)(*at - '0');
        if (vout > UINT32_MAX)
            return GASP_ERR_TEXT_OUTPOINT;
    }
    read.vout = (uint32_t)vout;
    *out = read;
    return GASP_OK;
}

static const struct {
    gasp_network network;
    const char *name;
} networks[] = {{GASP_NETWORK_MAIN, "main"}, {GASP_NETWORK_TEST, "test"}, {GASP_NETWORK_REGTEST, "regtest"}};

const char *gasp_network_name(gasp_network network)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        if (networks[i].network == network)
            return networks[i].name;
    return NULL;
}

gasp_err gasp_network_from_name(gasp_network *out, const char *name)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (strcmp(networks[i].name, name) == 0) {
            *out = networks[i].network;
            return GASP_OK;
        }
    }
    return GASP_ABSENT;
}

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *gasp_version(void)
{
    /* The build passes the numbers of gasp/version.h: enumerators have no text in the preprocessor. */
    return VERSION_TEXT(GASP_BUILD_MAJOR, GASP_BUILD_MINOR, GASP_BUILD_PATCH);
}
