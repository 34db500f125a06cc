/** The parts of `list`: what is held, and what was refused. */
#ifndef GASP_CLI_LIST_H
#define GASP_CLI_LIST_H

#include "cli/cli.h"

/** --after and --limit of a listing by outpoints. */
int gasp_list_page(gasp_cli *cli, gasp_outpoint *after, bool *has_after, uint64_t *limit);

/** Tells how the next page is had, when there is more behind the last one listed. */
void gasp_list_more(gasp_cli *cli, bool more, const gasp_outpoint *last);

/** What peers offered and the wallet did not take, from behind *after (NULL: from the start). */
int gasp_list_refused(gasp_cli *cli, const gasp_opened *opened, const gasp_outpoint *after, uint64_t limit);

#endif
