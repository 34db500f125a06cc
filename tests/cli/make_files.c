/* make_files DIR: files for the tests of the command that need what no real chain gives: conflicts, proofs that come later,
 * blocks that another one replaces. All for regtest, the keys are those of lib/keys.h:
 *
 *     10.header  11.header  11-other.header  12.header    hex; blocks at these heights, to be trusted
 *     fund.beef         40 outputs of 1,000, proven at 10
 *     a.tx b.tx         two that spend fund.0;  a2.tx spends a.0;  c.tx spends fund.1;  bad.tx spends fund.2 with a wrong
 *                       signature (c.tx and a.tx have two outputs)
 *     stranger.beef     proven at 10, and has nothing to do with the others
 *     a.bump a.json     a is in 11.header;  root.bump: in another block there;  later.bump: in 12.header
 *     ids               a line for each: name, txid */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gasp/json.h"
#include "wallet/made.h"

static const char *folder;
static FILE *ids;

static void put(const char *name, gasp_bytes bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, out), bytes.len);
    assert_int_equal(fclose(out), 0);
}

static void put_id(const char *name, const gasp_txid *txid)
{
    char text[GASP_HASH_TEXT_MAX];
    gasp_txid_to_text(text, txid);
    fprintf(ids, "%s %s\n", name, text);
}

/* A block with these; its header goes into a file of that name. */
static gasp_bump *block(const char *name, uint32_t height, const gasp_txid *txids, size_t n)
{
    uint8_t raw[80];
    char hex[161];
    char path[64];
    gasp_bump *bump = made_block(raw, height, txids, n);
    gasp_hex_encode(hex, raw, sizeof raw);
    snprintf(path, sizeof path, "%s.header", name);
    put(path, (gasp_bytes){(const uint8_t *)hex, 160});
    return bump;
}

static void put_bump(const char *name, const gasp_bump *bump)
{
    uint8_t bytes[4096];
    char text[8192];
    size_t len;
    char path[64];
    assert_err(gasp_bump_encode(bump, bytes, sizeof bytes, &len), GASP_OK);
    snprintf(path, sizeof path, "%s.bump", name);
    put(path, (gasp_bytes){bytes, len});
    assert_err(gasp_bump_to_json(bump, text, sizeof text, &len), GASP_OK);
    snprintf(path, sizeof path, "%s.json", name);
    put(path, (gasp_bytes){(const uint8_t *)text, len - 1});
}

static void put_beef(const char *name, gasp_bytes raw, const gasp_bump *bump)
{
    gasp_beef *beef = made_beef();
    made_beef_add(beef, raw, bump);
    gasp_bytes bytes = made_beef_end(beef);
    put(name, bytes);
    test_release(bytes);
}

static gasp_txid spend(const char *name, const gasp_txid *txid, uint32_t vout, uint64_t sat, uint32_t salt)
{
    char path[64];
    gasp_txid its;
    const gasp_outpoint prev = {*txid, vout};
    gasp_bytes raw = made_spend(&its, &prev, 1, sat, 2, salt);
    snprintf(path, sizeof path, "%s.tx", name);
    put(path, raw);
    put_id(name, &its);
    if (strcmp(name, "bad") == 0) {
        uint8_t *copy = malloc(raw.len);
        assert_non_null(copy);
        memcpy(copy, raw.data, raw.len);
        copy[70] ^= 1; /* inside the signature */
        put(path, (gasp_bytes){copy, raw.len});
        free(copy);
    }
    test_release(raw);
    return its;
}

int main(int argc, char **argv)
{
    char path[4096];
    gasp_txid funds[2];
    if (argc != 2)
        return 2;
    folder = argv[1];
    snprintf(path, sizeof path, "%s/ids", folder);
    ids = fopen(path, "w");
    assert_non_null(ids);
    gasp_bytes fund = made_fund(&funds[0], 40, 1000, 1);
    gasp_bytes stranger = made_fund(&funds[1], 1, 5000, 2);
    gasp_bump *ten = block("10", 10, funds, 2);
    put_beef("fund.beef", fund, ten);
    put_beef("stranger.beef", stranger, ten);
    put_id("fund", &funds[0]);
    put_id("stranger", &funds[1]);
    gasp_txid a = spend("a", &funds[0], 0, 1000, 1);
    (void)spend("b", &funds[0], 0, 1000, 2);
    (void)spend("a2", &a, 0, 500, 3);
    (void)spend("c", &funds[0], 1, 1000, 4);
    (void)spend("bad", &funds[0], 2, 1000, 5);
    const gasp_txid both[2] = {a, funds[1]};
    gasp_bump *eleven = block("11", 11, &a, 1);
    gasp_bump *other = block("11-other", 11, both, 2);
    gasp_bump *twelve = block("12", 12, &a, 1);
    put_bump("a", eleven);
    put_bump("root", other);
    put_bump("later", twelve);
    gasp_bump_free(ten);
    gasp_bump_free(eleven);
    gasp_bump_free(other);
    gasp_bump_free(twelve);
    test_release(fund);
    test_release(stranger);
    return fclose(ids) == 0 ? 0 : 1;
}
