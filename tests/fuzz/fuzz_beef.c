/* A BEEF: what can be read is written back byte for byte; its canonical form, when it has one, is a fixed point. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gasp/beef.h"

static gasp_bytes encoded(const gasp_beef *beef)
{
    size_t len = 0;
    FUZZ_HOLDS(gasp_beef_encode(beef, NULL, 0, &len) == GASP_OK);
    uint8_t *out = malloc(len);
    FUZZ_HOLDS(out != NULL && gasp_beef_encode(beef, out, len, &len) == GASP_OK);
    return (gasp_bytes){out, len};
}

static void release(gasp_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static void same(gasp_bytes a, gasp_bytes b)
{
    FUZZ_HOLDS(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
}

/* Whether it is sound must not depend on the form: the canonical one has the same transactions and proofs. */
static void canonical(gasp_beef *beef)
{
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_err sound = gasp_beef_check(beef, &fault);
    FUZZ_HOLDS(sound == fault.err);
    if (gasp_beef_canonicalise(beef, NULL) != GASP_OK)
        return;
    gasp_bytes once = encoded(beef);
    gasp_beef *again = NULL;
    FUZZ_HOLDS(gasp_beef_decode(&again, once, NULL, NULL) == GASP_OK);
    if (sound == GASP_OK)
        FUZZ_HOLDS(gasp_beef_check(again, NULL) == GASP_OK);
    FUZZ_HOLDS(gasp_beef_canonicalise(again, NULL) == GASP_OK);
    gasp_bytes twice = encoded(again);
    same(twice, once);
    gasp_beef_free(again);
    release(twice);
    release(once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_bytes bytes = {data, size};
    gasp_beef *beef = NULL;
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_err err = gasp_beef_decode(&beef, bytes, NULL, &fault);
    FUZZ_HOLDS(err == fault.err && fault.at <= size);
    if (err != GASP_OK)
        return 0;
    gasp_bytes out = encoded(beef);
    same(out, bytes);
    canonical(beef);
    gasp_beef_free(beef);
    release(out);
    return 0;
}
