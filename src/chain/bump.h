/** Merkle paths inside the library: reading from a cursor, writing to a writer. The rest is public (gasp/bump.h). */
#ifndef GASP_CHAIN_BUMP_H
#define GASP_CHAIN_BUMP_H

#include "base/reader.h"
#include "base/writer.h"
#include "gasp/bump.h"

/** Reads a path where the cursor stands and leaves the cursor behind it (BEEF holds several).
 *  Errors: those of gasp_bump_decode but GASP_ERR_TRAILING; r->err and r->err_at say the same. *level, when given, is
 * the level at fault. */
gasp_err gasp_bump_read(gasp_bump **out, gasp_reader *r, const gasp_mem *mem, uint64_t *level) GASP_MUST_CHECK;

/** Writes the wire form, leaves in the order that they are held in. */
void gasp_bump_write(gasp_writer *w, const gasp_bump *bump);

#endif
