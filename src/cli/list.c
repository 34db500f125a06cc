/* gasp list: the outputs of a wallet. Nothing here depends on when or from whom they came, so that two wallets with the
 * same set give the same bytes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { LABEL_MAX = 40 };

typedef struct listing {
    gasp_cli *cli;
    json_t *list;
    uint64_t spendable_sat;
} listing;

static void state_word(char *out, size_t cap, const gasp_output *output)
{
    if (output->unanchored)
        snprintf(out, cap, "unanchored");
    else if (output->anchor != NULL)
        snprintf(out, cap, "%" PRIu32, output->anchor->height);
    else
        snprintf(out, cap, "unproven");
}

/* ` name=value` for each entry that is not removed. */
static void print_labels(gasp_cli *cli, const gasp_output *output)
{
    for (size_t i = 0; i < output->n_entries; i++) {
        const gasp_entry *entry = &output->entries[i];
        if (entry->value.len == 0)
            continue;
        char *name = gasp_text_safe(entry->name, LABEL_MAX);
        char *value = gasp_text_safe(entry->value, LABEL_MAX);
        if (name != NULL && value != NULL)
            gasp_cli_out(cli, "  %s%s=%s%s", gasp_cli_style(cli, GASP_CYAN), name, value,
                         gasp_cli_style(cli, GASP_PLAIN));
        free(name);
        free(value);
    }
}

static json_t *output_json(const gasp_output *output)
{
    json_t *out = json_object();
    gasp_json_put(out, "outpoint", gasp_json_outpoint(&output->outpoint));
    gasp_json_put(out, "sat", json_integer((json_int_t)output->sat));
    gasp_json_put(out, "script", gasp_json_hex(output->script));
    gasp_json_put(out, "anchor", gasp_json_anchor(output->anchor));
    gasp_json_put(out, "state", gasp_json_hex((gasp_bytes){output->state.b, sizeof output->state.b}));
    gasp_json_put(out, "entries", gasp_json_entries(output->entries, output->n_entries));
    if (output->spent)
        gasp_json_put(out, "spender", gasp_json_hash(output->spender.b));
    if (output->unanchored)
        gasp_json_put(out, "unanchored", json_true());
    return out;
}

static gasp_err on_output(void *ctx, const gasp_output *output)
{
    listing *run = ctx;
    char outpoint[GASP_OUTPOINT_TEXT_MAX];
    char amount[GASP_AMOUNT_TEXT_MAX];
    char state[24];
    if (!output->spent && !output->unanchored)
        run->spendable_sat += output->sat;
    if (run->cli->json) {
        (void)json_array_append_new(run->list, output_json(output));
        return GASP_OK;
    }
    gasp_outpoint_to_text(outpoint, &output->outpoint);
    gasp_text_number(amount, output->sat);
    state_word(state, sizeof state, output);
    gasp_cli_out(run->cli, "%-68s %16s  %10s", outpoint, amount, state);
    if (output->spent)
        gasp_cli_out(run->cli, "  spent");
    print_labels(run->cli, output);
    gasp_cli_out(run->cli, "\n");
    return GASP_OK;
}

static void sum_up(gasp_cli *cli, const gasp_set_summary *summary, uint64_t sat)
{
    char amount[GASP_AMOUNT_TEXT_MAX];
    char bsv[GASP_AMOUNT_TEXT_MAX];
    char digest[33];
    gasp_text_number(amount, sat);
    gasp_text_bsv(bsv, sat);
    gasp_hex_encode(digest, summary->fingerprint, sizeof summary->fingerprint);
    gasp_json_put(cli->answer, "sat", json_integer((json_int_t)sat));
    gasp_json_put(cli->answer, "count", json_integer((json_int_t)summary->count));
    gasp_json_put(cli->answer, "digest", json_string(digest));
    gasp_cli_out(cli, "%s sat (%s)\n%" PRIu64 " %s, digest %s\n", amount, bsv, summary->count,
                 summary->count == 1 ? "output" : "outputs", digest);
}

int gasp_cmd_list(gasp_cli *cli)
{
    static const gasp_collection everything = {{0}};
    gasp_opened opened = {0};
    gasp_set_summary summary = {0};
    listing run = {.cli = cli, .list = json_array()};
    gasp_json_put(cli->answer, "outputs", run.list);
    int code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE) {
        gasp_err err =
            gasp_wallet_outputs(opened.wallet, &everything, NULL, gasp_cli_has(cli, GASP_OPT_SPENT), on_output, &run);
        if (err == GASP_OK)
            err = gasp_wallet_summary(opened.wallet, &summary, &everything);
        if (err != GASP_OK)
            code = gasp_cli_wallet_error(cli, &opened, err, opened.dir);
    }
    if (code == GASP_EXIT_DONE)
        sum_up(cli, &summary, run.spendable_sat);
    gasp_cli_close(&opened);
    return code;
}
