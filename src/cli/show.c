/* gasp show: all that is held about a transaction, or about one of its outputs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"

enum { VALUE_MAX = 200 };

typedef struct showing {
    gasp_cli *cli;
    const gasp_what *what;
    json_t *list;
    bool found;
} showing;

static void say_entries(gasp_cli *cli, const gasp_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char of[24] = "";
        char *name = gasp_text_safe(entries[i].name, VALUE_MAX);
        char *value = entries[i].value.len > 0 ? gasp_text_safe(entries[i].value, VALUE_MAX) : NULL;
        if (entries[i].of_output)
            snprintf(of, sizeof of, " of output %" PRIu32, entries[i].vout);
        gasp_cli_out(cli, "entry%s  %s%s%s\n", of, name != NULL ? name : "", value != NULL ? "=" : " (removed)",
                     value != NULL ? value : "");
        free(name);
        free(value);
    }
}

static void say_output(gasp_cli *cli, const gasp_output *output)
{
    char outpoint[GASP_OUTPOINT_TEXT_MAX];
    char amount[GASP_AMOUNT_TEXT_MAX];
    char bsv[GASP_AMOUNT_TEXT_MAX];
    char state[65];
    gasp_outpoint_to_text(outpoint, &output->outpoint);
    gasp_text_number(amount, output->sat);
    gasp_text_bsv(bsv, output->sat);
    gasp_hex_encode(state, output->state.b, sizeof output->state.b);
    gasp_cli_out(cli, "ours   %s  %s sat (%s)%s\n  state  %s\n", outpoint, amount, bsv,
                 output->unanchored ? ", its block left the best chain" : "", state);
    if (output->spent) {
        char spender[GASP_HASH_TEXT_MAX];
        gasp_txid_to_text(spender, &output->spender);
        gasp_cli_out(cli, "  spent by  %s\n", spender);
    }
}

static gasp_err on_output(void *ctx, const gasp_output *output)
{
    showing *run = ctx;
    json_t *row = json_object();
    if (run->what->is_outpoint && output->outpoint.vout != run->what->outpoint.vout) {
        json_decref(row);
        return GASP_OK;
    }
    run->found = true;
    gasp_json_put(row, "outpoint", gasp_json_outpoint(&output->outpoint));
    gasp_json_put(row, "sat", json_integer((json_int_t)output->sat));
    gasp_json_put(row, "script", gasp_json_hex(output->script));
    gasp_json_put(row, "state", gasp_json_hex((gasp_bytes){output->state.b, sizeof output->state.b}));
    gasp_json_put(row, "spender", output->spent ? gasp_json_hash(output->spender.b) : json_null());
    gasp_json_put(row, "unanchored", json_boolean(output->unanchored));
    gasp_json_put(row, "entries", gasp_json_entries(output->entries, output->n_entries));
    (void)json_array_append_new(run->list, row);
    say_output(run->cli, output);
    return GASP_OK;
}

static void show_held(gasp_cli *cli, const gasp_held *held)
{
    char arrived[GASP_TIME_TEXT_MAX];
    gasp_text_time(arrived, held->arrived_ms / 1000);
    gasp_json_put(cli->answer, "anchor", gasp_json_anchor(held->anchor));
    gasp_json_put(cli->answer, "arrived_ms", json_integer((json_int_t)held->arrived_ms));
    gasp_json_put(cli->answer, "raw", gasp_json_hex(held->raw));
    if (held->bump.len > 0)
        gasp_json_put(cli->answer, "bump", gasp_json_hex(held->bump));
    gasp_json_put(cli->answer, "entries", gasp_json_entries(held->entries, held->n_entries));
    if (held->anchor != NULL) {
        char block[GASP_HASH_TEXT_MAX];
        gasp_block_hash_to_text(block, &held->anchor->block);
        gasp_cli_out(cli, "proven at height %" PRIu32 ", transaction %" PRIu64 " of block %s\n", held->anchor->height,
                     held->anchor->index, block);
    } else
        gasp_cli_out(cli, "unproven\n");
    gasp_cli_out(cli, "here since %s UTC\n", arrived);
    say_entries(cli, held->entries, held->n_entries);
}

static int show(gasp_cli *cli, const gasp_opened *opened, const gasp_what *what)
{
    gasp_held held = {0};
    gasp_tx *tx = NULL;
    showing run = {cli, what, json_array(), false};
    gasp_json_put(cli->answer, "ours", run.list);
    gasp_err err = gasp_wallet_transaction(opened->wallet, &held, &what->outpoint.txid);
    if (err == GASP_ABSENT)
        return gasp_cli_error(cli, err, cli->operand[1], "no such transaction in this wallet");
    if (err == GASP_OK)
        err = gasp_tx_decode(&tx, held.raw, NULL, NULL);
    if (err == GASP_OK && what->is_outpoint && what->outpoint.vout >= gasp_tx_out_count(tx)) {
        gasp_tx_free(tx);
        gasp_held_clear(&held);
        return gasp_cli_error(cli, GASP_ABSENT, cli->operand[1], "the transaction has no such output");
    }
    if (err == GASP_OK) {
        gasp_tx_json(cli->answer, tx);
        gasp_tx_say(cli, tx, "");
        show_held(cli, &held);
        err = gasp_cli_outputs_of(opened->wallet, &what->outpoint.txid, on_output, &run);
    }
    gasp_tx_free(tx);
    gasp_held_clear(&held);
    if (err == GASP_OK && what->is_outpoint && !run.found)
        gasp_cli_out(cli, "the output is not ours\n");
    return err == GASP_OK ? GASP_EXIT_DONE : gasp_cli_wallet_error(cli, opened, err, cli->operand[1]);
}

int gasp_cmd_show(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_what what;
    int code = gasp_cli_what(cli, &what, cli->operand[1]);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE)
        code = show(cli, &opened, &what);
    gasp_cli_close(&opened);
    return code;
}
