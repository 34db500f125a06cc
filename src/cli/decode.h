/** What is in a file, part by part; shared by `decode` and `show`. */
#ifndef GASP_CLI_DECODE_H
#define GASP_CLI_DECODE_H

#include "cli/cli.h"
#include "gasp/beef.h"
#include "gasp/block.h"

/** A transaction as members of an object. */
void gasp_tx_json(json_t *out, const gasp_tx *tx);

/** A transaction as lines. */
void gasp_tx_say(gasp_cli *cli, const gasp_tx *tx, const char *indent);

/** What stands in an input, by its form; GASP_OK when it was read (and shown, with an exit code of its own). */
typedef struct gasp_decoded {
    gasp_err err;
    gasp_fault fault;
    int code; /**< with GASP_OK: what the command answers */
} gasp_decoded;

void gasp_decode_tx(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);
void gasp_decode_beef(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);
void gasp_decode_bump(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);
void gasp_decode_bump_json(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);
void gasp_decode_headers(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);
void gasp_decode_block(gasp_cli *cli, gasp_decoded *out, const gasp_input *input);

/** Whether bytes are n headers of which each names the one before. */
bool gasp_looks_like_headers(gasp_bytes bytes);

/** A path as members of an object. */
void gasp_bump_json(json_t *out, const gasp_bump *bump);

/** A text (free) of a path in its JSON notation, as an object. */
json_t *gasp_bump_json_form(const gasp_bump *bump);

#endif
