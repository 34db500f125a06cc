/* Every transaction of real blocks: read, written again from its fields, and hashed up to the block's merkle root,
 * which proves each txid. Blocks that are cut, or have bytes left over. */
#include <stdlib.h>
#include <string.h>

#include "chain/cases.h"
#include "chain/tx.h"
#include "crypto/hash.h"
#include "gasp/block.h"

/* The root of a block's txids, level by level in place; written here, apart from the library's own. */
static void merkle_root(gasp_txid *level, size_t count, gasp_merkle_root *root)
{
    for (; count > 1; count = (count + 1) / 2)
        for (size_t i = 0; i < count; i += 2)
            gasp_sha256d_pair(level[i / 2].b, level[i].b, level[i + 1 < count ? i + 1 : i].b);
    memcpy(root->b, level[0].b, sizeof root->b);
}

static size_t check_block(gasp_bytes bytes)
{
    gasp_block block;
    assert_err(gasp_block_open(&block, bytes, NULL), GASP_OK);
    gasp_txid *txids = calloc((size_t)block.n_tx, sizeof *txids);
    assert_non_null(txids);
    gasp_tx *tx = NULL;
    gasp_err err = GASP_OK;
    size_t count = 0;
    while ((err = gasp_block_next(&block, &tx, NULL, NULL)) == GASP_OK) {
        assert_int_equal(gasp_tx_is_coinbase(tx), count == 0);
        case_assert_rebuilds(tx);
        assert_err(gasp_tx_check(tx, NULL), GASP_OK);
        txids[count++] = gasp_tx_txid(tx);
        gasp_tx_free(tx);
    }
    assert_err(err, GASP_DONE);
    assert_int_equal(count, block.n_tx);
    gasp_merkle_root root;
    merkle_root(txids, count, &root);
    assert_memory_equal(&root, &block.header.root, sizeof root);
    free(txids);
    return count;
}

static void real_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t n_tx;
    } files[] = {
        {"blocks/mainnet-227835.block", 122},  {"blocks/mainnet-227836.block", 100},
        {"blocks/mainnet-300025.block", 461},  {"blocks/mainnet-363703.block", 587},
        {"blocks/mainnet-383616.block", 1731}, {"blocks/mainnet-413567.block", 1557},
        {"blocks/mainnet-426884.block", 409},  {"blocks/bsv-mainnet-705985.block", 648},
    };
    size_t total = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        gasp_bytes bytes = test_shared_file(files[i].name);
        size_t count = check_block(bytes);
        assert_int_equal(count, files[i].n_tx);
        total += count;
        test_release(bytes);
    }
    print_message("count: blocks: 8, %zu transactions hash to their merkle roots\n", total);
    assert_int_equal(total, 5615);
}

/* Blocks 1 to 255, each after four bytes of network magic and a length. */
static void first_blocks(void **state)
{
    (void)state;
    gasp_bytes bytes = test_shared_file("blocks/mainnet-1-256.blocks");
    gasp_reader r = gasp_reader_of(bytes);
    size_t blocks = 0;
    size_t total = 0;
    while (gasp_reader_left(&r) > 0) {
        (void)gasp_read_u32(&r);
        gasp_bytes block = gasp_read_bytes(&r, gasp_read_u32(&r));
        assert_err(r.err, GASP_OK);
        total += check_block(block);
        blocks++;
    }
    print_message("count: first blocks: %zu, %zu transactions\n", blocks, total);
    assert_int_equal(blocks, 255);
    assert_int_equal(total, 262);
    test_release(bytes);
}

static void broken_blocks(void **state)
{
    (void)state;
    gasp_bytes whole = test_shared_file("blocks/mainnet-227836.block");
    gasp_bytes bytes = {whole.data, whole.len};
    gasp_block block;
    gasp_fault fault = {0};
    assert_err(gasp_block_open(&block, (gasp_bytes){bytes.data, 80}, &fault), GASP_ERR_SHORT);
    assert_int_equal(fault.at, 80);
    assert_err(gasp_block_open(&block, (gasp_bytes){bytes.data, 81 + 60 * 99}, &fault), GASP_ERR_COUNT);
    /* One byte too few: the last transaction is cut. One too many (the loader's NUL): left over. */
    for (int more = -1; more <= 1; more += 2) {
        bytes.len = more < 0 ? whole.len - 1 : whole.len + 1;
        assert_err(gasp_block_open(&block, bytes, NULL), GASP_OK);
        gasp_tx *tx = NULL;
        gasp_err err = GASP_OK;
        size_t last = 0;
        while ((err = gasp_block_next(&block, &tx, NULL, &fault)) == GASP_OK) {
            last = block.at;
            gasp_tx_free(tx);
        }
        assert_err(err, more < 0 ? GASP_ERR_SHORT : GASP_ERR_TRAILING);
        assert_int_equal(fault.item, more < 0 ? 99 : 100);
        assert_int_equal(fault.at, more < 0 ? whole.len - 4 : whole.len);
        assert_true(last <= fault.at);
        assert_err(gasp_block_next(&block, &tx, NULL, NULL), err);
    }
    test_release(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_blocks),
        cmocka_unit_test(first_blocks),
        cmocka_unit_test(broken_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
