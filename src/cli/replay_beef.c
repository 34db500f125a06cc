/* BEEF files of other projects: an array of {hex, parsed or parse_error}. What another parser saw is compared; bytes are
 * written again and compared. Whether a BEEF must be believed is not asked here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay.h"
#include "gasp/beef.h"

static gasp_err encode(const void *beef, uint8_t *out, size_t cap, size_t *len)
{
    return gasp_beef_encode(beef, out, cap, len);
}

/* One of the roots of a path: another parser may give one for each transaction, and they must all be the same. */
static void bumps(gasp_replay *run, const json_t *list, const gasp_beef *beef)
{
    if (list != NULL && json_array_size(list) != gasp_beef_bump_count(beef))
        gasp_replay_wrong(run, "%zu BUMPs", gasp_beef_bump_count(beef));
    for (size_t i = 0; i < json_array_size(list) && i < gasp_beef_bump_count(beef); i++) {
        const gasp_bump *bump = gasp_beef_bump(beef, i);
        const json_t *row = json_array_get(list, i);
        const json_t *roots = json_object_get(row, "roots");
        gasp_merkle_root root = gasp_bump_root(bump);
        char text[GASP_HASH_TEXT_MAX];
        gasp_merkle_root_to_text(text, &root);
        gasp_expect_number(run, row, "height", gasp_bump_height(bump));
        gasp_expect_number(run, row, "levels", gasp_bump_levels(bump));
        for (size_t j = 0; j < json_array_size(roots); j++)
            if (strcmp(json_string_value(json_array_get(roots, j)), text) != 0)
                gasp_replay_wrong(run, "BUMP %zu has root %s", i, text);
    }
}

static void txs(gasp_replay *run, const json_t *list, const gasp_beef *beef)
{
    gasp_beef_item item;
    if (list != NULL && json_array_size(list) != gasp_beef_tx_count(beef))
        gasp_replay_wrong(run, "%zu transactions", gasp_beef_tx_count(beef));
    for (size_t i = 0; i < json_array_size(list) && gasp_beef_tx(beef, i, &item) == GASP_OK; i++) {
        const json_t *row = json_array_get(list, i);
        const json_t *bump = json_object_get(row, "bump");
        gasp_expect_hash(run, row, "txid", item.txid.b);
        if (json_is_integer(bump))
            gasp_expect_number(run, row, "bump", item.bump);
        else if (json_is_null(bump) && item.bump != GASP_BEEF_NO_BUMP)
            gasp_replay_wrong(run, "transaction %zu has a BUMP", i);
    }
}

static void compare(gasp_replay *run, const json_t *row, const gasp_beef *beef)
{
    gasp_txid subject;
    gasp_bytes bytes;
    const json_t *parsed = json_object_get(row, "parsed");
    bool atomic = gasp_beef_subject(beef, &subject) == GASP_OK;
    gasp_expect_number(run, parsed, "version", gasp_beef_version(beef));
    if (json_is_string(json_object_get(parsed, "atomic_txid")) != atomic)
        gasp_replay_wrong(run, "atomic, or not");
    else if (atomic)
        gasp_expect_hash(run, parsed, "atomic_txid", subject.b);
    bumps(run, json_object_get(parsed, "bumps"), beef);
    txs(run, json_object_get(parsed, "txs"), beef);
    if (gasp_replay_encode(run, &bytes, encode, beef)) {
        gasp_expect_hex(run, row, "hex", bytes);
        gasp_bytes_free(bytes);
    }
}

static void one(gasp_replay *run, const json_t *row)
{
    gasp_bytes bytes;
    gasp_beef *beef = NULL;
    gasp_fault fault = {0};
    bool must_fail = json_object_get(row, "parse_error") != NULL;
    if (!must_fail && json_object_get(row, "parsed") == NULL)
        gasp_replay_wrong(run, "says neither what is in it nor that it is refused");
    if (!gasp_replay_hex(run, &bytes, json_object_get(row, "hex")))
        return;
    gasp_err err = gasp_beef_decode(&beef, bytes, NULL, &fault);
    if (err == GASP_OK && must_fail)
        gasp_replay_wrong(run, "it was read, and should be refused");
    else if (err != GASP_OK && !must_fail)
        gasp_replay_wrong(run, "%s at byte %" PRIu64 ", part %" PRIu64, gasp_err_name(err), fault.at, fault.item);
    else if (err == GASP_OK)
        compare(run, row, beef);
    gasp_beef_free(beef);
    gasp_bytes_free(bytes);
}

void gasp_replay_beef_file(gasp_replay *run, const json_t *document)
{
    if (!json_is_array(document) || json_array_size(document) == 0) {
        gasp_replay_unreadable(run, GASP_ERR_FORMAT_UNKNOWN, "no array of BEEFs");
        return;
    }
    for (size_t i = 0; i < json_array_size(document); i++) {
        const json_t *row = json_array_get(document, i);
        const char *origin = json_string_value(json_object_get(row, "origin"));
        gasp_replay_begin(run, "row %zu%s%.120s", i, origin != NULL ? ", " : "", origin != NULL ? origin : "");
        one(run, row);
        gasp_replay_end(run);
    }
}
