/** A block header under a cursor. The public half, with the struct, is gasp/header.h. */
#ifndef GASP_CHAIN_HEADER_H
#define GASP_CHAIN_HEADER_H

#include "base/reader.h"
#include "gasp/header.h"

/** Reads the next 80 bytes (zeroes when they are not there: test the cursor). */
void gasp_header_read(gasp_reader *r, gasp_header *out);

#endif
