/* Text forms: display order, outpoints as peers write them, networks, the version. */
#include <stdio.h>
#include <string.h>

#include "gasp/types.h"
#include "gasp/version.h"
#include "lib/data.h"

/* Block 170's payment and the genesis block, as every explorer shows them. */
static const char payment[] = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16";

static void txid_text_is_reversed(void **state)
{
    (void)state;
    gasp_txid txid;
    char text[GASP_HASH_TEXT_MAX];
    assert_err(gasp_txid_from_text(&txid, payment), GASP_OK);
    assert_int_equal(txid.b[0], 0x16);
    assert_int_equal(txid.b[31], 0xf4);
    gasp_txid_to_text(text, &txid);
    assert_string_equal(text, payment);
    assert_err(gasp_txid_from_text(&txid, payment + 1), GASP_ERR_TEXT_HEX);
    assert_err(gasp_txid_from_text(&txid, ""), GASP_ERR_TEXT_HEX);
}

static void outpoint_text(void **state)
{
    (void)state;
    static const struct {
        const char *tail;
        gasp_err err;
        uint32_t vout;
    } rows[] = {
        {".0", GASP_OK, 0},
        {".4294967295", GASP_OK, UINT32_MAX},
        {"_7", GASP_OK, 7},
        {":10", GASP_OK, 10},
        {".4294967296", GASP_ERR_TEXT_OUTPOINT, 0},
        {".01", GASP_ERR_TEXT_OUTPOINT, 0},
        {".", GASP_ERR_TEXT_OUTPOINT, 0},
        {"", GASP_ERR_TEXT_OUTPOINT, 0},
        {".1x", GASP_ERR_TEXT_OUTPOINT, 0},
        {"/1", GASP_ERR_TEXT_OUTPOINT, 0},
        {".-1", GASP_ERR_TEXT_OUTPOINT, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];
        char back[GASP_OUTPOINT_TEXT_MAX];
        gasp_outpoint outpoint;
        strcpy(text, payment);
        strcat(text, rows[i].tail);
        assert_err(gasp_outpoint_from_text(&outpoint, text), rows[i].err);
        if (rows[i].err != GASP_OK)
            continue;
        assert_int_equal(outpoint.vout, rows[i].vout);
        gasp_outpoint_to_text(back, &outpoint);
        text[64] = '.';
        assert_string_equal(back, text);
    }
    gasp_outpoint outpoint;
    assert_err(gasp_outpoint_from_text(&outpoint, "f418.0"), GASP_ERR_TEXT_HEX);
}

static void networks(void **state)
{
    (void)state;
    gasp_network network;
    assert_err(gasp_network_from_name(&network, "regtest"), GASP_OK);
    assert_string_equal(gasp_network_name(network), "regtest");
    assert_err(gasp_network_from_name(&network, "moon"), GASP_ABSENT);
    assert_null(gasp_network_name((gasp_network)0));
}

static void version_is_the_headers(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", GASP_VERSION_MAJOR, GASP_VERSION_MINOR, GASP_VERSION_PATCH);
    assert_string_equal(gasp_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(txid_text_is_reversed),
        cmocka_unit_test(outpoint_text),
        cmocka_unit_test(networks),
        cmocka_unit_test(version_is_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
