/** One connection: a stream joined to a session.
 *
 *  A connection is *opening* until there is a stream, *talking* while its session is not done, and *ending* while its last
 *  words go out and the other side has not ended too, at most GASP_CONNECTION_END_MS. It reports its end and frees itself;
 *  whoever made it holds no pointer to it.
 *
 *  Output is pulled from the session only while the stream has room, since a session makes much of what it says only
 *  then. Input is taken whatever the state of output: two sides that both wait to write would otherwise wait for ever.
 */
#ifndef GASP_NODE_CONNECTION_H
#define GASP_NODE_CONNECTION_H

#include "base/limits.h"
#include "node/inside.h"

enum {
    /** For the last words to go out and the other side to end. It has all it needs by then; a peer that stays longer is
     *  left. */
    GASP_CONNECTION_END_MS = GASP_LIMIT_CONNECTION_END_MS
};

/** How a connection came to be. */
typedef enum gasp_origin {
    GASP_ORIGIN_SYNC = 1,   /**< we reached out: we begin the session */
    GASP_ORIGIN_ACCEPT = 2, /**< it came to a listener */
    GASP_ORIGIN_STDIO = 3   /**< this process was started for it; the run ends with it */
} gasp_origin;

/** Reaches out to address and syncs. Errors: GASP_ERR_NOMEM. */
gasp_err gasp_connection_reach(gasp_node *node, const gasp_address *address,
                               const gasp_sync_config *config) GASP_MUST_CHECK;

/** Serves a stream, which is the connection's from here on, also when it fails.
 *  Errors: GASP_ERR_NOMEM */
gasp_err gasp_connection_serve(gasp_node *node, gasp_stream *stream, gasp_origin origin) GASP_MUST_CHECK;

/** Reports that a peer was turned away for err, and closes its stream. */
void gasp_connection_refuse(gasp_node *node, gasp_stream *stream, gasp_err err);

/** A batch of its session is checked. */
void gasp_connection_resume(gasp_connection *connection, uint64_t ticket);

/** Ends all that are not ending already, with GASP_ERR_NET_STOPPED; with `now`, the ending ones too. */
void gasp_connections_stop(gasp_node *node, bool now);

/** Frees all without a report. */
void gasp_connections_free(gasp_node *node);

/** The wallet changed, by another connection than `by` (NULL: by the host): those that stay have another round. */
void gasp_connections_changed(gasp_node *node, const gasp_connection *by);

/** The one of that number; NULL when it is over. */
gasp_connection *gasp_connection_find(gasp_node *node, uint64_t number);
uint64_t gasp_connection_number(const gasp_connection *connection);

#endif
