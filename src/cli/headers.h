/** Headers for those commands that take or show them. */
#ifndef GASP_CLI_HEADERS_H
#define GASP_CLI_HEADERS_H

#include "cli/cli.h"

/** What became of a run of headers. */
typedef struct gasp_headers_run {
    gasp_headers_report report; /**< of all pieces together */
    gasp_err err;
    gasp_fault fault; /**< in the whole run */
} gasp_headers_run;

/** Gives a run to a wallet, in pieces, with progress. pin: NULL for none. */
void gasp_headers_give(gasp_cli *cli, gasp_wallet *wallet, gasp_headers_run *out, gasp_bytes run, uint32_t height,
                       const gasp_pin *pin);

/** Numbers of a run as members of an object. */
void gasp_headers_report_json(json_t *out, const gasp_headers_report *report);

/** A header that is held as members of an object. */
void gasp_header_info_json(json_t *out, const gasp_header_info *info);

#endif
