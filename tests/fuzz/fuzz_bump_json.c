/* A merkle path in JSON: what can be read is written, read again and the same; and it is what its bytes say. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gasp/json.h"

static gasp_bytes bytes_of(const gasp_bump *bump)
{
    size_t len = 0;
    FUZZ_HOLDS(gasp_bump_encode(bump, NULL, 0, &len) == GASP_OK);
    uint8_t *out = malloc(len);
    FUZZ_HOLDS(out != NULL && gasp_bump_encode(bump, out, len, &len) == GASP_OK);
    return (gasp_bytes){out, len};
}

static gasp_bytes text_of(const gasp_bump *bump)
{
    size_t len = 0;
    FUZZ_HOLDS(gasp_bump_to_json(bump, NULL, 0, &len) == GASP_OK);
    char *out = malloc(len);
    FUZZ_HOLDS(out != NULL && gasp_bump_to_json(bump, out, len, &len) == GASP_OK && out[len - 1] == 0);
    return (gasp_bytes){(uint8_t *)out, len - 1};
}

static void same(gasp_bytes a, gasp_bytes b)
{
    FUZZ_HOLDS(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    free((void *)(uintptr_t)a.data);
    free((void *)(uintptr_t)b.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_fault fault = {GASP_OK, 0, 0};
    gasp_bump *bump = NULL;
    gasp_bump *again = NULL;
    gasp_bump *third = NULL;
    gasp_err err = gasp_bump_from_json(&bump, (const char *)data, size, NULL, &fault);
    FUZZ_HOLDS(err == fault.err && fault.at <= size);
    if (err != GASP_OK)
        return 0;
    gasp_bytes text = text_of(bump);
    gasp_bytes bytes = bytes_of(bump);
    FUZZ_HOLDS(gasp_bump_from_json(&again, (const char *)text.data, text.len, NULL, NULL) == GASP_OK);
    FUZZ_HOLDS(gasp_bump_decode(&third, bytes, NULL, NULL) == GASP_OK);
    same(text, text_of(again));
    same(bytes, bytes_of(again));
    same(bytes_of(bump), bytes_of(third));
    gasp_bump_free(third);
    gasp_bump_free(again);
    gasp_bump_free(bump);
    return 0;
}
