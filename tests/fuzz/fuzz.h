/** What a fuzz target is: one function over bytes. With GASP_FUZZ=ON libFuzzer calls it; else driver.c does, with the
 * files of the corpus, so that an ordinary test run replays everything that was ever found. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** Runs the decoder under test over bytes and aborts when a property does not hold. Always gives 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Aborts, so that the fuzzer keeps the input. Unlike assert, also in a release build. */
#define FUZZ_HOLDS(condition) ((condition) ? (void)0 : abort())

#endif
