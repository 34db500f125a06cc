/** Changes of a wallet, as lines or as objects: for `log`, and for `serve --log`. */
#ifndef GASP_CLI_LOG_H
#define GASP_CLI_LOG_H

#include "cli/cli.h"

typedef struct gasp_log {
    gasp_cli *cli;
    uint64_t last; /**< number of the last change that was seen */
    uint64_t left; /**< changes that may still be shown */
    bool lines;    /**< with --json: an object a line, at once */
    json_t *list;  /**< with --json and not `lines`: where they go */
} gasp_log;

/** Shows the changes behind log->last, while any are left, and moves it on. */
gasp_err gasp_log_show(gasp_log *log, gasp_wallet *wallet) GASP_MUST_CHECK;

/** Moves log->last to the end. */
gasp_err gasp_log_skip(gasp_log *log, gasp_wallet *wallet) GASP_MUST_CHECK;

#endif
