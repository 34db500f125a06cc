/* A trace: whatever it is, replaying it ends, says where it went wrong, and says the same the second time. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "gasp/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gasp_fault fault[2] = {{GASP_OK, 0, 0}, {GASP_OK, 0, 0}};
    uint64_t events[2] = {0, 0};
    uint64_t bytes[2] = {0, 0};
    gasp_err err[2];
    for (int i = 0; i < 2; i++) {
        err[i] = gasp_trace_replay(data, size, &events[i], &bytes[i], NULL, &fault[i]);
        FUZZ_HOLDS(err[i] == GASP_OK || (fault[i].at <= size && fault[i].err == err[i]));
    }
    FUZZ_HOLDS(err[0] == err[1] && fault[0].at == fault[1].at && events[0] == events[1] && bytes[0] == bytes[1]);
    return 0;
}
