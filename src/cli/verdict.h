/** Why a transaction was not taken, in words: the same for what a file brought and what a peer sent. */
#ifndef GASP_CLI_VERDICT_H
#define GASP_CLI_VERDICT_H

#include "cli/cli.h"

typedef struct gasp_reason_text {
    char text[400];
} gasp_reason_text;

/** "a script does not pass, input 3", or "stands on TXID: no header is known at height 897738".
 *  has_input: whether verdict->input means something. */
void gasp_verdict_reason(gasp_reason_text *out, const gasp_verdict *verdict, bool has_input);

/** The error at the root of a verdict: of the ancestor that failed, or its own. */
gasp_err gasp_verdict_root(const gasp_verdict *verdict);

/** Whether an error is about one input. */
bool gasp_verdict_names_input(gasp_err err);

#endif
