/* A small wallet with something of every kind, and ways to spoil one row of it straight in the store. */
#include "wallet/spoil.h"

#include <string.h>

#include "lib/keys.h"
#include "wallet/made_headers.h"
#include "wallet/txn.h"

static const gasp_collection collection;

/* What the rows below are named by. */
static struct {
    mined_header run[14];
    mined_header side;
    mined_header decreed;
    mined_block block;
    gasp_txid root, child, alone;
    gasp_bytes raw[3];
} made;

static gasp_bytes spend(gasp_txid *txid, const gasp_txid *from, uint64_t sat, uint32_t key)
{
    test_in in = {.prev.vout = 0, .sat = sat, .lock = TEST_P2PKH, .key = key};
    const test_out outs[2] = {{sat / 2, TEST_P2PKH, 1}, {sat / 4, TEST_P2PKH, 1}};
    const test_spec spec = {.in = &in, .n_in = 1, .out = outs, .n_out = 2};
    memset(in.prev.txid.b, 0xee, sizeof in.prev.txid.b);
    if (from != NULL)
        in.prev.txid = *from;
    return test_tx_make(txid, &spec);
}

/* Headers on two branches and one by decree; a proven transaction, one on top of it, an entry. */
gasp_wallet *spoil_make(const gasp_kv *kv)
{
    gasp_wallet *w = mined_wallet(kv, GASP_NETWORK_REGTEST);
    const mined_header genesis = mined_genesis();
    made.raw[0] = spend(&made.root, NULL, 1000000, 1);
    made.raw[1] = spend(&made.child, &made.root, 500000, 1);
    made.raw[2] = spend(&made.alone, &made.root, 500000, 99); /* forged */
    for (size_t i = 0; i < 13; i++)
        made.run[i] = mined_next(i == 0 ? &genesis : &made.run[i - 1], NULL, 1);
    made.block = mined_block_of(&made.run[12], &made.root, 1);
    made.run[13] = made.block.header;
    made.side = mined_next(&made.run[9], NULL, 2);
    made.decreed = mined_orphan(40, 3);
    mined_import(w, made.run, 14, GASP_OK, NULL);
    mined_import(w, &made.side, 1, GASP_OK, NULL);
    assert_err(gasp_wallet_headers_trust(w, made.decreed.raw80, 40, mined_now), GASP_OK);
    mined_commit(w, &made.root, made.raw[0], &made.block, 2);
    mined_commit(w, &made.child, made.raw[1], NULL, 2);
    return w;
}

/* ---- spoiling ---------------------------------------------------------------------------------------------------- */

static void write_row(const gasp_kv *kv, gasp_kv_verb verb, gasp_bytes key, gasp_bytes value)
{
    const gasp_kv_op op = {verb, key, value};
    assert_err(kv->write(kv->user, &op, 1, true), GASP_OK);
}

static void put(const gasp_kv *kv, gasp_key key, gasp_bytes value)
{
    write_row(kv, GASP_KV_PUT, gasp_key_view(&key), value);
}

static void put_row(const gasp_kv *kv, gasp_key key, gasp_row row)
{
    put(kv, key, (gasp_bytes){row.b, row.len});
}

static void drop(const gasp_kv *kv, gasp_key key)
{
    write_row(kv, GASP_KV_DELETE, gasp_key_view(&key), (gasp_bytes){0});
}

typedef struct copy {
    uint8_t b[1024];
    size_t len;
} copy;

static gasp_err found(void *ctx, size_t index, gasp_bytes value)
{
    copy *to = ctx;
    (void)index;
    assert_true(value.len <= sizeof to->b);
    memcpy(to->b, value.data, value.len);
    to->len = value.len;
    return GASP_OK;
}

static copy get(const gasp_kv *kv, gasp_key key)
{
    copy out = {.len = SIZE_MAX};
    gasp_bytes view = gasp_key_view(&key);
    assert_err(kv->get(kv->user, NULL, &view, 1, found, &out), GASP_OK);
    assert_true(out.len != SIZE_MAX); /* the row that is to be spoilt is there */
    return out;
}

/* Changes one byte of a row's value. */
static void flip(const gasp_kv *kv, gasp_key key, size_t at)
{
    copy row = get(kv, key);
    assert_true(at < row.len);
    row.b[at] ^= 1;
    put(kv, key, (gasp_bytes){row.b, row.len});
}

static gasp_key key_of(const char *text)
{
    gasp_key key = {.len = strlen(text)};
    memcpy(key.b, text, key.len);
    return key;
}

static gasp_row_info info_of(const gasp_kv *kv, const gasp_txid *txid)
{
    gasp_row_info info;
    copy row = get(kv, gasp_key_info(txid));
    assert_err(gasp_row_info_decode(&info, (gasp_bytes){row.b, row.len}), GASP_OK);
    return info;
}

static gasp_row_state state_of(const gasp_kv *kv)
{
    gasp_row_state state;
    copy row = get(kv, gasp_key_state());
    assert_err(gasp_row_state_decode(&state, (gasp_bytes){row.b, row.len}), GASP_OK);
    return state;
}

static gasp_row_header header_of(const gasp_kv *kv, const mined_header *header)
{
    gasp_row_header out;
    copy row = get(kv, gasp_key_header(&header->hash));
    assert_err(gasp_row_header_decode(&out, (gasp_bytes){row.b, row.len}), GASP_OK);
    return out;
}

static void put_header(const gasp_kv *kv, const mined_header *at, const gasp_row_header *row)
{
    put_row(kv, gasp_key_header(&at->hash), gasp_row_header_encode(row));
}

static gasp_key output_key(const gasp_txid *txid, uint32_t vout)
{
    const gasp_outpoint outpoint = {*txid, vout};
    return gasp_key_output(&collection, &outpoint);
}

static gasp_key spender_key(const gasp_txid *from, uint32_t vout, const gasp_txid *by)
{
    const gasp_outpoint outpoint = {*from, vout};
    return gasp_key_spender(&outpoint, by);
}

/* ---- each kind --------------------------------------------------------------------------------------------------- */

static void header_bytes(const gasp_kv *kv)
{
    flip(kv, gasp_key_header(&made.side.hash), 40);
}

static void header_unreadable(const gasp_kv *kv)
{
    put(kv, gasp_key_header(&made.side.hash), (gasp_bytes){made.side.raw80, 80});
}

static void header_height(const gasp_kv *kv)
{
    gasp_row_header row = header_of(kv, &made.side);
    row.height++;
    put_header(kv, &made.side, &row);
}

static void header_work(const gasp_kv *kv)
{
    gasp_row_header row = header_of(kv, &made.side);
    row.work.be[31]--;
    put_header(kv, &made.side, &row);
}

static void header_too_much_work(const gasp_kv *kv)
{
    gasp_row_header row = header_of(kv, &made.side);
    row.work.be[0]++;
    put_header(kv, &made.side, &row);
}

static void header_no_parent(const gasp_kv *kv)
{
    mined_header orphan = mined_orphan(9, 9);
    gasp_row_header row = header_of(kv, &made.side);
    memcpy(row.raw80, orphan.raw80, 80);
    row.height = 9;
    put_header(kv, &orphan, &row);
}

static void header_by_decree_with_work(const gasp_kv *kv)
{
    gasp_row_header row = header_of(kv, &made.decreed);
    row.work.be[31] = 1;
    put_header(kv, &made.decreed, &row);
}

static void header_without_work(const gasp_kv *kv)
{
    gasp_header bad;
    mined_header header = made.side;
    gasp_row_header row = header_of(kv, &made.side);
    gasp_header_decode(&bad, row.raw80);
    bad.bits = 0x03000001;
    gasp_header_encode(row.raw80, &bad);
    gasp_header_hash(&header.hash, row.raw80);
    put_header(kv, &header, &row);
}

/* A whole chain by link and work, whose last header is not later than the median. */
static void header_time(const gasp_kv *kv)
{
    mined_header parent = made.run[13];
    parent.time = made.run[3].time - 600;
    mined_header next = mined_next(&parent, NULL, 5);
    gasp_row_header row = header_of(kv, &made.run[13]);
    memcpy(row.raw80, next.raw80, 80);
    row.height = 15;
    row.work.be[31] = (uint8_t)(row.work.be[31] + 2);
    put_header(kv, &next, &row);
    put(kv, gasp_key_height(15), (gasp_bytes){next.hash.b, 32});
    gasp_row_state state = state_of(kv);
    state.tip = next.hash;
    put_row(kv, gasp_key_state(), gasp_row_state_encode(&state));
}

static void chain_names_nothing(const gasp_kv *kv)
{
    flip(kv, gasp_key_height(40), 0);
}

static void chain_other_height(const gasp_kv *kv)
{
    put(kv, gasp_key_height(39), (gasp_bytes){made.decreed.hash.b, 32});
}

static void chain_gap(const gasp_kv *kv)
{
    drop(kv, gasp_key_height(13));
}

static void chain_value(const gasp_kv *kv)
{
    put(kv, gasp_key_height(40), (gasp_bytes){made.decreed.hash.b, 31});
}

static void state_tip(const gasp_kv *kv)
{
    gasp_row_state state = state_of(kv);
    state.tip = made.side.hash;
    put_row(kv, gasp_key_state(), gasp_row_state_encode(&state));
}

static void state_tip_missing(const gasp_kv *kv)
{
    gasp_row_state state = state_of(kv);
    state.tip.b[0] ^= 1;
    put_row(kv, gasp_key_state(), gasp_row_state_encode(&state));
}

static void state_tip_decreed(const gasp_kv *kv)
{
    gasp_row_state state = state_of(kv);
    state.tip = made.decreed.hash;
    put_row(kv, gasp_key_state(), gasp_row_state_encode(&state));
}

static void state_top(const gasp_kv *kv)
{
    gasp_row_state state = state_of(kv);
    state.top = 14;
    put_row(kv, gasp_key_state(), gasp_row_state_encode(&state));
}

static void state_seq(const gasp_kv *kv)
{
    gasp_row_state state = state_of(kv);
    state.seq++;
    put_row(kv, gasp_key_state(), gasp_row_state_encode(&state));
}

static void tx_txid(const gasp_kv *kv)
{
    flip(kv, gasp_key_raw(&made.child), 0);
}

static void tx_bytes(const gasp_kv *kv)
{
    put(kv, gasp_key_raw(&made.child), (gasp_bytes){made.raw[1].data, 50});
}

static void tx_no_info(const gasp_kv *kv)
{
    drop(kv, gasp_key_info(&made.child));
}

static void info_without_tx(const gasp_kv *kv)
{
    gasp_row_info info = info_of(kv, &made.child);
    put_row(kv, gasp_key_info(&made.alone), gasp_row_info_encode(&info));
}

static void info_unproven(const gasp_kv *kv)
{
    gasp_row_info info = info_of(kv, &made.root);
    info.anchored = false;
    put_row(kv, gasp_key_info(&made.root), gasp_row_info_encode(&info));
}

static void info_index(const gasp_kv *kv)
{
    gasp_row_info info = info_of(kv, &made.root);
    info.anchor.index = 0;
    put_row(kv, gasp_key_info(&made.root), gasp_row_info_encode(&info));
}

static void info_other_block(const gasp_kv *kv)
{
    put(kv, gasp_key_height(14), (gasp_bytes){made.side.hash.b, 32});
}

static void info_anchored_not_standing(const gasp_kv *kv)
{
    gasp_row_info info = info_of(kv, &made.root);
    info.stands = false;
    put_row(kv, gasp_key_info(&made.root), gasp_row_info_encode(&info));
}

static void info_should_stand(const gasp_kv *kv)
{
    gasp_row_info info = info_of(kv, &made.child);
    info.stands = false;
    put_row(kv, gasp_key_info(&made.child), gasp_row_info_encode(&info));
}

static void info_stands_on_nothing(const gasp_kv *kv)
{
    drop(kv, gasp_key_info(&made.root));
}

/* One whose script does not pass, put in beside all rules. */
static void script(const gasp_kv *kv)
{
    gasp_row_info info = info_of(kv, &made.child);
    put(kv, gasp_key_raw(&made.alone), made.raw[2]);
    put_row(kv, gasp_key_info(&made.alone), gasp_row_info_encode(&info));
    put(kv, spender_key(&made.root, 0, &made.alone), (gasp_bytes){0});
}

static void proof_unreadable(const gasp_kv *kv)
{
    put(kv, gasp_key_proof(&made.root, &made.block.header.hash), (gasp_bytes){made.root.b, 5});
}

static void proof_no_path(const gasp_kv *kv)
{
    copy row = get(kv, gasp_key_proof(&made.root, &made.block.header.hash));
    put(kv, gasp_key_proof(&made.root, &made.block.header.hash), (gasp_bytes){row.b, row.len - 1});
}

static void proof_root(const gasp_kv *kv)
{
    copy row = get(kv, gasp_key_proof(&made.root, &made.block.header.hash));
    /* height, index; then BUMP: height, levels, leaves, offset 0, flags 0, its hash: the sibling. */
    flip(kv, gasp_key_proof(&made.root, &made.block.header.hash), 12 + 5);
    assert_int_equal(row.len > 12 + 5, true);
}

static void proof_index(const gasp_kv *kv)
{
    flip(kv, gasp_key_proof(&made.root, &made.block.header.hash), 4);
}

static void proof_no_header(const gasp_kv *kv)
{
    copy row = get(kv, gasp_key_proof(&made.root, &made.block.header.hash));
    gasp_block_hash other = made.block.header.hash;
    other.b[0] ^= 1;
    put(kv, gasp_key_proof(&made.root, &other), (gasp_bytes){row.b, row.len});
    put(kv, gasp_key_in_block(&other, &made.root), (gasp_bytes){0});
}

static void proof_no_tx(const gasp_kv *kv)
{
    copy row = get(kv, gasp_key_proof(&made.root, &made.block.header.hash));
    put(kv, gasp_key_proof(&made.alone, &made.block.header.hash), (gasp_bytes){row.b, row.len});
}

static void no_row_b(const gasp_kv *kv)
{
    drop(kv, gasp_key_in_block(&made.block.header.hash, &made.root));
}

static void row_b_alone(const gasp_kv *kv)
{
    put(kv, gasp_key_in_block(&made.block.header.hash, &made.child), (gasp_bytes){0});
}

static void no_row_s(const gasp_kv *kv)
{
    drop(kv, spender_key(&made.root, 0, &made.child));
}

static void row_s_wrong(const gasp_kv *kv)
{
    put(kv, spender_key(&made.root, 1, &made.child), (gasp_bytes){0});
}

static void row_v_alone(const gasp_kv *kv)
{
    put(kv, gasp_key_verified(&made.alone), (gasp_bytes){made.root.b, 8});
}

static void row_v_short(const gasp_kv *kv)
{
    put(kv, gasp_key_verified(&made.child), (gasp_bytes){made.root.b, 7});
}

static gasp_key put_entry(const gasp_kv *kv, const gasp_txid *txid, uint32_t vout, bool honest)
{
    gasp_entry entry = {.of_output = true, .vout = vout, .timestamp_us = 1, .name = {(const uint8_t *)"x", 1}};
    memset(entry.value_hash, honest ? 0 : 1, 32);
    static const uint8_t nothing[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    if (honest)
        memcpy(entry.value_hash, nothing, 32); /* SHA-256 of no bytes */
    gasp_key key = gasp_key_entry(txid, &entry);
    put_row(kv, key, gasp_row_entry_head(&entry));
    return key;
}

static void entry_hash(const gasp_kv *kv)
{
    (void)put_entry(kv, &made.child, 1, false);
}

static void entry_of_nothing(const gasp_kv *kv)
{
    (void)put_entry(kv, &made.child, 2, true);
}

static void entry_unreadable(const gasp_kv *kv)
{
    gasp_key key = put_entry(kv, &made.alone, 0, true);
    put(kv, key, (gasp_bytes){made.root.b, 9});
}

static void output_state(const gasp_kv *kv)
{
    (void)put_entry(kv, &made.child, 1, true);
}

static void no_collection(const gasp_kv *kv)
{
    drop(kv, gasp_key_collection(&collection));
}

static void member_not_held(const gasp_kv *kv)
{
    put(kv, gasp_key_member(&collection, &made.alone), (gasp_bytes){0});
}

static void member_of_nothing(const gasp_kv *kv)
{
    const gasp_collection other = {{1}};
    put(kv, gasp_key_member(&other, &made.child), (gasp_bytes){0});
}

static void output_not_member(const gasp_kv *kv)
{
    drop(kv, gasp_key_member(&collection, &made.child));
}

static void output_unspent(const gasp_kv *kv)
{
    flip(kv, output_key(&made.root, 0), 0);
}

static void output_spent(const gasp_kv *kv)
{
    flip(kv, output_key(&made.root, 1), 0);
}

static void output_not_anchored(const gasp_kv *kv)
{
    copy row = get(kv, output_key(&made.child, 1));
    row.b[0] ^= 2;
    put(kv, output_key(&made.child, 1), (gasp_bytes){row.b, row.len});
}

static void output_time(const gasp_kv *kv)
{
    flip(kv, output_key(&made.child, 1), 1);
}

static void output_of_nothing(const gasp_kv *kv)
{
    copy row = get(kv, output_key(&made.child, 1));
    put(kv, output_key(&made.child, 2), (gasp_bytes){row.b, row.len});
}

static void output_unreadable(const gasp_kv *kv)
{
    put(kv, output_key(&made.child, 1), (gasp_bytes){made.root.b, 3});
}

static void change_missing(const gasp_kv *kv)
{
    drop(kv, gasp_key_change(2));
}

static void change_time(const gasp_kv *kv)
{
    copy row = get(kv, gasp_key_change(1));
    put(kv, gasp_key_change(2), (gasp_bytes){row.b, row.len});
}

static void change_unreadable(const gasp_kv *kv)
{
    put(kv, gasp_key_change(3), (gasp_bytes){made.root.b, 3});
}

static void strange(const gasp_kv *kv)
{
    put(kv, key_of("zebra"), (gasp_bytes){0});
}

static void strange_state(const gasp_kv *kv)
{
    put(kv, key_of("State"), (gasp_bytes){0});
}

#define KEY_LENGTH(name, text)                                                                                         \
    static void name(const gasp_kv *kv)                                                                                \
    {                                                                                                                  \
        put(kv, key_of(text), (gasp_bytes){0});                                                                        \
    }
KEY_LENGTH(bad_key_h, "h1")
KEY_LENGTH(bad_key_H, "H1")
KEY_LENGTH(bad_key_t, "t1")
KEY_LENGTH(bad_key_i, "i1")
KEY_LENGTH(bad_key_p, "p1")
KEY_LENGTH(bad_key_b, "b1")
KEY_LENGTH(bad_key_s, "s1")
KEY_LENGTH(bad_key_v, "v1")
KEY_LENGTH(bad_key_e, "e1")
KEY_LENGTH(bad_key_m, "m1")
KEY_LENGTH(bad_key_o, "o1")

const spoil_case spoil_cases[] = {
    {header_bytes, "its bytes do not hash to its key"},
    {header_unreadable, "header: a row that cannot be read"},
    {header_height, "its height does not follow its parent's"},
    {header_work, "its work is not that of its parent and its own"},
    {header_too_much_work, "has more work than the tip"},
    {header_no_parent, "height 9: the header before it is not held"},
    {header_by_decree_with_work, "trusted, but it has work"},
    {header_without_work, "hash above target"},
    {header_time, "height 15: time not above the median of the last 11"},
    {chain_names_nothing, "names a header not held"},
    {chain_other_height, "names a header of another height"},
    {chain_gap, "height 14: the header before it is held and not in the best chain"},
    {chain_value, "row H: a key or value of another length"},
    {state_tip, "state: the tip is not in the best chain"},
    {state_tip_missing, "state: the tip is no held header"},
    {state_tip_decreed, "state: the tip is a trusted header"},
    {state_top, "state: the top is not the highest header of the best chain"},
    {state_seq, "state: the last change is another one"},
    {tx_txid, "its bytes do not hash to its txid"},
    {tx_bytes, "its bytes are no transaction"},
    {tx_no_info, "its row i is missing or cannot be read"},
    {info_without_tx, "row i of a transaction that is not held"},
    {info_unproven, "unproven, though a proof in the best chain is held"},
    {info_index, "anchored where no held proof puts it"},
    {info_other_block, "anchored in a block that is not in the best chain"},
    {info_anchored_not_standing, "anchored, but it does not stand"},
    {info_should_stand, "does not stand, though all that it spends does"},
    {info_stands_on_nothing, "stands without all that it spends"},
    {script, "a script does not pass"},
    {proof_unreadable, "a proof that cannot be read"},
    {proof_no_path, "a proof that is no merkle path"},
    {proof_root, "a proof whose root is not that of its block"},
    {proof_index, "a proof of something else than its row says"},
    {proof_no_header, "a proof of a block whose header is not held"},
    {proof_no_tx, "a proof of a transaction that is not held"},
    {no_row_b, "a proof without its row b"},
    {row_b_alone, "row b without its proof"},
    {no_row_s, "an input without its row s"},
    {row_s_wrong, "row s of a transaction that does not spend it"},
    {row_v_alone, "row v of a transaction that is not held"},
    {row_v_short, "row v: a key or value of another length"},
    {entry_hash, "an entry whose value has another hash"},
    {entry_of_nothing, "an entry of something that is not held"},
    {entry_unreadable, "entry: a row that cannot be read"},
    {output_state, "output: another state hash"},
    {no_collection, "collection: the default one is missing"},
    {member_not_held, "member, but it is not held"},
    {member_of_nothing, "member of a collection that is none"},
    {output_not_member, "output: its transaction is no member"},
    {output_unspent, "output: shown as unspent"},
    {output_spent, "output: shown as spent"},
    {output_not_anchored, "output: not in the spendable view, but its transaction stands"},
    {info_should_stand, "output: in the spendable view, but its transaction does not stand"},
    {output_time, "output: its item has another time"},
    {output_of_nothing, "output: of nothing that is held"},
    {output_unreadable, "output: a row that cannot be read"},
    {change_missing, "change: a number is missing before it"},
    {change_time, "change: not later than the one before"},
    {change_unreadable, "change: a row that cannot be read"},
    {strange, "a row of no kind that is known"},
    {strange_state, "a row of no kind that is known"},
    {bad_key_h, "header: a key of another length"},
    {bad_key_H, "row H: a key or value of another length"},
    {bad_key_t, "transaction: a key of another length"},
    {bad_key_i, "row i: a key of another length"},
    {bad_key_p, "proof: a key of another length"},
    {bad_key_b, "row b: a key or value of another length"},
    {bad_key_s, "row s: a key or value of another length"},
    {bad_key_v, "row v: a key or value of another length"},
    {bad_key_e, "entry: a row that cannot be read"},
    {bad_key_m, "row m: a key or value of another length"},
    {bad_key_o, "output: a key of another length"},
};

const size_t spoil_count = sizeof spoil_cases / sizeof spoil_cases[0];

void spoil_three(const gasp_kv *kv)
{
    header_bytes(kv);
    tx_txid(kv);
    strange(kv);
}

void spoil_end(void)
{
    test_release(made.block.bump);
    for (size_t i = 0; i < 3; i++)
        test_release(made.raw[i]);
    memset(&made, 0, sizeof made);
}
