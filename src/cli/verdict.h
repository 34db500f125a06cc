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

/* -- verdicts.c -------------------------------------------------------------------------------------------------- */

/** The verdicts of one command. */
typedef struct gasp_verdicts {
    gasp_cli *cli;
    json_t *list;      /**< of cli->answer: a row for each */
    const char *file;  /**< whose they are */
    bool proofs;       /**< they are about proofs: the height is told, not the outputs */
    uint64_t count[6]; /**< by fate */
    int code;          /**< the worst exit code so far */
} gasp_verdicts;

/** As gasp_verdict_visit; ctx is a gasp_verdicts. */
gasp_err gasp_verdicts_visit(void *ctx, const gasp_verdict *verdict);

/** How many came to which fate, as a line and as the member `counts`. */
void gasp_verdicts_sum_up(gasp_verdicts *run);

/** What a call to the wallet answered for a file, when it is no GASP_OK: a fault of the file worsens run->code and is no
 *  reason to end; for all else the exit code is answered. */
int gasp_verdicts_fault(gasp_verdicts *run, const gasp_opened *opened, const gasp_input *input, gasp_err err,
                        const gasp_fault *fault, gasp_counted counted);

/** The worse of two exit codes: a file, then an invalid transaction, then one that is set aside. */
void gasp_exit_worsen(int *code, int other);

/** --outputs: all, or numbers with commas between, which are put into *list (free). config->take stays as it is when the
 *  option is not given. */
int gasp_cli_outputs(gasp_cli *cli, gasp_add_config *config, uint32_t **list);

#endif
