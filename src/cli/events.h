/** What a connection reports, in plain words on standard error, and kept for the answer. */
#ifndef GASP_CLI_EVENTS_H
#define GASP_CLI_EVENTS_H

#include "cli/cli.h"
#include "gasp/node.h"

/** What one side of a run of connections came to. */
typedef struct gasp_events {
    gasp_cli *cli;
    bool single; /**< there is one connection, whose failure the command itself says */
    bool counts; /**< what is taken is counted in a line of progress, and not told one by one */
    bool dry;    /**< what is taken or not is the result, since it does not happen: told as what would be */
    uint64_t connections;
    uint64_t failed;    /**< connections that ended with an error */
    uint64_t committed; /**< roots */
    uint64_t refused;
    uint64_t aside;
    json_t *list;       /**< of what was not taken */
    json_t *taken;      /**< of what was; NULL: not wanted */
    gasp_result result; /**< of the last round */
    gasp_result peer_result;
    bool accounted;
    uint64_t rounds; /**< of the last connection */
    bool equal;
    gasp_set_summary summary;
    gasp_session_stats stats; /**< of the last connection */
    gasp_err err;             /**< how it ended */
    gasp_err peer_err;
    char text[300]; /**< what was said about that */
} gasp_events;

/** As gasp_node_config.report; ctx is a gasp_events. */
void gasp_events_report(void *ctx, const gasp_report *report);

/** "complete", "complete with refusals", "partial". */
const char *gasp_result_words(gasp_result result);

#endif
