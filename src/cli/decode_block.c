/* Headers and blocks as text and JSON. A block's merkle root is computed and compared; of its transactions txid and sizes
 * are shown. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"

enum { HEADERS_SHOWN = 10 };

bool gasp_looks_like_headers(gasp_bytes bytes)
{
    if (bytes.len == 0 || bytes.len % GASP_HEADER_LEN != 0)
        return false;
    for (size_t at = GASP_HEADER_LEN; at < bytes.len; at += GASP_HEADER_LEN) {
        gasp_block_hash hash;
        gasp_header_hash(&hash, bytes.data + at - GASP_HEADER_LEN);
        if (memcmp(hash.b, bytes.data + at + 4, sizeof hash.b) != 0)
            return false;
    }
    return true;
}

static void header_json(json_t *out, const gasp_header *header, const gasp_block_hash *hash)
{
    char bits[9];
    snprintf(bits, sizeof bits, "%08" PRIx32, header->bits);
    gasp_json_put(out, "hash", gasp_json_hash(hash->b));
    gasp_json_put(out, "version", json_integer(header->version));
    gasp_json_put(out, "prev", gasp_json_hash(header->prev.b));
    gasp_json_put(out, "root", gasp_json_hash(header->root.b));
    gasp_json_put(out, "time", json_integer(header->time));
    gasp_json_put(out, "bits", json_string(bits));
    gasp_json_put(out, "nonce", json_integer(header->nonce));
}

static void say_header(gasp_cli *cli, const gasp_header *header, const gasp_block_hash *hash)
{
    char texts[3][GASP_HASH_TEXT_MAX];
    char time[GASP_TIME_TEXT_MAX];
    gasp_block_hash_to_text(texts[0], hash);
    gasp_block_hash_to_text(texts[1], &header->prev);
    gasp_merkle_root_to_text(texts[2], &header->root);
    gasp_text_time(time, header->time);
    gasp_cli_out(cli,
                 "header %s\n  after   %s\n  root    %s\n  time    %s UTC, version %08" PRIx32 ", bits %08" PRIx32
                 ", nonce %08" PRIx32 "\n",
                 texts[0], texts[1], texts[2], time, header->version, header->bits, header->nonce);
}

static void show_header(gasp_cli *cli, gasp_bytes run, size_t i, size_t n, json_t *list)
{
    gasp_header header;
    gasp_block_hash hash;
    json_t *row = json_object();
    gasp_header_decode(&header, run.data + i * GASP_HEADER_LEN);
    gasp_header_hash(&hash, run.data + i * GASP_HEADER_LEN);
    header_json(row, &header, &hash);
    (void)json_array_append_new(list, row);
    if (n <= 2 * HEADERS_SHOWN || i < HEADERS_SHOWN || i >= n - HEADERS_SHOWN)
        say_header(cli, &header, &hash);
    else if (i == HEADERS_SHOWN)
        gasp_cli_out(cli, "... %zu more ...\n", n - 2 * HEADERS_SHOWN);
}

void gasp_decode_headers(gasp_cli *cli, gasp_decoded *out, const gasp_input *input)
{
    size_t n = 0;
    json_t *list = json_array();
    out->err = gasp_header_count(&n, input->bytes, &out->fault);
    if (out->err == GASP_OK && n == 0) {
        out->err = GASP_ERR_SHORT;
        out->fault = (gasp_fault){GASP_ERR_SHORT, 0, 0};
    }
    if (out->err == GASP_OK) {
        gasp_json_put(cli->answer, "format", json_string("headers"));
        for (size_t i = 0; i < n; i++)
            show_header(cli, input->bytes, i, n, list);
        gasp_cli_out(cli, "%zu %s\n", n, n == 1 ? "header" : "headers");
        gasp_json_put(cli->answer, "headers", json_incref(list));
    }
    json_decref(list);
}

/* What is collected of a block before anything is shown: it may turn out to be none. */
typedef struct block_rows {
    gasp_txid *txids;
    json_t *list;
    size_t n;
} block_rows;

static gasp_err read_rows(block_rows *rows, gasp_block *block, gasp_fault *fault)
{
    gasp_tx *tx = NULL;
    gasp_err err;
    rows->txids = calloc((size_t)block->n_tx + 1, sizeof *rows->txids);
    if (rows->txids == NULL)
        return GASP_ERR_NOMEM;
    while ((err = gasp_block_next(block, &tx, NULL, fault)) == GASP_OK) {
        uint64_t sat = 0;
        json_t *row = json_object();
        for (size_t i = 0; i < gasp_tx_out_count(tx); i++)
            sat += gasp_tx_out(tx, i)->sat;
        rows->txids[rows->n] = gasp_tx_txid(tx);
        gasp_json_put(row, "txid", gasp_json_hash(rows->txids[rows->n].b));
        gasp_json_put(row, "bytes", json_integer((json_int_t)gasp_tx_raw(tx).len));
        gasp_json_put(row, "inputs", json_integer((json_int_t)gasp_tx_in_count(tx)));
        gasp_json_put(row, "outputs", json_integer((json_int_t)gasp_tx_out_count(tx)));
        gasp_json_put(row, "sat", json_integer((json_int_t)sat));
        (void)json_array_append_new(rows->list, row);
        rows->n++;
        gasp_tx_free(tx);
    }
    return err == GASP_DONE ? GASP_OK : err;
}

static void say_rows(gasp_cli *cli, const block_rows *rows)
{
    char amount[GASP_AMOUNT_TEXT_MAX];
    for (size_t i = 0; i < rows->n && !cli->json; i++) {
        const json_t *row = json_array_get(rows->list, i);
        gasp_text_number(amount, (uint64_t)json_integer_value(json_object_get(row, "sat")));
        gasp_cli_out(cli, "%7zu  %s %8lld bytes %5lld in %5lld out %20s sat\n", i,
                     json_string_value(json_object_get(row, "txid")),
                     (long long)json_integer_value(json_object_get(row, "bytes")),
                     (long long)json_integer_value(json_object_get(row, "inputs")),
                     (long long)json_integer_value(json_object_get(row, "outputs")), amount);
    }
}

/* Whether the transactions give the header's root; only a block with transactions can. */
static gasp_err check_root(const gasp_block *block, const block_rows *rows)
{
    gasp_bump *bump = NULL;
    const size_t first = 0;
    if (rows->n == 0)
        return GASP_ERR_PROOF_ROOT;
    gasp_err err = gasp_bump_from_block(&bump, 0, rows->txids, rows->n, &first, 1, NULL);
    if (err == GASP_OK) {
        gasp_merkle_root root = gasp_bump_root(bump);
        err = memcmp(&root, &block->header.root, sizeof root) == 0 ? GASP_OK : GASP_ERR_PROOF_ROOT;
    }
    gasp_bump_free(bump);
    return err;
}

static void show_block(gasp_cli *cli, gasp_decoded *out, const gasp_input *input, const gasp_block *block,
                       const block_rows *rows)
{
    json_t *header = json_object();
    header_json(header, &block->header, &block->hash);
    gasp_json_put(cli->answer, "format", json_string("block"));
    gasp_json_put(cli->answer, "header", header);
    gasp_json_put(cli->answer, "transactions", json_incref(rows->list));
    say_header(cli, &block->header, &block->hash);
    say_rows(cli, rows);
    gasp_cli_out(cli, "block of %zu transactions, %zu bytes\n", rows->n, input->bytes.len);
    gasp_err err = check_root(block, rows);
    if (err != GASP_OK) {
        (void)gasp_cli_error(cli, err, input->name, "the transactions have another merkle root than the header");
        out->code = GASP_EXIT_INVALID;
    }
}

void gasp_decode_block(gasp_cli *cli, gasp_decoded *out, const gasp_input *input)
{
    gasp_block block;
    block_rows rows = {.list = json_array()};
    out->err = gasp_block_open(&block, input->bytes, &out->fault);
    if (out->err == GASP_OK)
        out->err = read_rows(&rows, &block, &out->fault);
    if (out->err == GASP_OK)
        show_block(cli, out, input, &block, &rows);
    json_decref(rows.list);
    free(rows.txids);
}
