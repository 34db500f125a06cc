/** Scripts as the test files of nodes write them: words that stand for opcodes (without OP_), numbers, 'text', and 0x
 * bytes that are taken over as they are. */
#ifndef TESTS_LIB_ASM_H
#define TESTS_LIB_ASM_H

#include "gasp/types.h"

/** The script's bytes, in the C heap (test_release frees them); fails the running test at a word that is none. */
gasp_bytes test_asm(const char *text);

#endif
