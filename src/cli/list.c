/* gasp list: the outputs of a wallet, all or some of them, or a page of them. The plain listing shows nothing that depends
 * on when or from whom they came, so that two wallets with the same set give the same bytes; what is only ours to know
 * (conflicts, refusals) is shown where it is asked for. */
#include "cli/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 40 };

typedef struct listing {
    gasp_cli *cli;
    json_t *list;
    gasp_list_filter filter;
    uint64_t sat;
    uint64_t n;
    gasp_outpoint last;
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

static json_t *output_json(const listing *run, const gasp_output *output)
{
    json_t *out = json_object();
    gasp_json_put(out, "outpoint", gasp_json_outpoint(&output->outpoint));
    gasp_json_put(out, "sat", json_integer((json_int_t)output->sat));
    gasp_json_put(out, "script", gasp_json_hex(output->script));
    gasp_json_put(out, "anchor", gasp_json_anchor(output->anchor));
    gasp_json_put(out, "state", gasp_json_hex((gasp_bytes){output->state.b, sizeof output->state.b}));
    gasp_json_put(out, "entries", gasp_json_entries(output->entries, output->n_entries));
    if (output->spent) {
        json_t *spenders = json_array();
        for (size_t i = 0; i < output->n_spenders; i++)
            (void)json_array_append_new(spenders, gasp_json_hash(output->spenders[i].b));
        gasp_json_put(out, "spender", gasp_json_hash(output->spender.b));
        gasp_json_put(out, "spenders", spenders);
    }
    if (output->unanchored)
        gasp_json_put(out, "unanchored", json_true());
    if (run->filter == GASP_LIST_CONFLICTS)
        gasp_json_put(out, "contested", json_boolean(output->contested));
    return out;
}

static void print_spenders(gasp_cli *cli, const gasp_output *output)
{
    char txid[GASP_HASH_TEXT_MAX];
    for (size_t i = 0; i < output->n_spenders; i++) {
        gasp_txid_to_text(txid, &output->spenders[i]);
        gasp_cli_out(cli, "    spent by %s\n", txid);
    }
}

static gasp_err on_output(void *ctx, const gasp_output *output)
{
    listing *run = ctx;
    char outpoint[GASP_OUTPOINT_TEXT_MAX];
    char amount[GASP_AMOUNT_TEXT_MAX];
    char state[24];
    run->n++;
    run->last = output->outpoint;
    if (!output->unanchored && !(output->spent && run->filter == GASP_LIST_ALL))
        run->sat += output->sat;
    if (run->cli->json) {
        (void)json_array_append_new(run->list, output_json(run, output));
        return GASP_OK;
    }
    gasp_outpoint_to_text(outpoint, &output->outpoint);
    gasp_text_number(amount, output->sat);
    state_word(state, sizeof state, output);
    gasp_cli_out(run->cli, "%-68s %16s  %10s", outpoint, amount, state);
    if (output->spent)
        gasp_cli_out(run->cli, "  spent");
    if (run->filter == GASP_LIST_CONFLICTS && output->contested)
        gasp_cli_out(run->cli, "  contested");
    print_labels(run->cli, output);
    gasp_cli_out(run->cli, "\n");
    if (run->filter == GASP_LIST_CONFLICTS || run->filter == GASP_LIST_SPENT)
        print_spenders(run->cli, output);
    return GASP_OK;
}

/* ---- what is asked for --------------------------------------------------------------------------------------------- */

static const struct {
    gasp_opt option;
    gasp_list_filter filter;
} filters[] = {
    {GASP_OPT_ALL, GASP_LIST_ALL},
    {GASP_OPT_UNPROVEN, GASP_LIST_UNPROVEN},
    {GASP_OPT_SPENT, GASP_LIST_SPENT},
    {GASP_OPT_CONFLICTS, GASP_LIST_CONFLICTS},
};

/* The one filter that was given; --refused lists something else, and knows no labels. */
static int read_filter(gasp_cli *cli, gasp_list_config *config)
{
    size_t given = 0;
    bool refused = gasp_cli_has(cli, GASP_OPT_REFUSED);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (!gasp_cli_has(cli, filters[i].option))
            continue;
        config->filter = filters[i].filter;
        given++;
    }
    if (given + refused > 1)
        return gasp_cli_usage(cli, "one of --all, --unproven, --spent, --conflicts and --refused, not several");
    if (refused && gasp_cli_has(cli, GASP_OPT_LABEL))
        return gasp_cli_usage(cli, "--refused: what was not taken has no labels here");
    return GASP_EXIT_DONE;
}

static int read_label(gasp_cli *cli, gasp_list_config *config, char name[GASP_ENTRY_NAME_MAX + 1])
{
    const char *text = cli->value[GASP_OPT_LABEL];
    size_t len = text != NULL ? strcspn(text, "=") : 0;
    if (text == NULL)
        return GASP_EXIT_DONE;
    if (len == 0 || len > GASP_ENTRY_NAME_MAX)
        return gasp_cli_usage(cli, "--label %.100s: it is KEY or KEY=VALUE, the key 1 to 255 bytes long", text);
    memcpy(name, text, len);
    name[len] = '\0';
    config->label = name;
    if (text[len] == '=') {
        config->value = (const uint8_t *)text + len + 1;
        config->value_len = strlen(text + len + 1);
    }
    return GASP_EXIT_DONE;
}

int gasp_list_page(gasp_cli *cli, gasp_outpoint *after, bool *has_after, uint64_t *limit)
{
    const char *text = cli->value[GASP_OPT_AFTER];
    *has_after = text != NULL;
    if (text != NULL && gasp_outpoint_from_text(after, text) != GASP_OK)
        return gasp_cli_usage(cli, "--after %.100s: it is an outpoint, TXID.VOUT", text);
    return gasp_cli_limit(cli, limit);
}

void gasp_list_more(gasp_cli *cli, bool more, const gasp_outpoint *last)
{
    char text[GASP_OUTPOINT_TEXT_MAX];
    gasp_json_put(cli->answer, "next", more ? gasp_json_outpoint(last) : json_null());
    if (!more)
        return;
    gasp_outpoint_to_text(text, last);
    gasp_cli_out(cli, "more: --after %s\n", text);
}

/* ---- the end of a listing ------------------------------------------------------------------------------------------ */

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

/* Of a part there is no digest. */
static void sum_up_part(const listing *run, bool more)
{
    char amount[GASP_AMOUNT_TEXT_MAX];
    char bsv[GASP_AMOUNT_TEXT_MAX];
    gasp_text_number(amount, run->sat);
    gasp_text_bsv(bsv, run->sat);
    gasp_json_put(run->cli->answer, "sat", json_integer((json_int_t)run->sat));
    gasp_json_put(run->cli->answer, "count", json_integer((json_int_t)run->n));
    gasp_cli_out(run->cli, "%s sat (%s)\n%" PRIu64 " %s listed\n", amount, bsv, run->n,
                 run->n == 1 ? "output" : "outputs");
    gasp_list_more(run->cli, more, &run->last);
}

static int list(gasp_cli *cli, const gasp_opened *opened, const gasp_list_config *config, bool whole)
{
    gasp_set_summary summary = {0};
    bool more = false;
    listing run = {.cli = cli, .list = json_array(), .filter = config->filter};
    gasp_json_put(cli->answer, "outputs", run.list);
    gasp_err err = gasp_wallet_list(opened->wallet, config, &more, on_output, &run);
    if (err == GASP_ERR_ENTRY_KEY)
        return gasp_cli_usage(cli, "--label %.100s: %s", cli->value[GASP_OPT_LABEL], gasp_err_text(err));
    if (err == GASP_OK && whole)
        err = gasp_wallet_summary(opened->wallet, &summary, &config->collection);
    if (err != GASP_OK)
        return gasp_cli_wallet_error(cli, opened, err, opened->dir);
    if (whole)
        sum_up(cli, &summary, run.sat);
    else
        sum_up_part(&run, more);
    return GASP_EXIT_DONE;
}

int gasp_cmd_list(gasp_cli *cli)
{
    gasp_opened opened = {0};
    gasp_list_config config;
    gasp_outpoint after;
    char name[GASP_ENTRY_NAME_MAX + 1];
    uint64_t limit = UINT64_MAX;
    bool has_after = false;
    gasp_list_config_init(&config);
    int code = read_filter(cli, &config);
    if (code == GASP_EXIT_DONE)
        code = read_label(cli, &config, name);
    if (code == GASP_EXIT_DONE)
        code = gasp_list_page(cli, &after, &has_after, &limit);
    if (code == GASP_EXIT_DONE)
        code = gasp_cli_open(cli, &opened, NULL);
    if (code == GASP_EXIT_DONE && gasp_cli_has(cli, GASP_OPT_REFUSED)) {
        code = gasp_list_refused(cli, &opened, has_after ? &after : NULL, limit);
    } else if (code == GASP_EXIT_DONE) {
        bool whole = config.filter == GASP_LIST_UNSPENT && config.label == NULL && !has_after && limit == UINT64_MAX;
        config.after = has_after ? &after : NULL;
        config.limit = limit == UINT64_MAX ? 0 : limit;
        code = list(cli, &opened, &config, whole);
    }
    gasp_cli_close(&opened);
    return code;
}
