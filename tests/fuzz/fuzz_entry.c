/* Lists of entries from anywhere: what decodes encodes to the same bytes, and a join with itself changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "record/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_entries set;
    gasp_fault fault = {0};
    gasp_err err = gasp_entries_decode(&set, (gasp_bytes){data, size}, NULL, &fault);
    FUZZ_HOLDS(err == GASP_OK || (fault.err == err && fault.at <= size));
    if (err == GASP_OK) {
        gasp_buf buf;
        gasp_buf_init(&buf, size, NULL);
        gasp_writer w = gasp_writer_growing(&buf);
        gasp_entries_encode(&w, &set);
        FUZZ_HOLDS(w.err == GASP_OK && buf.len == size && memcmp(buf.data, data, size) == 0);
        bool changed = true;
        FUZZ_HOLDS(gasp_entries_join(&set, &changed, &set) == GASP_OK && !changed);
        for (size_t i = 0; i < set.len; i++) {
            const gasp_entry *e = &set.list[i];
            FUZZ_HOLDS(gasp_entries_find(&set, e->author, e->of_output ? &e->vout : NULL, e->name) == e);
        }
        gasp_buf_clear(&buf);
    }
    gasp_entries_clear(&set);
    return 0;
}
