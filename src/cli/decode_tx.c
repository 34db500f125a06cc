/* A transaction as text and JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"

static json_t *input_json(const gasp_txin *in)
{
    json_t *out = json_object();
    gasp_json_put(out, "outpoint", gasp_json_outpoint(&in->prev));
    gasp_json_put(out, "script", gasp_json_hex(in->script));
    gasp_json_put(out, "sequence", json_integer(in->sequence));
    if (in->has_source) {
        gasp_json_put(out, "source_sat", json_integer((json_int_t)in->source_sat));
        gasp_json_put(out, "source_script", gasp_json_hex(in->source_script));
    }
    return out;
}

void gasp_tx_json(json_t *out, const gasp_tx *tx)
{
    json_t *inputs = json_array();
    json_t *outputs = json_array();
    gasp_txid txid = gasp_tx_txid(tx);
    gasp_json_put(out, "txid", gasp_json_hash(txid.b));
    gasp_json_put(out, "version", json_integer(gasp_tx_version(tx)));
    gasp_json_put(out, "locktime", json_integer(gasp_tx_locktime(tx)));
    gasp_json_put(out, "bytes", json_integer((json_int_t)gasp_tx_raw(tx).len));
    gasp_json_put(out, "extended", json_boolean(gasp_tx_extended(tx)));
    for (size_t i = 0; i < gasp_tx_in_count(tx); i++)
        (void)json_array_append_new(inputs, input_json(gasp_tx_in(tx, i)));
    for (size_t i = 0; i < gasp_tx_out_count(tx); i++) {
        const gasp_txout *output = gasp_tx_out(tx, i);
        json_t *row = json_object();
        gasp_json_put(row, "sat", json_integer((json_int_t)output->sat));
        gasp_json_put(row, "script", gasp_json_hex(output->script));
        (void)json_array_append_new(outputs, row);
    }
    gasp_json_put(out, "inputs", inputs);
    gasp_json_put(out, "outputs", outputs);
}

static void say_input(gasp_cli *cli, const gasp_txin *in, size_t i, const char *indent)
{
    static const gasp_txid none = {{0}};
    char outpoint[GASP_OUTPOINT_TEXT_MAX];
    gasp_outpoint_to_text(outpoint, &in->prev);
    if (memcmp(&in->prev.txid, &none, sizeof none) == 0 && in->prev.vout == UINT32_MAX)
        snprintf(outpoint, sizeof outpoint, "coinbase");
    gasp_cli_out(cli, "%s  in %-4zu %s", indent, i, outpoint);
    if (in->has_source) {
        char amount[GASP_AMOUNT_TEXT_MAX];
        gasp_text_number(amount, in->source_sat);
        gasp_cli_out(cli, "  %s sat", amount);
    }
    if (in->sequence != UINT32_MAX)
        gasp_cli_out(cli, "  sequence %08" PRIx32, in->sequence);
    gasp_cli_out(cli, "\n");
}

void gasp_tx_say(gasp_cli *cli, const gasp_tx *tx, const char *indent)
{
    char text[GASP_HASH_TEXT_MAX];
    char amount[GASP_AMOUNT_TEXT_MAX];
    char script[GASP_AMOUNT_TEXT_MAX * 3];
    gasp_txid txid = gasp_tx_txid(tx);
    if (cli->json)
        return;
    gasp_txid_to_text(text, &txid);
    gasp_cli_out(cli, "%stransaction %s%s%s%s\n", indent, gasp_cli_style(cli, GASP_BOLD), text,
                 gasp_cli_style(cli, GASP_PLAIN), gasp_tx_extended(tx) ? ", extended form" : "");
    gasp_cli_out(cli, "%s  version %" PRIu32 ", locktime %" PRIu32 ", %zu bytes\n", indent, gasp_tx_version(tx),
                 gasp_tx_locktime(tx), gasp_tx_raw(tx).len);
    for (size_t i = 0; i < gasp_tx_in_count(tx); i++)
        say_input(cli, gasp_tx_in(tx, i), i, indent);
    for (size_t i = 0; i < gasp_tx_out_count(tx); i++) {
        const gasp_txout *output = gasp_tx_out(tx, i);
        gasp_text_number(amount, output->sat);
        gasp_text_script(script, output->script);
        gasp_cli_out(cli, "%s  out %-3zu %16s  %s\n", indent, i, amount, script);
    }
}

void gasp_decode_tx(gasp_cli *cli, gasp_decoded *out, const gasp_input *input)
{
    gasp_tx *tx = NULL;
    gasp_fault value = {0};
    char place[GASP_PLACE_MAX];
    out->err = gasp_tx_decode(&tx, input->bytes, NULL, &out->fault);
    if (out->err != GASP_OK)
        return;
    gasp_json_put(cli->answer, "format", json_string("tx"));
    gasp_tx_json(cli->answer, tx);
    gasp_tx_say(cli, tx, "");
    gasp_err err = gasp_tx_check(tx, &value);
    if (err != GASP_OK) {
        gasp_input_place(place, input, &value, GASP_COUNTED_NOTHING);
        out->code = gasp_cli_error(cli, err, place, NULL);
    }
    gasp_tx_free(tx);
}
