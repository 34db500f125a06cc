/** What the tests of this room share: bytes written as words, and the BEEF corpus. */
#ifndef TESTS_CHAIN_CASES_H
#define TESTS_CHAIN_CASES_H

#include "base/buf.h"
#include "gasp/beef.h"
#include "lib/data.h"

/** Bytes from words with spaces between them: hex, or one of these names.
 *
 *      V1, V2   the four bytes of a BEEF's version
 *      ATOMIC   01010101
 *      IN       an input: output 2 of the transaction ONES, script 51
 *      OUT      an output: 3 satoshis, script 52
 *      TX       a transaction of one IN and one OUT (62 bytes)
 *      TXID     its txid, computed apart (Python's hashlib)
 *      ONES     32 bytes 11
 *      TWOS     32 bytes 22
 *      BUMP     a path of block 7, whose only transaction is TX (37 bytes)
 *      OTHER    a path of block 7, whose only transaction is TWOS
 *
 *  In the C heap: test_release it. */
gasp_bytes case_bytes(const char *words);

/** The standard form of a transaction, written field by field from the accessors. One that was read in standard form is
 *  encoded from the bytes it came from, so that the library's own encoder would prove nothing. */
gasp_buf case_rebuild(const gasp_tx *tx);

/** That it gives the bytes which the transaction was read from. */
void case_assert_rebuilds(const gasp_tx *tx);

/** The 38 cases of the BEEF corpus. */
json_t *case_corpus(void);

/** One of them, by its number in the file. */
gasp_bytes case_beef(size_t i);

/** Decodes what must decode. */
gasp_beef *case_decode(gasp_bytes bytes);

/** What gasp_beef_encode gives, by way of measuring and of one byte too few. In the C heap. */
gasp_bytes case_encode(const gasp_beef *beef);

void case_assert_same(gasp_bytes a, gasp_bytes b);

#endif
