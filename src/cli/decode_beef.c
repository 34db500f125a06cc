/* A BEEF and a BUMP as text and JSON. What a BEEF holds is shown also when it must not be believed; the finding of
 * gasp_beef_check comes last and decides the exit code. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"
#include "gasp/json.h"

json_t *gasp_bump_json_form(const gasp_bump *bump)
{
    size_t len = 0;
    json_t *out = NULL;
    if (gasp_bump_to_json(bump, NULL, 0, &len) != GASP_OK)
        return NULL;
    char *text = malloc(len);
    if (text != NULL && gasp_bump_to_json(bump, text, len, &len) == GASP_OK)
        out = json_loads(text, 0, NULL);
    free(text);
    return out;
}

/* Visits the hashes of level 0: those that the path was made for, or all when none is marked. */
static bool wanted(const gasp_bump_leaf *leaf, bool marked)
{
    return leaf->flags == GASP_BUMP_TXID || (!marked && leaf->flags != GASP_BUMP_DUPLICATE);
}

static bool is_marked(const gasp_bump *bump)
{
    for (size_t i = 0; i < gasp_bump_leaf_count(bump, 0); i++)
        if (gasp_bump_leaf_at(bump, 0, i)->flags == GASP_BUMP_TXID)
            return true;
    return false;
}

void gasp_bump_json(json_t *out, const gasp_bump *bump)
{
    json_t *list = json_array();
    gasp_merkle_root root = gasp_bump_root(bump);
    bool marked = is_marked(bump);
    for (size_t i = 0; i < gasp_bump_leaf_count(bump, 0); i++) {
        const gasp_bump_leaf *leaf = gasp_bump_leaf_at(bump, 0, i);
        if (!wanted(leaf, marked))
            continue;
        json_t *row = json_object();
        gasp_json_put(row, "index", json_integer((json_int_t)leaf->offset));
        gasp_json_put(row, "txid", gasp_json_hash(leaf->hash));
        (void)json_array_append_new(list, row);
    }
    gasp_json_put(out, "height", json_integer(gasp_bump_height(bump)));
    gasp_json_put(out, "root", gasp_json_hash(root.b));
    gasp_json_put(out, "levels", json_integer((json_int_t)gasp_bump_levels(bump)));
    gasp_json_put(out, "transactions", list);
}

static void say_bump(gasp_cli *cli, const gasp_bump *bump, const char *what)
{
    char root[GASP_HASH_TEXT_MAX];
    gasp_merkle_root value = gasp_bump_root(bump);
    bool marked = is_marked(bump);
    gasp_merkle_root_to_text(root, &value);
    gasp_cli_out(cli, "%s height %" PRIu32 ", levels %zu, root %s\n", what, gasp_bump_height(bump),
                 gasp_bump_levels(bump), root);
    for (size_t i = 0; i < gasp_bump_leaf_count(bump, 0); i++) {
        const gasp_bump_leaf *leaf = gasp_bump_leaf_at(bump, 0, i);
        char *hash = wanted(leaf, marked) ? gasp_text_hash(leaf->hash) : NULL;
        if (hash != NULL)
            gasp_cli_out(cli, "  %10" PRIu64 "  %s\n", leaf->offset, hash);
        free(hash);
    }
}

static void show_bump(gasp_cli *cli, const gasp_bump *bump)
{
    gasp_json_put(cli->answer, "format", json_string("bump"));
    gasp_bump_json(cli->answer, bump);
    json_t *form = gasp_bump_json_form(bump);
    if (form != NULL)
        gasp_json_put(cli->answer, "path", json_incref(json_object_get(form, "path")));
    json_decref(form);
    say_bump(cli, bump, "BUMP:");
}

void gasp_decode_bump(gasp_cli *cli, gasp_decoded *out, const gasp_input *input)
{
    gasp_bump *bump = NULL;
    out->err = gasp_bump_decode(&bump, input->bytes, NULL, &out->fault);
    if (out->err == GASP_OK)
        show_bump(cli, bump);
    gasp_bump_free(bump);
}

void gasp_decode_bump_json(gasp_cli *cli, gasp_decoded *out, const gasp_input *input)
{
    gasp_bump *bump = NULL;
    out->err = gasp_bump_from_json(&bump, (const char *)input->bytes.data, input->bytes.len, NULL, &out->fault);
    if (out->err == GASP_OK)
        show_bump(cli, bump);
    gasp_bump_free(bump);
}

static void show_item(gasp_cli *cli, const gasp_beef_item *item, json_t *list)
{
    static const char *const formats[] = {"raw", "proven", "txid"};
    json_t *row = json_object();
    gasp_json_put(row, "format", json_string(formats[item->format]));
    gasp_json_put(row, "txid", gasp_json_hash(item->txid.b));
    if (item->bump != GASP_BEEF_NO_BUMP)
        gasp_json_put(row, "bump", json_integer((json_int_t)item->bump));
    if (item->tx != NULL) {
        gasp_tx_json(row, item->tx);
        gasp_tx_say(cli, item->tx, "");
        if (item->bump != GASP_BEEF_NO_BUMP)
            gasp_cli_out(cli, "  proven by BUMP %zu\n", item->bump);
    } else {
        char *txid = gasp_text_hash(item->txid.b);
        gasp_cli_out(cli, "transaction %s, named by txid only\n", txid != NULL ? txid : "");
        free(txid);
    }
    (void)json_array_append_new(list, row);
}

static void show_beef(gasp_cli *cli, const gasp_beef *beef)
{
    gasp_txid subject;
    gasp_beef_item item;
    json_t *bumps = json_array();
    json_t *txs = json_array();
    bool atomic = gasp_beef_subject(beef, &subject) == GASP_OK;
    gasp_json_put(cli->answer, "format", json_string("beef"));
    gasp_json_put(cli->answer, "version", json_integer(gasp_beef_version(beef)));
    gasp_cli_out(cli, "BEEF V%u%s: BUMPs %zu, transactions %zu\n", gasp_beef_version(beef), atomic ? ", atomic" : "",
                 gasp_beef_bump_count(beef), gasp_beef_tx_count(beef));
    if (atomic) {
        char *text = gasp_text_hash(subject.b);
        gasp_cli_out(cli, "subject %s\n", text != NULL ? text : "");
        gasp_json_put(cli->answer, "subject", json_string(text));
        free(text);
    }
    for (size_t i = 0; i < gasp_beef_bump_count(beef); i++) {
        char what[32];
        json_t *row = json_object();
        snprintf(what, sizeof what, "BUMP %zu:", i);
        gasp_bump_json(row, gasp_beef_bump(beef, i));
        say_bump(cli, gasp_beef_bump(beef, i), what);
        (void)json_array_append_new(bumps, row);
    }
    for (size_t i = 0; gasp_beef_tx(beef, i, &item) == GASP_OK; i++)
        show_item(cli, &item, txs);
    gasp_json_put(cli->answer, "bumps", bumps);
    gasp_json_put(cli->answer, "transactions", txs);
}

void gasp_decode_beef(gasp_cli *cli, gasp_decoded *out, const gasp_input *input)
{
    gasp_beef *beef = NULL;
    gasp_fault finding = {0};
    char place[GASP_PLACE_MAX];
    out->err = gasp_beef_decode(&beef, input->bytes, NULL, &out->fault);
    if (out->err != GASP_OK)
        return;
    show_beef(cli, beef);
    gasp_err err = gasp_beef_check(beef, &finding);
    if (err != GASP_OK) {
        gasp_input_place(place, input, &finding, GASP_COUNTED_TX);
        out->code = gasp_cli_error(cli, err, place, NULL);
        if (gasp_err_class(err) == GASP_CLASS_DECODE) /* it was read; what it says does not hold */
            out->code = GASP_EXIT_INVALID;
    }
    gasp_beef_free(beef);
}
