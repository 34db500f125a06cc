/* A merkle path: what can be read is written back byte for byte, its canonical form is one that can be read and has the
 * same root, and editing agrees with it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gasp/bump.h"

static gasp_bytes encoded(const gasp_bump *bump)
{
    size_t len = 0;
    FUZZ_HOLDS(gasp_bump_encode(bump, NULL, 0, &len) == GASP_OK);
    uint8_t *out = malloc(len);
    FUZZ_HOLDS(out != NULL && gasp_bump_encode(bump, out, len, &len) == GASP_OK);
    return (gasp_bytes){out, len};
}

static void release(gasp_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static void same_bytes(gasp_bytes a, gasp_bytes b)
{
    FUZZ_HOLDS(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
}

static void same_root(const gasp_bump *a, const gasp_bump *b)
{
    gasp_merkle_root first = gasp_bump_root(a);
    gasp_merkle_root second = gasp_bump_root(b);
    FUZZ_HOLDS(memcmp(first.b, second.b, 32) == 0 && gasp_bump_tree_height(a) == gasp_bump_tree_height(b));
}

/* The path of the leaf that stands first: it is found where it stands, or, when its hash stands twice, further left. */
static void trims(const gasp_bump *bump)
{
    const gasp_bump_leaf *leaf = gasp_bump_leaf_at(bump, 0, 0);
    gasp_bump *trimmed = NULL;
    gasp_txid txid;
    uint64_t index = 0;
    if (leaf->flags == GASP_BUMP_DUPLICATE)
        return;
    memcpy(txid.b, leaf->hash, 32);
    FUZZ_HOLDS(gasp_bump_find(bump, &index, &txid) == GASP_OK && index <= leaf->offset);
    FUZZ_HOLDS(gasp_bump_trim(&trimmed, bump, &txid, 1, NULL) == GASP_OK);
    same_root(bump, trimmed);
    const gasp_bump *both[] = {bump, trimmed};
    gasp_bump *merged = NULL;
    FUZZ_HOLDS(gasp_bump_merge(&merged, both, 2, NULL) == GASP_OK);
    same_root(bump, merged);
    FUZZ_HOLDS(gasp_bump_txid_count(merged) == gasp_bump_txid_count(bump));
    gasp_bump_free(merged);
    gasp_bump_free(trimmed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_bytes raw = {data, size};
    gasp_bump *bump = NULL;
    gasp_bump *canonical = NULL;
    gasp_bump *again = NULL;
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_err err = gasp_bump_decode(&bump, raw, NULL, &fault);
    FUZZ_HOLDS(err == fault.err && fault.at <= size && fault.item <= GASP_BUMP_LEVELS_MAX);
    if (err != GASP_OK)
        return 0;
    gasp_bytes written = encoded(bump);
    same_bytes(written, raw);
    FUZZ_HOLDS(gasp_bump_canonical(&canonical, bump, NULL) == GASP_OK);
    gasp_bytes sorted = encoded(canonical);
    FUZZ_HOLDS(gasp_bump_decode(&again, sorted, NULL, NULL) == GASP_OK);
    same_root(bump, again);
    gasp_bump_free(canonical);
    FUZZ_HOLDS(gasp_bump_canonical(&canonical, again, NULL) == GASP_OK);
    gasp_bytes twice = encoded(canonical);
    same_bytes(twice, sorted);
    trims(bump);
    release(twice);
    release(sorted);
    release(written);
    gasp_bump_free(again);
    gasp_bump_free(canonical);
    gasp_bump_free(bump);
    return 0;
}
